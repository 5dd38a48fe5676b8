import { isFresh, leaderOf, quorumOf } from './select.ts'
import type { Model } from './types.ts'

/** One word for the cluster, from evidence; never more than what is known. */
export type StateWord =
  | 'CONNECTING'
  | 'WRITABLE'
  | 'ELECTING'
  | 'READ-ONLY'
  | 'NO QUORUM'
  | 'UNKNOWN'

export interface ClusterState {
  readonly word: StateWord
  /** What it is concluded from, for people. */
  readonly because: string
  /** Age of the newest evidence, milliseconds; undefined: there never was any. */
  readonly ageMs: number | undefined
}

/** Nobody has answered yet: for so long that may be a beginning. */
const beginningMs = 5_000
/** A write that was acknowledged so recently is evidence. */
const writeMs = 1_000

/** The first row that holds; from strong evidence to none. */
export function stateOf(model: Model): ClusterState {
  const fresh = model.peers.filter(peer => isFresh(peer, model.now))
  const masters = fresh.filter(({ report }) => report?.role !== 'worker')
  const heard = Math.max(0, ...model.peers.map(({ reportAt }) => reportAt))
  const ageMs = heard === 0 ? undefined : Math.max(0, model.now - heard)
  const state = (word: StateWord, because: string): ClusterState => ({ word, because, ageMs })
  if (masters.length === 0) {
    const isBeginning = heard === 0 && model.now - model.startedAt < beginningMs
    return isBeginning
      ? state('CONNECTING', 'no peer has answered yet')
      : state('UNKNOWN', heard === 0 ? 'no peer has ever answered' : 'no peer answers')
  }
  const quorum = quorumOf(model)
  const alarms = [...new Set(masters.flatMap(({ report }) => report?.alarms ?? []))]
  const isWritten = sinceWriteMs(model) <= writeMs
  if (quorum.ok) {
    if (alarms.length > 0) return state('READ-ONLY', `alarm ${alarms.join(', ')}`)
    if (model.probe.state !== 'running' || isWritten) {
      return state('WRITABLE', `${leaderOf(model)?.name} leads ${quorum.have} of ${quorum.voters}`)
    }
    return state('READ-ONLY', `no write for ${Math.round(sinceWriteMs(model) / 1_000)} s`)
  }
  if (isWritten && alarms.length === 0 && model.probe.state === 'running') {
    return state('WRITABLE', 'writes are acknowledged')
  }
  const answer = `${masters.length} of ${quorum.voters} answer`
  if (quorum.possible) return state('ELECTING', answer)
  // That they know no leader is their own word; that others are gone would only be ours.
  if (masters.every(({ report }) => report?.leader === null)) return state('NO QUORUM', answer)
  return state('UNKNOWN', answer)
}

/** Time since the last acknowledged write, by now. */
function sinceWriteMs({ probe, now }: Model): number {
  return probe.sinceWriteMs + Math.max(0, now - probe.at)
}
