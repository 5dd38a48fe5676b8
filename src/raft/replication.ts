import { assert, must } from '../kernel/assert.ts'
import { type Core, matchOf, updateProgress } from './core.ts'
import { entryOverheadBytes } from './log.ts'
import { applyChange, encodeMembership } from './membership.ts'
import { lateness, patience } from './patience.ts'
import type { Progress } from './progress.ts'
import { quorumIndex } from './quorum.ts'
import type {
  AppendAnswerMessage,
  AppendMessage,
  Entry,
  HeartbeatAnswerMessage,
  Index,
  Input,
  MemberId,
  SnapshotMessage,
} from './types.ts'

/** The leader's own new entries. */
export function propose(core: Core, data: readonly Uint8Array[]): void {
  if (core.role !== 'leader' || core.transferee !== null || !core.isVoter) {
    core.outbox.notProposed.push(...data)
    return
  }
  const first = core.log.last + 1
  const { term } = core
  core.appendEntries(data.map((bytes, at) => toEntry(first + at, term, 'command', bytes)))
  core.outbox.proposedAt ??= first
}

/** One member at a time, and not before the leader knows what is committed (thesis 4.1). */
export function change(core: Core, input: Input & { type: 'change' }): void {
  const open = core.memberships.index > core.committed
  if (core.role !== 'leader' || core.transferee !== null || open || !core.hasCommitInTerm) return
  const after = applyChange(core.membership, input.change)
  if (after === undefined) return
  const index = core.log.last + 1
  core.appendEntries([toEntry(index, core.term, 'config', encodeMembership(after, input.change))])
  core.outbox.proposedAt ??= index
  updateProgress(core)
}

function toEntry(index: Index, term: number, kind: Entry['kind'], data: Uint8Array): Entry {
  return { index, term, kind, data }
}

/** Follower: takes entries that fit, or says where the logs may agree. */
export function onAppend(core: Core, message: AppendMessage): void {
  const { prevIndex, prevTerm, entries } = message
  if (prevIndex < core.committed) {
    answerAppend(core, message.from, core.committed)
    return
  }
  if (core.log.term(prevIndex) !== prevTerm) {
    refuseAppend(core, message)
    return
  }
  const fresh = entries.findIndex(entry => core.log.term(entry.index) !== entry.term)
  if (fresh >= 0) {
    assert(entries[fresh]!.index > core.committed, 'a committed entry would be replaced')
    core.appendEntries(entries.slice(fresh))
  }
  const last = prevIndex + entries.length
  commitTo(core, Math.min(message.commit, last))
  answerAppend(core, message.from, last)
}

/** Follower: everything up to `index` is known to be the leader's, and committed. */
export function commitTo(core: Core, index: Index): void {
  if (index <= core.committed) return
  assert(index <= core.log.last, `commit ${index} is past the log's end ${core.log.last}`)
  core.committed = index
}

/**
 * Follower: the driver has this snapshot on its disk. When the log holds its last entry, what
 * follows there is the leader's as well, and may have been acknowledged: it stays.
 * Source: etcd raft.go restore (fast-forward), Raft figure 13 step 6.
 */
export function onSnapshot(core: Core, message: SnapshotMessage): void {
  const { index, snapshotTerm, membership } = message
  if (index > core.committed) {
    if (core.log.term(index) === snapshotTerm) commitTo(core, index)
    else core.restore(index, snapshotTerm, membership)
  }
  answerAppend(core, message.from, core.committed)
}

/** Leader: a member has (or has not) what was sent. */
export function onAppendAnswer(core: Core, message: AppendAnswerMessage): void {
  const progress = heard(core, message.from)
  if (progress === undefined || message.index > core.log.last) return
  if (!message.ok) {
    const hint = core.log.findConflictByTerm(message.hintIndex, message.hintTerm)
    progress.refused(message.index, hint)
    return
  }
  if (progress.state === 'snapshot') {
    if (message.index < core.log.offset) return
    progress.probe(message.index + 1)
  }
  progress.matched(message.index)
  maybeCommit(core)
  handOver(core)
}

export function onHeartbeatAnswer(core: Core, message: HeartbeatAnswerMessage): void {
  const progress = heard(core, message.from)
  if (progress === undefined) return
  progress.round = Math.max(progress.round, message.round)
  progress.late = message.late
  progress.paused = false
  if (progress.match < core.log.last || progress.state === 'probe') progress.nudge = true
}

function heard(core: Core, from: MemberId): Progress | undefined {
  const progress = core.role === 'leader' ? core.progress.get(from) : undefined
  if (progress === undefined) return undefined
  progress.active = true
  progress.heardTick = core.now
  return progress
}

/** Leader: commits what a majority has on disk, if it is of this term (thesis 3.6.2). */
export function maybeCommit(core: Core): void {
  const index = quorumIndex(core.membership.voters, id => matchOf(core, id))
  if (index > core.committed && core.log.term(index) === core.term) core.committed = index
}

/** Leader: a snapshot has been delivered, or not. */
export function onSnapshotSent(core: Core, input: Input & { type: 'snapshot-sent' }): void {
  const progress = core.progress.get(input.to)
  if (progress?.state !== 'snapshot') return
  progress.probe(input.ok ? input.index + 1 : progress.match + 1)
  // The next heartbeat's answer starts it again.
  progress.paused = true
}

/**
 * Starts handing over to `to`, or to the voter that is furthest. While it lasts nothing is
 * proposed, and so it is tried only with one that answers, and not again right after it has failed;
 * asked for again while it is under way, it goes on, and its time with it.
 * Source: etcd-io/raft raft.go MsgTransferLeader.
 */
export function transfer(core: Core, to: MemberId | undefined): void {
  const target = transferTarget(core, to)
  if (target === undefined || core.transferee === target) return
  // Who asks for one after the other must not stop the writes for longer than that.
  if (core.transferee !== null) core.failedTransfers.set(core.transferee, core.now)
  core.transferee = target
  core.transferElapsed = 0
  handOver(core)
}

/** To whom leadership would be handed; undefined when it would not. */
export function transferTarget(core: Core, to: MemberId | undefined): MemberId | undefined {
  if (core.role !== 'leader') return undefined
  if (core.transferee !== null && (to === undefined || to === core.transferee)) {
    return core.transferee
  }
  const able = core.membership.voters.filter(id => canTake(core, id))
  if (to !== undefined) return able.includes(to) ? to : undefined
  return able.sort((left, right) => matchOf(core, right) - matchOf(core, left))[0]
}

function canTake(core: Core, id: MemberId): boolean {
  const { electionTicksMin, electionTicksMax } = core.config
  const progress = core.progress.get(id)
  if (progress === undefined) return false
  if (core.now - progress.heardTick >= electionTicksMin + patience(core)) return false
  const failed = core.failedTransfers.get(id)
  return failed === undefined || core.now - failed >= 5 * electionTicksMax
}

function handOver(core: Core): void {
  const to = core.transferee
  if (to === null || core.progress.get(to)?.match !== core.log.last) return
  core.outbox.sendNow({ type: 'timeout-now', from: core.id, to, term: core.term })
}

export function broadcastHeartbeat(core: Core): void {
  const { id: from, term, reads } = core
  const rest = { round: reads.round, late: lateness(core) }
  for (const [to, { match }] of core.progress) {
    const commit = Math.min(match, core.committed)
    core.outbox.sendNow({ type: 'heartbeat', from, to, term, commit, ...rest })
  }
}

/** Leader, at the end of each step: sends every member what it may be sent. */
export function replicate(core: Core): void {
  for (const [to, progress] of core.progress) {
    while (maySend(core, progress)) if (!sendAppend(core, to, progress)) break
    const commit = Math.min(progress.match, core.committed)
    if (commit <= progress.sentCommit) continue
    progress.sentCommit = commit
    core.outbox.sendNow({ type: 'commit', from: core.id, to, term: core.term, commit })
  }
}

function maySend(core: Core, progress: Progress): boolean {
  const { inflightMax, inflightBytesMax } = core.config
  if (progress.state === 'snapshot' || progress.paused) return false
  // All that fills the window may be lost: one more append finds the hole.
  if (progress.nudge) return true
  return progress.next <= core.log.last && !progress.isFull(inflightMax, inflightBytesMax)
}

/** Returns false when a snapshot is needed instead. */
function sendAppend(core: Core, to: MemberId, progress: Progress): boolean {
  const prevIndex = progress.next - 1
  const prevTerm = core.log.term(prevIndex)
  if (prevTerm === undefined) {
    if (!progress.active) return false
    progress.waitForSnapshot()
    core.outbox.snapshotsWanted.push(to)
    return false
  }
  const { appendBytesMax } = core.config
  const entries = core.log.slice(progress.next, core.log.last, appendBytesMax)
  const { id: from, term, committed: commit } = core
  core.outbox.sendNow({ type: 'append', from, to, term, prevIndex, prevTerm, entries, commit })
  const last = prevIndex + entries.length
  progress.nudge = false
  progress.sentCommit = Math.max(progress.sentCommit, Math.min(commit, last))
  if (progress.state === 'probe') progress.paused = true
  else if (entries.length > 0) progress.sent(last, sizeOf(entries))
  return true
}

function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { data }) => sum + data.length + entryOverheadBytes, 0)
}

function answerAppend(core: Core, to: MemberId, index: Index): void {
  const { id: from, term } = core
  const hints = { hintIndex: 0, hintTerm: 0 }
  core.outbox.sendAfterSync({ type: 'append-answer', from, to, term, ok: true, index, ...hints })
}

function refuseAppend(core: Core, message: AppendMessage): void {
  const hintIndex = core.log.findConflictByTerm(message.prevIndex, message.prevTerm)
  core.outbox.sendAfterSync({
    type: 'append-answer',
    from: core.id,
    to: message.from,
    term: core.term,
    ok: false,
    index: message.prevIndex,
    hintIndex,
    hintTerm: must(core.log.term(hintIndex), 'hint'),
  })
}
