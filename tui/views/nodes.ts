import { addTallies, healthOrder, noPods } from '../model/pods.ts'
import { leaderOf, objectsAgeMs } from '../model/select.ts'
import type { Model, NodeState, PodHealth, PodTally } from '../model/types.ts'
import type { Glyphs, Style, Theme } from '../theme/theme.ts'
import { faded, type Line, lineWidth, span } from '../widgets/line.ts'
import { age, short } from '../widgets/numbers.ts'
import { panel } from '../widgets/panel.ts'
import { pad, widthOf } from '../widgets/text.ts'
import type { View, ViewInput } from './types.ts'

/** Order, sign and style of pods in a node's row. */
const healths: readonly (readonly [PodHealth, keyof Glyphs, Style])[] = [
  ['running', 'running', 'ok'],
  ['failing', 'failing', 'down'],
  ['pending', 'pending', 'pending'],
  ['lost', 'lost', 'stale'],
  ['done', 'done', 'dim'],
]
const stylesOfHealth = new Map(healths.map(([health, , style]) => [health, style]))

/** Panel 4: every pod is one cell of its node's row; what is old is grey, and carries its age. */
export const nodesView: View = input => {
  const { model, ui, theme, width, height } = input
  const old = objectsAgeMs(model)
  const never = model.api.okAt === 0 && model.nodes.length === 0
  const moving = model.pods.all.health.pending
  const starting = moving > 0 ? `${short(moving, 6)} pods starting` : undefined
  const rows = height - 2
  const all = ui.zoomed ? zoomedRows(input, rows - 1) : undefined
  const note = old === undefined || never ? (all?.note ?? starting) : `as of ${age(old)} ago`
  const options = { title: '4 NODES / PODS', note, width, height, theme, focused: ui.focus === 4 }
  const last = legend(model, theme)
  if (model.nodes.length === 0) return panel(options, [[span(' no nodes seen yet', 'dim')], last])
  const lines = all?.lines ?? fittingRows(input, rows - 1)
  const shown = [...lines, last]
  return panel(options, old === undefined ? shown : shown.map(line => faded(line)))
}

/** The nodes' rows where they short, else several nodes in a row, those in trouble first. */
function fittingRows(input: ViewInput, rows: number): Line[] {
  const { model, theme, width } = input
  if (width < 60 || model.nodes.length > rows) return packed(input, width - 2, rows)
  const lines = model.nodes.map(node => nodeRow(input, node, width - 2))
  const waiting = unassigned(model)
  if (waiting.total > 0) lines.push(unassignedRow(waiting, theme, width - 2))
  return lines.slice(0, rows)
}

/** Nodes, then pods, those in trouble first: a list that scrolls. Only what is seen is drawn. */
function zoomedRows(
  input: ViewInput,
  rows: number,
): { readonly lines: Line[]; readonly note: string } {
  const { model, ui, theme, width } = input
  const { nodes, pods } = model
  const heads = nodes.length + 2
  const total = heads + pods.list.length
  const from = Math.max(0, Math.min(ui.scroll, total - rows))
  const to = Math.min(total, from + rows)
  const lines = Array.from({ length: to - from }, (_, index): Line => {
    const row = from + index
    const node = nodes[row]
    if (node) return nodeRow(input, node, width - 2)
    if (row === nodes.length) return unassignedRow(unassigned(model), theme, width - 2)
    return row < heads ? [] : podRow(model, row - heads)
  })
  const shown = `${from + 1}-${to} of ${total}`
  return { lines, note: total > rows ? `${shown}, j k scroll  esc: back` : 'esc: back' }
}

function podRow({ pods }: Model, row: number): Line {
  const pod = pods.list[row]
  if (!pod) return []
  return [
    span(` ${pad(`${pod.namespace}/${pod.name}`, 48)} `),
    span(pad(pod.health, 9), stylesOfHealth.get(pod.health)),
    span(pod.node || '-'),
  ]
}

function nodeRow({ model, theme }: ViewInput, node: NodeState, width: number): Line {
  const pods = podsOf(model, node.name)
  const share = (used: number, of: number) =>
    of === 0 ? '  - ' : `${short((used / of) * 100, 3).padStart(3)}%`
  const leads = leaderOf(model)?.name === node.name ? '*' : ' '
  const ready = node.ready ? (node.cordoned ? 'Cordon' : 'Ready') : 'NotReady'
  const cpu = share(pods.cpuMilli, node.cpuMilli)
  const memory = share(pods.memoryBytes, node.memoryBytes)
  const requests = width >= 66 ? `  cpu ${cpu}  mem ${memory} ` : ' '
  const count = `${short(pods.live, 4)}/${short(node.podsMax, 4)}`
  const tail = `${pad(count, 9, 'right')}${requests}`
  const name = Math.min(16, Math.max(4, ...model.nodes.map(known => widthOf(known.name))))
  const head: Line = [
    span(` ${pad(node.name, name)} `),
    span(pad(ready, 8), node.ready ? (node.cordoned ? 'warn' : 'ok') : 'down'),
    span(` ${leads} `, 'leader'),
  ]
  const room = width - lineWidth(head) - widthOf(tail)
  return [...head, ...podCells(pods, room, theme), span(tail)]
}

/** Exactly `room` cells, one a pod; more than that are told as numbers. */
function podCells(pods: PodTally, room: number, theme: Theme): Line {
  const cells = Math.max(0, room)
  const line: Line[number][] = []
  if (pods.total <= cells) {
    for (const [health, glyph, style] of healths) {
      const count = pods.health[health]
      if (count > 0) line.push(span((theme.glyphs[glyph] as string).repeat(count), style))
    }
    return [...line, span(' '.repeat(cells - pods.total))]
  }
  let left = cells
  for (const health of ['running', ...healthOrder.filter(each => each !== 'running')] as const) {
    const count = pods.health[health]
    const [, glyph, style] = healths.find(([each]) => each === health) ?? healths[0]!
    const text = `${theme.glyphs[glyph] as string}${short(count, 4)} `
    if (count === 0 || widthOf(text) > left) continue
    line.push(span(text, style))
    left -= widthOf(text)
  }
  return [...line, span(' '.repeat(left))]
}

/** Several nodes in a row, for a narrow or crowded panel: those that are not Ready first. */
function packed({ model, theme }: ViewInput, width: number, rows: number): Line[] {
  const columns = width >= 56 ? 2 : 1
  const each = Math.floor(width / columns)
  const inOrder = [...model.nodes].sort((a, b) => Number(a.ready) - Number(b.ready))
  const isAll = inOrder.length <= rows * columns
  const shown = inOrder.slice(0, isAll ? inOrder.length : Math.max(0, rows - 1) * columns)
  const lines: Line[] = []
  for (let at = 0; at < shown.length; at += columns) {
    const line = shown.slice(at, at + columns).flatMap((node): Line => {
      const state = node.ready ? 'ok' : 'down'
      const tail = node.ready ? '' : 'NotReady '
      const room = each - 2 - widthOf(node.name) - widthOf(tail)
      const cells = podCells(podsOf(model, node.name), room, theme)
      return [span(` ${node.name} `, state), ...cells, span(tail, 'down')]
    })
    lines.push(line)
  }
  if (!isAll && rows > 0) lines.push(hiddenRow(model, inOrder.slice(shown.length), theme, width))
  return lines
}

function hiddenRow(model: Model, nodes: readonly NodeState[], theme: Theme, width: number): Line {
  const ready = nodes.filter(node => node.ready).length
  const head = span(` + ${short(nodes.length, 5)} nodes, ${short(ready, 5)} ready  `, 'dim')
  const pods = addTallies(nodes.map(node => podsOf(model, node.name)))
  return [head, ...podCells(pods, width - lineWidth([head]), theme)]
}

/** Pods without a node, or with one that is not there. */
function unassigned({ pods, nodes }: Model): PodTally {
  const known = new Set(nodes.map(({ name }) => name))
  return addTallies([...pods.byNode].filter(([name]) => !known.has(name)).map(([, each]) => each))
}

function unassignedRow(pods: PodTally, theme: Theme, width: number): Line {
  return pods.total === 0 ? [] : [span(' no node   '), ...podCells(pods, width - 11, theme)]
}

function podsOf(model: Model, node: string): PodTally {
  return model.pods.byNode.get(node) ?? noPods
}

function legend(model: Model, theme: Theme): Line {
  const { running, pending, failing, lost } = theme.glyphs
  const { total, health } = model.pods.all
  const ready = model.nodes.filter(node => node.ready).length
  return [
    span(` ${running} run ${pending} start ${failing} fail ${lost} lost  `, 'dim'),
    span(`${model.nodes.length} nodes ${ready} ready  ${total} pods ${health.running} running`),
  ]
}
