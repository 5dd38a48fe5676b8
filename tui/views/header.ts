import type { PeerReport } from '../../src/admin/types.ts'
import { leaderOf, objectsAgeMs, quorumOf, termOf } from '../model/select.ts'
import { type StateWord, stateOf } from '../model/state.ts'
import type { Model } from '../model/types.ts'
import type { Style } from '../theme/theme.ts'
import { type Line, lineWidth, span, spread } from '../widgets/line.ts'
import { age, clock, duration, short } from '../widgets/numbers.ts'
import { letterOf } from './peers.ts'
import type { ViewInput } from './types.ts'

/** Evidence that is older carries its age. */
const oldMs = 2_000

/** The top line: what must be seen from the back of the room. */
export function header(input: ViewInput): Line {
  const { model, ui, width } = input
  const leader = leaderOf(model)
  const gap = width >= 100 ? '   ' : '  '
  const told = leader ? 'plain' : 'stale'
  const parts: Line[] = [
    [span(` ${model.cluster}`, 'title')],
    [stateSpan(input)],
    [span(`term ${termOf(model) || '-'}`, leader ? 'strong' : 'stale')],
    [span('leader '), span(leader?.name ?? '-', leader ? 'leader' : 'down')],
    [span(`commit ${known(commitOf(model))}`, told)],
  ]
  if (width >= 100) {
    const revision = leader?.report?.revision ?? newest(model, report => report.revision)
    parts.push([apiSpan(model)], [span(`rev ${known(revision)}`, told)])
  } else {
    const ms = model.failover?.outage?.gapMs
    if (ms !== undefined) parts.push([span(`GAP ${duration(ms)}`, 'strong')])
  }
  const live = ui.frozen ? span('PAUSED', 'alert') : span('LIVE', 'dim')
  const time = clock(model.now)
  const right: Line = width >= 100 ? [live, span(`   ${time} `)] : [live, span(` ${time} `)]
  const left: Line[number][] = []
  for (const part of parts) {
    const next = left.length === 0 ? part : [span(gap), ...part]
    if (lineWidth(left) + lineWidth(next) + lineWidth(right) > width) break
    left.push(...next)
  }
  return spread(left, right, width)
}

/** `WRITABLE 4/5`; without evidence no count, and old evidence with its age. */
function stateSpan({ model, theme }: ViewInput): Line[number] {
  const { word, ageMs } = stateOf(model)
  const isWell = word === 'WRITABLE'
  const sign = theme.glyphs[isWell ? 'follower' : word === 'CONNECTING' ? 'unknown' : 'dead']
  const old = ageMs !== undefined && ageMs > oldMs ? ` (${age(ageMs)} ago)` : ''
  return span(`${sign} ${word}${old} ${countOf(model)}`, styleOfState(word))
}

/** Of the state's word, here and in the ring. */
export function styleOfState(word: StateWord): Style {
  return word === 'WRITABLE' ? 'ok' : word === 'CONNECTING' ? 'dim' : 'down'
}

/** Voters that count, of all of them. */
function countOf(model: Model): string {
  const { word } = stateOf(model)
  const { have, voters } = quorumOf(model)
  if (voters === 0) return '-/-'
  return `${word === 'UNKNOWN' && have === 0 ? '?' : have}/${voters}`
}

/** Whether the API answers reads that need a quorum; before the first answer nothing is known. */
function apiSpan(model: Model): Line[number] {
  const { ok, at, okAt } = model.api
  const name = `api :${model.server.split(':').at(-1) ?? ''}`
  if (at === 0) return span(`${name} -`, 'dim')
  if (ok && objectsAgeMs(model) === undefined) return span(`${name} ok`)
  if (okAt === 0) return span(`${name} no answer`, 'down')
  if (ok && model.now - at <= oldMs) return span(`${name} ok`)
  return span(`${name} silent ${age(model.now - okAt)}`, 'down')
}

/** All in one line, for a very small terminal: `peer-3 L t8 c14233 4/5 WRITABLE`. */
export function oneLine({ model, width }: ViewInput): Line {
  const leader = leaderOf(model)
  const { word, ageMs } = stateOf(model)
  const old = ageMs !== undefined && ageMs > oldMs ? ` ${age(ageMs)} ago` : ''
  const text = [
    leader?.name ?? 'no leader',
    leader ? letterOf('leader') : '-',
    `t${termOf(model)}`,
    `c${short(commitOf(model), 9)}`,
    countOf(model),
    `${word}${old}`,
  ].join(' ')
  const ms = model.failover?.outage?.gapMs
  const verdict = model.probe.verdict
  const tail = [
    ms === undefined ? '' : ` ${duration(ms)}`,
    verdict ? ` lost ${verdict.lost}` : '',
  ].join('')
  return spread([span(text, styleOfState(word)), span(tail)], [], width)
}

function known(value: number): string {
  return value === 0 ? '-' : short(value, 13)
}

/** The leader's, else the furthest that anybody has told. */
function commitOf(model: Model): number {
  return leaderOf(model)?.report?.commit ?? newest(model, report => report.commit)
}

function newest(model: Model, pick: (report: PeerReport) => number): number {
  return Math.max(0, ...model.peers.map(({ report }) => (report ? pick(report) : 0)))
}
