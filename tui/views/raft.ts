import { isCut, leaderOf, quorumOf, roleOf, termOf } from '../model/select.ts'
import { stateOf } from '../model/state.ts'
import type { PeerState } from '../model/types.ts'
import type { Style } from '../theme/theme.ts'
import { type Line, span } from '../widgets/line.ts'
import { age, grouped, short } from '../widgets/numbers.ts'
import { panel } from '../widgets/panel.ts'
import { pad, widthOf } from '../widgets/text.ts'
import { styleOfState } from './header.ts'
import { peerTable, selectedPeer, signOf, styleOf } from './peers.ts'
import type { View, ViewInput } from './types.ts'

interface Cell {
  text: string
  style: Style
}

/** Panel 1: the ring of peers; on a narrow screen, or without room for it, the table. */
export const raftView: View = input => {
  const { model, ui, theme, width, height } = input
  const options = {
    title: '1 RAFT',
    note: ui.zoomed ? 'esc: back' : width >= 38 ? 'enter: peer detail' : undefined,
    width,
    height,
    theme,
    focused: ui.focus === 1,
    // The shade changes with the term, so that a new term is seen at a glance.
    edge: termOf(model) % 2 === 0 ? ('edge' as const) : ('edgeOdd' as const),
  }
  if (ui.zoomed) return panel(options, detail(input))
  return panel(options, ring(input, width - 2, height - 2))
}

/** The peers of the table, framed as panel 1 of the narrow screen. */
export const peersView: View = input => {
  const { ui, theme, width, height } = input
  const note = 'tab: next panel'
  const options = { title: '1 RAFT', note, width, height, theme, focused: ui.focus <= 2 }
  return panel(options, peerTable(input, width - 2))
}

function ring(input: ViewInput, width: number, height: number): Line[] {
  const { model, theme } = input
  const grid: Cell[][] = Array.from({ length: height }, () =>
    Array.from({ length: width }, () => ({ text: ' ', style: 'plain' as Style })),
  )
  const write = (x: number, y: number, text: string, style: Style) => {
    let column = x
    for (const character of text) {
      const cell = grid[y]?.[column++]
      if (cell) Object.assign(cell, { text: character, style })
    }
  }
  const label = (peer: PeerState) => `${signOf(peer, model.now, theme.glyphs)} ${peer.name}`
  const widest = Math.max(0, ...model.peers.map(peer => widthOf(label(peer))))
  const middle = { x: (width - 1) / 2, y: (height - 1) / 2 }
  const radius = { x: Math.max(4, (width - widest) / 2 - 1), y: Math.max(1, (height - 1) / 2) }
  const at = (turn: number) => {
    const angle = turn * 2 * Math.PI - Math.PI / 2
    return {
      x: Math.round(middle.x + radius.x * Math.cos(angle)),
      y: Math.round(middle.y + radius.y * Math.sin(angle)),
    }
  }
  const count = Math.max(1, model.peers.length)
  const steps = 12 * count
  for (let step = 0; step < steps; step++) {
    const nearest = model.peers[Math.round((step / steps) * count) % count]
    const cutOff = nearest !== undefined && isCut(nearest.report)
    const { x, y } = at(step / steps)
    write(x, y, cutOff ? theme.glyphs.ringCut : theme.glyphs.ring, cutOff ? 'cut' : 'dim')
  }
  const chosen = selectedPeer(model, input.ui)?.name
  for (const [index, peer] of model.peers.entries()) {
    const text = `${peer.name === chosen ? theme.glyphs.select : ' '}${label(peer)} `
    const { x, y } = at(index / count)
    const left = Math.max(0, Math.min(width - widthOf(text), x - Math.floor(widthOf(text) / 2)))
    write(left, y, text, styleOf(peer, model.now))
  }
  centre(input, width, height, write)
  return grid.map(row => row.map(({ text, style }) => span(text, style))).map(joined)
}

function centre(
  { model }: ViewInput,
  width: number,
  height: number,
  write: (x: number, y: number, text: string, style: Style) => void,
): void {
  const { have, need, voters } = quorumOf(model)
  const { word } = stateOf(model)
  const texts: [string, Style][] = [
    [`term ${short(termOf(model), 9)}`, leaderOf(model) ? 'strong' : 'stale'],
    [word, styleOfState(word)],
    voters === 0 ? ['no master has told', 'dim'] : [`have ${have} need ${need}`, 'plain'],
  ]
  const top = Math.floor((height - texts.length) / 2)
  for (const [row, [text, style]] of texts.entries()) {
    write(Math.floor((width - widthOf(text)) / 2), top + row, text, style)
  }
}

/** Neighbours of one style become one span. */
function joined(line: Line): Line {
  const result: { text: string; style: Style }[] = []
  for (const { text, style } of line) {
    const last = result.at(-1)
    if (last && last.style === style) last.text += text
    else result.push({ text, style })
  }
  return result
}

/** Everything that the selected peer says of itself. */
function detail(input: ViewInput): Line[] {
  const { model, ui, theme } = input
  const peer = selectedPeer(model, ui)
  if (!peer) return [[span('no peers')]]
  const { report } = peer
  const table = peerTable(input, input.width - 2)
  if (!report) return [...table, [], [span(`${peer.name} has not answered yet`, 'dim')]]
  const role = roleOf(peer, model.now)
  const row = (name: string, value: string): Line => [span(` ${pad(name, 16)}`, 'dim'), span(value)]
  const { counters } = report
  return [
    ...table,
    [],
    [span(` ${signOf(peer, model.now, theme.glyphs)} ${peer.name}`, styleOf(peer, model.now))],
    row('role', `${role}   vote ${report.vote ?? '-'}   leader ${report.leader ?? '-'}`),
    row('identity', `${report.id}   pid ${report.pid}   since ${report.startedAt}`),
    row('log', `${report.firstIndex} .. ${report.lastIndex}   commit ${report.commit}`),
    row('applied', `${report.applied}   revision ${report.revision}`),
    row(
      'fsync',
      `p50 ${report.fsyncMs.p50.toFixed(1)} ms  p99 ${report.fsyncMs.p99.toFixed(1)} ms`,
    ),
    row(
      'commit',
      `p50 ${report.commitMs.p50.toFixed(1)} ms  p99 ${report.commitMs.p99.toFixed(1)} ms`,
    ),
    row(
      'counters',
      Object.entries(counters)
        .map(([k, v]) => `${k} ${grouped(v)}`)
        .join('  '),
    ),
    row('serves', `api ${report.api}  etcd ${report.etcd}  mesh ${report.mesh}`),
    row('ready', report.ready ? 'yes' : 'no'),
    row('faults', report.faults.join(', ') || 'none'),
    row('heard', `${age(model.now - peer.reportAt)} ago`),
  ]
}
