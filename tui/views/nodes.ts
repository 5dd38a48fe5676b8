import { leaderOf, podCounts } from '../model/select.ts'
import type { Model, NodeState, PodHealth, PodState } from '../model/types.ts'
import type { Glyphs, Style, Theme } from '../theme/theme.ts'
import { type Line, lineWidth, pad, span, widthOf } from '../widgets/line.ts'
import { panel } from '../widgets/panel.ts'
import type { View, ViewInput } from './types.ts'

/** Order, sign and style of pods in a node's row. */
const healths: readonly (readonly [PodHealth, keyof Glyphs, Style])[] = [
  ['running', 'running', 'ok'],
  ['failing', 'failing', 'down'],
  ['pending', 'pending', 'pending'],
  ['lost', 'lost', 'stale'],
  ['done', 'done', 'dim'],
]

/** Panel 4: every pod is one cell of its node's row. */
export const nodesView: View = input => {
  const { model, ui, theme, width, height } = input
  const moving = model.pods.filter(pod => pod.health === 'pending').length
  const note = moving > 0 ? `${moving} pods starting` : undefined
  const options = { title: '4 NODES / PODS', note, width, height, theme, focused: ui.focus === 4 }
  const rows = height - 2
  const last = legend(model, theme)
  if (model.nodes.length === 0) return panel(options, [[span(' no nodes seen yet', 'dim')], last])
  const cells = width >= 60 && model.nodes.length <= rows - 1
  if (!cells) return panel(options, [...packed(input, width - 2, rows - 1), last])
  const waiting = unassigned(model)
  const lines = model.nodes.map(node => nodeRow(input, node, width - 2))
  const extra: Line[] = waiting.length > 0 ? [unassignedRow(waiting, theme)] : []
  const list = ui.zoomed ? podList(model, rows - lines.length - 2) : []
  return panel(options, [...lines, ...extra, ...list].slice(0, rows - 1).concat([last]))
}

function nodeRow({ model, theme }: ViewInput, node: NodeState, width: number): Line {
  const pods = podsOf(model, node.name)
  const live = pods.filter(pod => pod.health !== 'done')
  const sum = (pick: (pod: PodState) => number) => live.reduce((all, pod) => all + pick(pod), 0)
  const share = (used: number, of: number) =>
    of === 0 ? '  - ' : `${String(Math.round((used / of) * 100)).padStart(3)}%`
  const leads = leaderOf(model)?.name === node.name ? '*' : ' '
  const ready = node.ready ? (node.cordoned ? 'Cordon' : 'Ready') : 'NotReady'
  const requests =
    width >= 66
      ? `  cpu ${share(
          sum(pod => pod.cpuMilli),
          node.cpuMilli,
        )}` +
        `  mem ${share(
          sum(pod => pod.memoryBytes),
          node.memoryBytes,
        )} `
      : ' '
  const count = `${live.length}/${node.podsMax}`
  const tail = `${pad(count, 8, 'right')}${requests}`
  const name = Math.min(16, Math.max(4, ...model.nodes.map(known => widthOf(known.name))))
  const head: Line = [
    span(` ${pad(node.name, name)} `),
    span(pad(ready, 8), node.ready ? (node.cordoned ? 'warn' : 'ok') : 'down'),
    span(` ${leads} `, 'leader'),
  ]
  const room = width - lineWidth(head) - widthOf(tail)
  return [...head, ...podCells(pods, room, theme), span(tail)]
}

/** Exactly `room` cells. */
function podCells(pods: readonly PodState[], room: number, theme: Theme): Line {
  const line: Line[number][] = []
  let left = Math.max(0, room)
  for (const [health, glyph, style] of healths) {
    const count = pods.filter(pod => pod.health === health).length
    const shown = Math.min(count, left)
    if (shown > 0) line.push(span((theme.glyphs[glyph] as string).repeat(shown), style))
    left -= shown
  }
  return [...line, span(' '.repeat(left))]
}

/** Several nodes in a row, for a narrow or crowded panel. */
function packed({ model, theme }: ViewInput, width: number, rows: number): Line[] {
  const columns = width >= 56 ? 2 : 1
  const each = Math.floor(width / columns)
  const lines: Line[] = []
  for (let at = 0; at < model.nodes.length && lines.length < rows; at += columns) {
    const line = model.nodes.slice(at, at + columns).flatMap((node): Line => {
      const state = node.ready ? 'ok' : 'down'
      const tail = node.ready ? '' : 'NotReady '
      const room = each - 2 - widthOf(node.name) - widthOf(tail)
      const cells = podCells(podsOf(model, node.name), room, theme)
      return [span(` ${node.name} `, state), ...cells, span(tail, 'down')]
    })
    lines.push(line)
  }
  const hidden = model.nodes.length - rows * columns
  if (hidden > 0) lines[rows - 1] = [span(` + ${hidden + columns} more nodes`, 'dim')]
  return lines
}

function unassigned(model: Model): readonly PodState[] {
  return model.pods.filter(pod => !model.nodes.some(node => node.name === pod.node))
}

function unassignedRow(pods: readonly PodState[], theme: Theme): Line {
  return [span(' no node   '), ...podCells(pods, Math.min(40, pods.length), theme)]
}

function podsOf(model: Model, node: string): readonly PodState[] {
  return model.pods.filter(pod => pod.node === node)
}

function podList(model: Model, rows: number): Line[] {
  const listed = model.pods
    .slice(0, Math.max(0, rows - 1))
    .map(
      (pod): Line => [
        span(` ${pad(`${pod.namespace}/${pod.name}`, 48)} `),
        span(pad(pod.health, 9), healths.find(([health]) => health === pod.health)?.[2] ?? 'plain'),
        span(pod.node || '-'),
      ],
    )
  return [[], ...listed]
}

function legend(model: Model, theme: Theme): Line {
  const { running, pending, failing, lost } = theme.glyphs
  const { total, running: up } = podCounts(model)
  const ready = model.nodes.filter(node => node.ready).length
  return [
    span(` ${running} run ${pending} start ${failing} fail ${lost} lost  `, 'dim'),
    span(`${model.nodes.length} nodes ${ready} ready  ${total} pods ${up} running`),
  ]
}
