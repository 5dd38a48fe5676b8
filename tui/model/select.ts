import type { PeerReport, ReplicationReport } from '../../src/admin/types.ts'
import { median } from '../../src/kernel/statistics.ts'
import {
  type CauseKind,
  causeKinds,
  type Failover,
  type Mark,
  type Model,
  type PeerState,
  type ShownRole,
} from './types.ts'

/** What a peer said this long ago is not taken for what is. */
const silentMs = 1_500
/** The API is asked once a second; a watch hears of a node's lease at least so often. */
const apiSilentMs = 3_500
const watchSilentMs = 15_000

/** What a peer is now: the supervisor's word, then its silence, then its own. */
export function roleOf(peer: PeerState, now: number): ShownRole {
  if (peer.process === 'down' || peer.process === 'paused') return peer.process
  if (!peer.report) return 'unknown'
  if (!peer.reachable && now - peer.reportAt > silentMs) return 'unknown'
  return peer.report.role
}

const goneRoles: ReadonlySet<ShownRole> = new Set(['down', 'paused', 'unknown'])

/** Whether nothing can be expected of it now. */
export function isGone(peer: PeerState, now: number): boolean {
  return goneRoles.has(roleOf(peer, now))
}

/** Whether its values are those of the past. */
export function isStale(peer: PeerState, now: number): boolean {
  return isGone(peer, now) || !peer.reachable
}

/** Whether what it says is of now: one answer that is missed, or late, does not make it old. */
export function isFresh(peer: PeerState, now: number): boolean {
  const isHere = peer.process !== 'down' && peer.process !== 'paused'
  return peer.report !== undefined && isHere && now - peer.reportAt <= silentMs
}

/** The peer that most recently said it leads: the highest term counts. */
export function leaderOf(model: Model): PeerState | undefined {
  return model.peers
    .filter(peer => roleOf(peer, model.now) === 'leader')
    .sort((a, b) => (b.report?.term ?? 0) - (a.report?.term ?? 0))[0]
}

/** Highest term that anybody has told of. */
export function termOf(model: Model): number {
  return Math.max(0, ...model.peers.map(peer => peer.report?.term ?? 0))
}

export interface Quorum {
  readonly ok: boolean
  /** Voters that follow the leader, with itself; without a leader, those that answer. */
  readonly have: number
  readonly need: number
  /** By the word of a master; 0: none has told. */
  readonly voters: number
  /** Enough voters answer for there to be one, whether or not there is. */
  readonly possible: boolean
}

/** Masters as far as they have said so: a peer that has told nothing is not counted as a voter. */
function mastersOf(model: Model): readonly PeerState[] {
  return model.peers.filter(({ report }) => report !== undefined && report.role !== 'worker')
}

/** IDs of the voters, by the leader's word or that of the highest term and the newest answer. */
function votersOf(model: Model): readonly string[] {
  const [newest] = [...mastersOf(model)].sort(
    (a, b) => (b.report?.term ?? 0) - (a.report?.term ?? 0) || b.reportAt - a.reportAt,
  )
  return (leaderOf(model) ?? newest)?.report?.voters ?? []
}

/** Whether this peer votes, as far as is known. */
export function isVoter(model: Model, peer: PeerState): boolean {
  return peer.report !== undefined && votersOf(model).includes(peer.report.id)
}

/** Whether it is one of those that follow the leader now, or the leader; see `Quorum.have`. */
export function isCounted(model: Model, peer: PeerState): boolean {
  const leader = leaderOf(model)?.report
  if (!peer.report || peer.report.role === 'worker' || isGone(peer, model.now)) return false
  const isElsewhere = leader !== undefined && leader.voters.length === 0
  if (!isElsewhere && !isVoter(model, peer)) return false
  if (!leader || peer.report === leader) return true
  return peer.report.term === leader.term && peer.report.leader === leader.name
}

/**
 * A majority of the voters follows one leader: the rule of `quorate status`, and here one that is
 * cut off and knows no leader does not count.
 */
export function quorumOf(model: Model): Quorum {
  const leader = leaderOf(model)
  const voters = votersOf(model)
  // A leader without voters has its majority in an external etcd.
  const isElsewhere = leader !== undefined && voters.length === 0
  const masters = mastersOf(model)
  const total = isElsewhere ? masters.length : voters.length
  const have = masters.filter(peer => isCounted(model, peer)).length
  const need = isElsewhere ? 1 : Math.floor(total / 2) + 1
  const answer = masters.filter(
    peer => isFresh(peer, model.now) && (isElsewhere || voters.includes(peer.report?.id ?? '')),
  ).length
  const ok = leader !== undefined && have >= need
  return { ok, have, need, voters: total, possible: ok || answer >= need }
}

/** Age of what is known of nodes and pods, ms, if it is worth telling; undefined: it is of now. */
export function objectsAgeMs({ api, now }: Model): number | undefined {
  const age = Math.max(0, now - Math.min(api.okAt, api.watchedAt + watchSilentMs))
  return age > apiSilentMs ? age : undefined
}

/** What the leader says of `peer`; undefined for the leader itself and for strangers. */
export function replicationOf(model: Model, peer: string): ReplicationReport | undefined {
  return leaderOf(model)?.report?.replication.find(row => row.peer === peer)
}

/** Whether a partition cuts the peer off from most others. */
export function isCut(report: PeerReport | undefined): boolean {
  const fault = report?.faults.find(text => text.startsWith('partition from '))
  if (!fault || !report) return false
  const from = fault.slice('partition from '.length).split(',').length
  return from >= report.voters.length / 2
}

/** Milliseconds from the start of a failover to one of its steps. */
export function sinceStart(failover: Failover, mark: Mark): number | undefined {
  const at = failover.at[mark]
  return at === undefined ? undefined : Math.max(0, Math.round(at - failover.startedAt))
}

/** What the outages of one kind of cause have cost, of those with a figure. Milliseconds. */
export interface KindStats {
  readonly kind: CauseKind
  readonly count: number
  readonly least: number
  readonly median: number
  readonly most: number
}

/** Apart by cause: a kill is found by its connection, a hang by silence. */
export function statsOf(model: Model): readonly KindStats[] {
  return causeKinds.flatMap(kind => {
    const gaps = model.history.flatMap(({ kind: other, outage }) =>
      other === kind && outage?.state === 'closed' ? [outage.gapMs] : [],
    )
    if (gaps.length === 0) return []
    const least = Math.min(...gaps)
    const most = Math.max(...gaps)
    return [{ kind, count: gaps.length, least, median: median(gaps), most }]
  })
}
