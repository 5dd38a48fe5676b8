import { leaderOf, quorumOf, termOf } from '../model/select.ts'
import { stateOf } from '../model/state.ts'
import type { Model } from '../model/types.ts'
import { type Line, lineWidth, span, spread } from '../widgets/line.ts'
import { clock, grouped } from '../widgets/numbers.ts'
import { letterOf } from './peers.ts'
import type { ViewInput } from './types.ts'

/** Evidence that is older carries its age. */
const oldMs = 2_000

/** The top line: what must be seen from the back of the room. */
export function header({ model, ui, theme, width }: ViewInput): Line {
  const quorum = quorumOf(model)
  const leader = leaderOf(model)
  const { word, ageMs } = stateOf(model)
  const isWell = word === 'WRITABLE'
  const sign = isWell ? theme.glyphs.follower : theme.glyphs.dead
  const age = ageMs !== undefined && ageMs > oldMs ? ` (${Math.round(ageMs / 1_000)} s ago)` : ''
  const state = `${sign} ${word}${age} ${quorum.have}/${quorum.voters}`
  const gap = width >= 100 ? '   ' : '  '
  const parts: Line[] = [
    [span(` ${model.cluster}`, 'title')],
    [span(state, isWell ? 'ok' : word === 'CONNECTING' ? 'dim' : 'down')],
    [span(`term ${termOf(model)}`, 'strong')],
    [span('leader '), span(leader?.name ?? '-', leader ? 'leader' : 'down')],
    [span(`commit ${grouped(leader?.report?.commit ?? commitOf(model))}`)],
  ]
  if (width >= 100) {
    const api = `api :${model.server.split(':').at(-1) ?? ''}`
    parts.push(
      [span(`rev ${grouped(leader?.report?.revision ?? 0)}`)],
      [span(`${api} ${model.apiOk ? 'ok' : 'no answer'}`, model.apiOk ? 'plain' : 'down')],
    )
  } else {
    const ms = model.failover?.outage?.gapMs
    if (ms !== undefined) parts.push([span(`GAP ${grouped(ms)} ms`, 'strong')])
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

/** All in one line, for a very small terminal: `peer-3 L t8 c14233 4/5`. */
export function oneLine({ model, width }: ViewInput): Line {
  const quorum = quorumOf(model)
  const leader = leaderOf(model)
  const text = [
    leader?.name ?? 'no leader',
    leader ? letterOf('leader') : '-',
    `t${termOf(model)}`,
    `c${leader?.report?.commit ?? commitOf(model)}`,
    `${quorum.have}/${quorum.voters}`,
  ].join(' ')
  const ms = model.failover?.outage?.gapMs
  const verdict = model.probe.verdict
  const tail = [
    ms === undefined ? '' : ` ${grouped(ms)}ms`,
    verdict ? ` lost ${verdict.lost}` : '',
  ].join('')
  return spread([span(text, quorum.ok ? 'ok' : 'down'), span(tail)], [], width)
}

function commitOf(model: Model): number {
  return Math.max(0, ...model.peers.map(peer => peer.report?.commit ?? 0))
}
