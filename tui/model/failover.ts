import { leaderOf, roleOf } from './select.ts'
import type { Failover, FaultMark, LogLine, Mark, Model } from './types.ts'

/** A change of leadership this long after a fault is not the fault's doing. */
const faultReachMs = 15_000
/** A write this long before a change of leadership was not its last. */
const writeReachMs = 30_000
/** A failover whose reconcile or write is not seen in this time is closed as it stands. */
const patienceMs = 60_000
const noLeader = /^knows no leader in term (\d+)$/
const follows = /^follows (\S+) in term (\d+)$/
const elected = /^became leader of term (\d+)$/
/** Faults that can end a leadership. */
const disruptive = new Set(['kill', 'pause', 'restart', 'partition', 'transfer'])
const past: Readonly<Record<string, string>> = {
  kill: 'killed',
  pause: 'paused',
  restart: 'restarted',
  partition: 'cut off',
  transfer: 'asked to hand over',
  slow: 'slowed',
}

/** `peer-1 killed`. */
export function causeOf(fault: FaultMark): string {
  return `${fault.peers.join(', ') || 'all'} ${past[fault.type] ?? fault.type}`
}

/** Begins the stopwatch when a fault hits the leader. */
export function onFault(model: Model, fault: FaultMark): Model {
  const leader = leaderOf(model)
  if (!leader || !disruptive.has(fault.type) || !fault.peers.includes(leader.name)) return model
  return begin(model, {
    cause: causeOf(fault),
    startedAt: fault.at,
    startFrom: 'fault',
    oldLeader: leader.name,
    oldTerm: leader.report?.term ?? 0,
  })
}

/** Tells a change of leadership that no key caused, from a peer's event. */
export function onElected(model: Model, line: LogLine): Model {
  const term = Number(elected.exec(line.message)?.[1] ?? 0)
  const reign = model.reigns.at(-1)
  if (!term || (reign && term <= reign.term)) return model
  const reigns = [...model.reigns, { term, leader: line.source, from: line.at }].slice(-32)
  const next = { ...model, reigns }
  if (!reign || reign.leader === line.source) return next
  if (model.failover && !model.failover.done && line.at - model.failover.startedAt < patienceMs) {
    return next
  }
  const fault = model.faults.findLast(
    mark =>
      mark.at >= reign.from &&
      mark.at <= line.at &&
      line.at - mark.at < faultReachMs &&
      mark.peers.includes(reign.leader) &&
      disruptive.has(mark.type),
  )
  const write = model.writes.findLast(at => at < line.at - 1)
  const recent = write !== undefined && line.at - write < writeReachMs
  return begin(next, {
    cause: fault ? causeOf(fault) : externalCause(model, reign.leader),
    startedAt: fault?.at ?? (recent ? write : line.at),
    startFrom: fault ? 'fault' : 'write',
    oldLeader: reign.leader,
    oldTerm: reign.term,
  })
}

/** Fills in what is known by now; moves a finished failover to the history. Idempotent. */
export function measure(model: Model): Model {
  const { failover } = model
  if (!failover || failover.done) return model
  const found = steps(model, failover)
  const complete = found.at.reconcile !== undefined && writeSettled(model, found)
  const closed = complete || model.now - failover.startedAt > patienceMs
  if (!closed) return { ...model, failover: found }
  const finished = { ...found, done: true }
  const counts = finished.at.commit !== undefined
  return {
    ...model,
    failover: finished,
    history: counts ? [...model.history, finished].slice(-100) : model.history,
  }
}

function begin(model: Model, start: Omit<Failover, 'number' | 'at' | 'done'>): Model {
  const number = model.failoverCount + 1
  const failover: Failover = { ...start, number, at: {}, done: false }
  return { ...model, failover, failoverCount: number }
}

function externalCause(model: Model, oldLeader: string): string {
  const peer = model.peers.find(known => known.name === oldLeader)
  const role = peer ? roleOf(peer, model.now) : 'down'
  if (role === 'down') return `${oldLeader} died`
  if (role === 'paused') return `${oldLeader} paused`
  return `${oldLeader} lost the leadership`
}

/** Reads the steps from the peers' own events, the probe's writes and the leader's counters. */
function steps(model: Model, failover: Failover): Failover {
  const { startedAt, oldLeader, oldTerm } = failover
  const at: Partial<Record<Mark, number>> = { ...failover.at }
  let { leader, term } = failover
  for (const line of model.log) {
    if (line.kind !== 'RAFT' || line.at < startedAt) continue
    if (noLeader.test(line.message) && line.source !== oldLeader) lower(at, 'detect', line.at)
    const [, followed, followTerm] = follows.exec(line.message) ?? []
    if (followed && Number(followTerm) > oldTerm) lower(at, 'vote', line.at)
    const electedTerm = Number(elected.exec(line.message)?.[1] ?? 0)
    if (electedTerm <= oldTerm || (term !== undefined && electedTerm < term)) continue
    term = electedTerm
    leader = line.source
    at.commit = line.at
  }
  // Nobody announced it: the supervisor's word on the old leader may come after the new one's.
  const cause = failover.startFrom === 'write' ? externalCause(model, oldLeader) : failover.cause
  if (at.commit === undefined) return { ...failover, at, cause }
  // A transfer has no moment without a leader that anybody notices.
  at.detect = Math.min(at.detect ?? at.vote ?? at.commit, at.vote ?? at.commit)
  at.vote = Math.min(at.vote ?? at.commit, at.commit)
  const commit = at.commit
  const write = model.writes.find(time => time >= commit)
  if (write !== undefined) at.write = write
  const report = model.peers.find(peer => peer.name === leader)
  const { controlPlane } = report?.report ?? {}
  const reconciled = controlPlane?.components.some(component => component.done > 0)
  if (at.reconcile === undefined && controlPlane?.term === term && reconciled && report) {
    at.reconcile = Math.max(report.reportAt, commit)
  }
  return { ...failover, at, cause, leader, term }
}

/** Without a probe there is no write to wait for. */
function writeSettled(model: Model, failover: Failover): boolean {
  return failover.at.write !== undefined || model.probe.state !== 'running'
}

function lower(at: Partial<Record<Mark, number>>, mark: Mark, value: number): void {
  const known = at[mark]
  if (known === undefined || value < known) at[mark] = value
}
