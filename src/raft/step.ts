import type { Prng } from '../kernel/prng.ts'
import { type Core, drawTimeout } from './core.ts'
import * as election from './election.ts'
import { answerRead } from './read-index.ts'
import * as replication from './replication.ts'
import type { Input, Message, Ready } from './types.ts'

/** One input: what follows from it. Deterministic in (core, input, prng). */
export function step(core: Core, input: Input, prng: Prng): Ready {
  return stepAll(core, [input], prng)
}

/** All that arrived in one turn: one set of appends, one fsync. */
export function stepAll(core: Core, inputs: readonly Input[], prng: Prng): Ready {
  const { term, leader, role } = core
  for (const input of inputs) handle(core, input, prng)
  if (core.role === 'leader') finishLeader(core, prng)
  return core.takeReady({ term, leader, role })
}

function finishLeader(core: Core, prng: Prng): void {
  replication.maybeCommit(core)
  if (core.reads.open(core)) replication.broadcastHeartbeat(core)
  core.reads.settle(core)
  replication.replicate(core)
  // A leader that removed itself has led until the change was committed (thesis 4.2.2).
  const left = !core.isVoter && core.memberships.index <= core.committed
  if (left) election.becomeFollower(core, core.term, null, prng)
}

function handle(core: Core, input: Input, prng: Prng): void {
  switch (input.type) {
    case 'message':
      onMessage(core, input.message, prng)
      return
    case 'tick':
      core.now++
      if (core.role === 'leader') election.tickLeader(core, prng)
      else election.tickElection(core, prng)
      return
    case 'propose':
      replication.propose(core, input.data)
      return
    case 'change':
      replication.change(core, input)
      return
    case 'peer-lost':
      election.peerLost(core, input.peer, prng)
      return
    case 'synced':
      if (core.log.term(input.index) === input.term) {
        core.synced = Math.max(core.synced, input.index)
      }
      return
    case 'read':
      read(core, input.id)
      return
    case 'transfer':
      replication.transfer(core, input.to)
      return
    case 'snapshot-sent':
      replication.onSnapshotSent(core, input)
      return
    case 'overslept':
      overslept(core, prng)
      return
    case 'late':
      core.late = input.ticks
      return
    case 'passive':
      core.passive = input.passive
      return
    case 'compact':
      core.log.compact(input.index)
      core.memberships.compact(input.index)
      return
  }
}

function overslept(core: Core, prng: Prng): void {
  core.elapsed = 0
  core.timeout = drawTimeout(core.config, prng)
  core.campaignIn = null
  core.listen = core.config.electionTicksMax
}

function read(core: Core, id: number): void {
  const { id: from, leader: to, term } = core
  if (to === from) core.reads.add(id, from)
  else if (to === null) core.outbox.readStates.push({ id, index: -1 })
  else core.outbox.sendNow({ type: 'read', from, to, term, id })
}

function onMessage(core: Core, message: Message, prng: Prng): void {
  if (message.to !== core.id) return
  if (message.term < core.term) {
    onOldTerm(core, message)
    return
  }
  if (message.term > core.term && !onNewTerm(core, message, prng)) return
  if (isForged(core, message)) return
  switch (message.type) {
    case 'vote':
      election.onVote(core, message)
      return
    case 'vote-answer':
      election.onVoteAnswer(core, message, prng)
      return
    case 'append-answer':
      replication.onAppendAnswer(core, message)
      return
    case 'heartbeat-answer':
      replication.onHeartbeatAnswer(core, message)
      return
    case 'timeout-now':
      if (core.role === 'follower' && core.isVoter && !core.passive) {
        election.campaign(core, true, prng)
      }
      return
    case 'read':
      if (core.role === 'leader') core.reads.add(message.id, message.from)
      else answerRead(core, message, -1)
      return
    case 'read-answer':
      core.outbox.readStates.push({ id: message.id, index: message.index })
      return
    default:
      election.becomeFollower(core, core.term, message.from, prng)
      onLeaderMessage(core, message)
      return
  }
}

type LeaderMessage = Message & { type: 'append' | 'heartbeat' | 'commit' | 'snapshot' }

function onLeaderMessage(core: Core, message: LeaderMessage): void {
  switch (message.type) {
    case 'append':
      replication.onAppend(core, message)
      return
    case 'snapshot':
      replication.onSnapshot(core, message)
      return
    case 'commit':
      replication.commitTo(core, message.commit)
      return
    case 'heartbeat': {
      replication.commitTo(core, message.commit)
      core.leaderLate = message.late
      const { id: from, term, late } = core
      const { round, from: to } = message
      core.outbox.sendAfterSync({ type: 'heartbeat-answer', from, to, term, round, late })
      return
    }
  }
}

/**
 * Nobody honest sends it: there is one leader in a term, and only it hands over. Whoever else says
 * so must not be followed, and least of all by the leader itself.
 */
function isForged({ leader }: Core, message: Message): boolean {
  if (message.type === 'timeout-now') return message.from !== leader
  return isFromLeader(message) && leader !== null && message.from !== leader
}

/** Returns false when the message is to be ignored. */
function onNewTerm(core: Core, message: Message, prng: Prng): boolean {
  if (message.type === 'vote') {
    if (message.pre) return true
    // A live leader is not unseated by somebody who only can't hear it (thesis 4.2.3).
    if (!message.force && core.inLease) return false
  }
  if (message.type === 'vote-answer' && message.pre && message.granted) return true
  const leads = isFromLeader(message)
  election.becomeFollower(core, message.term, leads ? message.from : null, prng)
  return true
}

function onOldTerm(core: Core, message: Message): void {
  if (message.type === 'vote') {
    election.refuseVote(core, message)
    return
  }
  if (message.type === 'read') {
    answerRead(core, message, -1)
    return
  }
  if (!isFromLeader(message)) return
  // Lets a leader whose term is over, or one that was cut off with a higher term, find out.
  core.outbox.sendAfterSync({
    type: 'append-answer',
    from: core.id,
    to: message.from,
    term: core.term,
    ok: false,
    index: 0,
    hintIndex: 0,
    hintTerm: 0,
  })
}

function isFromLeader(message: Message): boolean {
  const { type } = message
  return type === 'append' || type === 'heartbeat' || type === 'commit' || type === 'snapshot'
}
