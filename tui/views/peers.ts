import { isCut, isGone, isStale, leaderOf, replicationOf, roleOf } from '../model/select.ts'
import type { Model, PeerState, ShownRole } from '../model/types.ts'
import type { Glyphs, Style } from '../theme/theme.ts'
import { bar } from '../widgets/bar.ts'
import { type Line, span } from '../widgets/line.ts'
import { age, short } from '../widgets/numbers.ts'
import type { Column } from '../widgets/panel.ts'
import { pad, widthOf } from '../widgets/text.ts'
import type { Ui, ViewInput } from './types.ts'

/** Sign, letter and style of each role: never colour alone. */
const roles: Readonly<Record<ShownRole, readonly [keyof Glyphs, string, Style]>> = {
  leader: ['leader', 'L', 'leader'],
  follower: ['follower', 'F', 'ok'],
  'pre-candidate': ['candidate', 'P', 'pending'],
  candidate: ['candidate', 'C', 'pending'],
  learner: ['follower', 'N', 'dim'],
  worker: ['follower', 'W', 'dim'],
  paused: ['paused', 'Z', 'warn'],
  down: ['dead', 'X', 'down'],
  unknown: ['unknown', '?', 'stale'],
}

export function letterOf(role: ShownRole): string {
  return roles[role][1]
}

/** The style of a peer: what it is, or that it is cut off. */
export function styleOf(peer: PeerState, now: number): Style {
  const role = roleOf(peer, now)
  if (!isGone(peer, now) && isCut(peer.report)) return 'cut'
  return roles[role][2]
}

/** `★L`. */
export function signOf(peer: PeerState, now: number, glyphs: Glyphs): string {
  const [sign, letter] = roles[roleOf(peer, now)]
  return `${glyphs[sign]}${letter}`
}

/** The peer that keys act on: the chosen one, else the leader, else the first. */
export function selectedPeer(model: Model, ui: Ui): PeerState | undefined {
  const chosen = model.peers.find(peer => peer.name === ui.selected)
  return chosen ?? leaderOf(model) ?? model.peers[0]
}

/** How far behind the leader's log, in entries; undefined where nobody knows. */
export function lagOf(model: Model, peer: PeerState): number | undefined {
  const leader = leaderOf(model)
  if (!leader?.report || leader.name === peer.name) return leader ? 0 : undefined
  const row = replicationOf(model, peer.name)
  if (!row || isGone(peer, model.now) || peer.report?.role === 'worker') return undefined
  return Math.max(0, leader.report.lastIndex - row.match)
}

const barEntries = 100

/** The table of peers: head and one row each; `extra` columns where there is room. */
export function peerTable(input: ViewInput, width: number): Line[] {
  const { model } = input
  const name = Math.max(4, ...model.peers.map(peer => widthOf(peer.name)))
  const wide = width >= 70
  const columns: Column[] = [
    { title: 'PEER', width: Math.min(name, 16) },
    { title: 'ROLE', width: 4 },
    { title: 'TERM', width: 4, align: 'right' },
    { title: 'COMMIT', width: 8, align: 'right' },
    ...(wide
      ? ([
          { title: 'APPLIED', width: 8, align: 'right' },
          { title: 'MATCH', width: 8, align: 'right' },
        ] as const)
      : []),
    { title: 'LAG', width: 4, align: 'right' },
    { title: 'LOG', width: 0 },
    { title: 'STATE', width: 5 },
    { title: 'HB', width: 6, align: 'right' },
    ...(width >= 60 ? ([{ title: 'RTT', width: 6, align: 'right' }] as const) : []),
  ]
  const used = columns.reduce((sum, column) => sum + column.width + 1, 2)
  const log = Math.max(0, Math.min(24, width - used))
  const sized = columns
    .map(column => (column.title === 'LOG' ? { ...column, width: log } : column))
    .filter(column => column.width > 0)
  const head: Line = [span('  '), ...cells(sized, column => column.title, 'dim')]
  return [head, ...model.peers.map(peer => row(input, peer, sized))]
}

function cells(
  columns: readonly Column[],
  text: (column: Column) => string,
  style: Line[number]['style'],
): Line {
  return columns.map(column => span(`${pad(text(column), column.width, column.align)} `, style))
}

function row(input: ViewInput, peer: PeerState, columns: readonly Column[]): Line {
  const { model, ui, theme } = input
  const values = peerValues(model, peer)
  const stale = isStale(peer, model.now)
  const style = styleOf(peer, model.now)
  const selected = selectedPeer(model, ui)?.name === peer.name
  const lag = lagOf(model, peer)
  const line: Line[number][] = [
    span(selected ? `${theme.glyphs.select} ` : '  ', selected ? 'focus' : 'plain'),
  ]
  for (const column of columns) {
    if (column.title === 'LOG') {
      const share = lag === undefined ? 0 : Math.max(0, 1 - lag / barEntries)
      const blank = lag === undefined || stale
      line.push(
        ...(blank ? [span(' '.repeat(column.width))] : bar(share, column.width, theme, style)),
        span(' '),
      )
      continue
    }
    const text = `${pad(values[column.title] ?? '', column.width, column.align)} `
    const named = column.title === 'PEER' || column.title === 'ROLE' || column.title === 'STATE'
    line.push(span(text, named ? style : stale ? 'stale' : 'plain'))
  }
  return line
}

/** Text of each column. */
function peerValues(model: Model, peer: PeerState): Readonly<Record<string, string>> {
  const { report } = peer
  const role = roleOf(peer, model.now)
  const leading = leaderOf(model)?.name === peer.name
  const seen = replicationOf(model, peer.name)
  const lag = lagOf(model, peer)
  const gone = isGone(peer, model.now)
  const count = (value: number | undefined) => (value === undefined ? '-' : short(value, 8))
  return {
    PEER: peer.name,
    ROLE: `${letterOf(role)}${leading ? '*' : ''}`,
    TERM: report ? short(report.term, 4) : '-',
    COMMIT: count(report?.commit),
    APPLIED: count(report?.applied),
    MATCH: leading ? count(report?.lastIndex) : count(gone ? undefined : seen?.match),
    LAG: lag === undefined ? '-' : short(lag, 4),
    STATE: stateOf(model, peer),
    HB: gone || !peer.reachable ? silence(model, peer) : seen ? age(seen.lastHeardMs) : '-',
    RTT: gone || !seen ? '-' : age(seen.rttMs),
  }
}

function silence(model: Model, peer: PeerState): string {
  return peer.reportAt === 0 ? '-' : age(model.now - peer.reportAt)
}

function stateOf(model: Model, peer: PeerState): string {
  const role = roleOf(peer, model.now)
  if (role === 'down') return 'DOWN'
  if (role === 'paused') return 'PAUSE'
  if (role === 'unknown') return '?'
  if (isCut(peer.report)) return 'CUT'
  if (!peer.reachable) return '?'
  if (leaderOf(model)?.name === peer.name) return 'self'
  const state = replicationOf(model, peer.name)?.state
  return state === 'replicate' ? 'repl' : state === 'snapshot' ? 'snap' : (state ?? '-')
}
