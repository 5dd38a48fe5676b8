import type { PeerReport, PeerRole, ReplicationReport } from '../../src/admin/types.ts'
import { median } from '../../src/probe/outage.ts'
import {
  type CauseKind,
  causeKinds,
  type Failover,
  type Mark,
  type Model,
  type PeerState,
} from './types.ts'

/** A peer that has not answered for so long is shown as down where no supervisor says so. */
const silentMs = 1_500

/** What a peer is now: the supervisor's word, then its silence, then its own. */
export function roleOf(peer: PeerState, now: number): PeerRole {
  if (peer.process === 'down' || peer.process === 'paused') return peer.process
  if (!peer.report) return 'down'
  if (!peer.reachable && now - peer.reportAt > silentMs) return 'down'
  return peer.report.role
}

/** Whether its values are those of the past. */
export function isStale(peer: PeerState, now: number): boolean {
  const role = roleOf(peer, now)
  return role === 'down' || role === 'paused' || !peer.reachable
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
  readonly voters: number
  /** Enough voters answer for there to be one, whether or not there is. */
  readonly possible: boolean
}

/**
 * A majority of the voters follows one leader: the rule of `quorate status`, and here one that is
 * cut off and knows no leader does not count.
 */
export function quorumOf(model: Model): Quorum {
  const leader = leaderOf(model)
  const masters = model.peers.filter(peer => peer.report?.role !== 'worker')
  const voters = leader?.report?.voters ?? masters.find(peer => peer.report)?.report?.voters ?? []
  const total = voters.length || masters.length
  // A leader without voters has its majority in an external etcd.
  const isElsewhere = leader?.report !== undefined && voters.length === 0
  const here = masters.filter(peer => {
    const role = roleOf(peer, model.now)
    if (role === 'down' || role === 'paused' || !peer.report) return false
    if (!isElsewhere && !voters.includes(peer.report.id)) return false
    if (!leader?.report || peer === leader) return true
    return peer.report.term === leader.report.term && peer.report.leader === leader.name
  }).length
  const need = isElsewhere ? 1 : Math.floor(total / 2) + 1
  const answer = masters.filter(peer => isFresh(peer, model.now)).length
  const ok = leader !== undefined && here >= need
  return { ok, have: here, need, voters: total, possible: ok || answer >= need }
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

/** Pods that run, of those that are neither done nor gone. */
export function podCounts(model: Model): { readonly total: number; readonly running: number } {
  const running = model.pods.filter(pod => pod.health === 'running').length
  return { total: model.pods.length, running }
}
