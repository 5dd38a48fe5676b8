import type { FaultName } from '../../src/admin/types.ts'
import {
  addOlder,
  begin,
  causeOf,
  causesOf,
  covers,
  faultReachMs,
  isGap,
  without,
} from './begin.ts'
import { quorumOf, roleOf } from './select.ts'
import type { CauseKind, Failover, FaultMark, LogLine, Mark, Model } from './types.ts'

/** A reconcile that is not seen in this time is not waited for. */
const patienceMs = 60_000
/** Without a write for so long is an outage, whatever the cause. */
const outageMs = 500
/** Events of different clocks: what happened this shortly before a fault may be its effect. */
const clockErrorMs = 20

/** Faults that can end a leadership. */
const disruptive: Partial<Readonly<Record<FaultName, CauseKind>>> = {
  kill: 'kill',
  restart: 'kill',
  pause: 'hang',
  partition: 'partition',
  transfer: 'transfer',
}

/** The name that a fault's outage has at the probe. */
export function faultId(t0: number): string {
  return `fault-${t0}`
}

/** The name that the outage of an election has at the probe, if nobody knows its cause. */
export function electionId(term: number): string {
  return `term-${term}`
}

/** Begins the stopwatch when a fault has hit the leader of its moment, or writes had stopped. */
export function onFault(model: Model, fault: FaultMark): Model {
  const kind = disruptive[fault.type]
  const reign = reignAt(model, fault.at)
  if (kind === undefined || !reign) return model
  if (!fault.peers.includes(reign.leader)) return claim(model, fault)
  const start = {
    ...{ id: faultId(fault.at), kind, cause: causeOf(fault), startedAt: fault.at },
    ...(fault.askedAt !== undefined && { askedAt: fault.askedAt }),
    startFrom: 'fault' as const,
    ...{ oldLeader: reign.leader, oldTerm: reign.term },
  }
  const { failover } = model
  // The election, or the gap, was heard of before its cause: it is the same.
  const isElection = failover?.startFrom === 'election' && failover.oldTerm === reign.term
  const isGap = failover?.startFrom === 'write' && covers(failover.outage, fault.at, model.now)
  if (!failover || (!isElection && !isGap)) return begin(model, start)
  return {
    ...model,
    failover: { ...unmeasured(failover), ...start },
    history: without(model),
  }
}

/** The gap was heard of before what has made it: one name for it on every screen. */
function claim(model: Model, fault: FaultMark): Model {
  const { failover } = model
  const isGap = failover?.startFrom === 'write' && covers(failover.outage, fault.at, model.now)
  if (!isGap || fault.type === 'restart') return model
  const id = faultId(fault.at)
  const cause = causesOf(model, fault.at, fault.at)
  const claimed = { ...failover, id, cause, startedAt: fault.at, startFrom: 'fault' } as const
  return { ...model, failover: unmeasured(claimed), history: without(model) }
}

/** The figure and the steps that it had were counted from another moment, under another name. */
function unmeasured({ outage: _, ...failover }: Failover): Failover {
  return { ...failover, at: {}, done: false }
}

/** A gap that turns out to be the probe's own was none of the cluster. */
function withoutOwn(model: Model): Model {
  const { failover } = model
  const outage = model.outages.find(({ id }) => id === failover?.id)
  if (failover?.startFrom !== 'write' || outage?.state !== 'void') return model
  const history = without(model)
  return { ...model, failover: history.at(-1), history }
}

/** Tells a change of leadership whose cause nobody has told. */
export function onElected(model: Model, line: LogLine, term: number): Model {
  const reign = model.reigns.at(-1)
  if (reign && term <= reign.term) return model
  const reigns = [...model.reigns, { term, leader: line.source, from: line.at }].slice(-32)
  const next = { ...model, reigns }
  if (!reign || reign.leader === line.source) return next
  const { failover } = model
  if (failover && !failover.done && failover.at.commit === undefined) return next
  const fault = model.faults.findLast(
    mark =>
      mark.at >= reign.from &&
      mark.at <= line.at + clockErrorMs &&
      line.at - mark.at < faultReachMs &&
      mark.peers.includes(reign.leader) &&
      disruptive[mark.type] !== undefined,
  )
  if (fault) return failover?.id === faultId(fault.at) ? next : onFault(next, fault)
  return begin(next, {
    ...{ id: electionId(term), kind: 'other', cause: externalCause(model, reign.leader) },
    ...{ startedAt: line.at, startFrom: 'election' },
    ...{ oldLeader: reign.leader, oldTerm: reign.term },
  })
}

/** Fills in what is known by now; moves a finished failover to the history. Idempotent. */
export function measure(model: Model): Model {
  const next = withGap(withoutOwn(model))
  const { failover } = next
  if (!failover || failover.done) return next
  const found = withOutage(next, steps(next, failover))
  if (!isComplete(next, found)) return { ...next, failover: found }
  const finished = { ...found, done: true }
  return { ...next, failover: finished, history: [...next.history, finished].slice(-100) }
}

/** Who led at a moment, as is known by now. */
function reignAt(model: Model, at: number) {
  return model.reigns.findLast(reign => reign.from <= at + clockErrorMs)
}

function externalCause(model: Model, oldLeader: string): string {
  const peer = model.peers.find(known => known.name === oldLeader)
  const role = peer ? roleOf(peer, model.now) : 'unknown'
  if (role === 'down') return `${oldLeader} died`
  if (role === 'unknown') return `${oldLeader} fell silent`
  if (role === 'paused') return `${oldLeader} paused`
  return `${oldLeader} lost the leadership`
}

/**
 * Writes stopped, and no leader was hit: a gap that is nobody's, or the quorum that went with a
 * follower. What lies in the gap of another outage is told with that.
 */
function withGap(model: Model): Model {
  const { failover, history } = model
  const isBusy = failover !== undefined && !failover.done
  if (isBusy && (!failover.outage || failover.outage.state === 'open')) return model
  const known = [failover, ...history]
  const gap = model.outages.find(
    ({ id, state, t0, gapMs }) =>
      gapMs >= outageMs &&
      t0 >= model.startedAt &&
      (isGap(id)
        ? !isBusy && state !== 'void'
        : model.faults.some(({ at }) => id === faultId(at))) &&
      !known.some(other => other?.id === id || covers(other?.outage, t0, model.now)),
  )
  if (!gap) return model
  const until = isGap(gap.id) ? gap.t0 + gap.gapMs : gap.t0
  const reign = model.reigns.at(-1)
  const isOlder = failover !== undefined && gap.t0 < failover.startedAt
  const start: Omit<Failover, 'number' | 'at' | 'done'> = {
    ...{ id: gap.id, kind: isOlder || quorumOf(model).ok ? 'other' : 'quorum loss' },
    cause: causesOf(model, gap.t0, until) || 'writes stopped',
    ...{ startedAt: gap.t0, startFrom: isGap(gap.id) ? 'write' : 'fault' },
    ...{ oldLeader: reign?.leader ?? '', oldTerm: reign?.term ?? 0 },
  }
  return isOlder ? addOlder(model, { ...start, outage: gap }) : begin(model, start)
}

/** The probe's figure. While there is none and no quorum either, that is what it is about. */
function withOutage(model: Model, failover: Failover): Failover {
  const outage = model.outages.find(({ id }) => id === failover.id)
  if (!outage) return failover
  const { at } = failover
  const lost = outage.state === 'open' && at.commit === undefined && !quorumOf(model).possible
  const write = outage.firstMs === undefined ? at.write : outage.t0 + outage.firstMs
  return {
    ...failover,
    outage,
    kind: lost ? 'quorum loss' : failover.kind,
    at: write === undefined ? at : { ...at, write },
  }
}

/** An outage is over when a write is acknowledged, however long that takes. */
function isComplete(model: Model, { at, outage, startFrom, startedAt }: Failover): boolean {
  const isProbed = model.probe.state === 'running'
  if (isProbed && (outage === undefined || outage.state === 'open')) return false
  if (startFrom === 'write' || at.reconcile !== undefined) return true
  // Writes go on, and nobody has been elected: the leader was none of those that were hit.
  const isOver = outage?.nextAt !== undefined && at.commit === undefined
  if (isOver && model.now - (outage.nextAt ?? startedAt) > faultReachMs) return true
  return model.now - startedAt > patienceMs
}

/** Reads the steps from the peers' own events and the leader's counters. */
function steps(model: Model, failover: Failover): Failover {
  const { startedAt, oldLeader, oldTerm } = failover
  const at: Partial<Record<Mark, number>> = { ...failover.at }
  let { leader, term } = failover
  const from = startedAt - (failover.startFrom === 'election' ? faultReachMs : clockErrorMs)
  for (const { at: when, source, data } of model.log) {
    if (!data || when < from) continue
    if (data.type === 'no-leader' && data.term >= oldTerm && source !== oldLeader) {
      lower(at, 'detect', when)
    }
    if (data.type === 'follows' && data.term > oldTerm) lower(at, 'vote', when)
    if (data.type !== 'elected' || data.term <= oldTerm) continue
    if (term !== undefined && data.term < term) continue
    term = data.term
    leader = source
    at.commit = when
  }
  const cause = failover.startFrom === 'election' ? externalCause(model, oldLeader) : failover.cause
  if (at.commit === undefined) return { ...failover, at, cause }
  // A transfer has no moment without a leader that anybody notices.
  at.detect = Math.min(at.detect ?? at.vote ?? at.commit, at.vote ?? at.commit)
  at.vote = Math.min(at.vote ?? at.commit, at.commit)
  const report = model.peers.find(peer => peer.name === leader)
  const { controlPlane } = report?.report ?? {}
  const reconciled = controlPlane?.components.some(component => component.done > 0)
  if (at.reconcile === undefined && controlPlane?.term === term && reconciled && report) {
    at.reconcile = Math.max(report.reportAt, at.commit)
  }
  return { ...failover, at, cause, leader, term }
}

function lower(at: Partial<Record<Mark, number>>, mark: Mark, value: number): void {
  const known = at[mark]
  if (known === undefined || value < known) at[mark] = value
}
