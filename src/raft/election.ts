import type { Prng } from '../kernel/prng.ts'
import { type Core, drawTimeout, resetProgress } from './core.ts'
import { patience } from './patience.ts'
import { majority, tally } from './quorum.ts'
import { broadcastHeartbeat } from './replication.ts'
import type { MemberId, Message, VoteAnswerMessage, VoteMessage } from './types.ts'

/**
 * After a lost leader, a campaign without an answer is repeated after this many ticks; then after
 * twice as many, and so on to an election timeout: over a slow network answers take their time.
 */
const retryTicks = 5

/** Follows `leader` (null: nobody yet) in `term`. */
export function becomeFollower(
  core: Core,
  term: number,
  leader: MemberId | null,
  prng: Prng,
): void {
  if (core.role === 'leader') core.reads.failAll(core)
  if (term > core.term) {
    core.term = term
    core.vote = null
  }
  core.role = 'follower'
  core.leader = leader
  core.transferee = null
  core.progress.clear()
  core.elapsed = 0
  core.timeout = drawTimeout(core.config, prng)
  core.refusedQuestion = null
  if (leader !== null) {
    core.attempts = 0
    core.lostLeader = false
    core.campaignIn = null
  }
}

/** A tick of somebody who doesn't lead. */
export function tickElection(core: Core, prng: Prng): void {
  core.elapsed++
  if (core.listen > 0) core.listen--
  if (!mayCampaign(core)) return
  if (core.campaignIn !== null) {
    if (core.campaignIn-- <= 0) preCampaign(core, prng)
  } else if (core.elapsed >= core.timeout + patience(core)) {
    preCampaign(core, prng)
  }
}

/** A tick of the leader: heartbeats, CheckQuorum, the end of a hand-over that didn't happen. */
export function tickLeader(core: Core, prng: Prng): void {
  core.elapsed++
  core.heartbeatElapsed++
  const { electionTicksMin, electionTicksMax, heartbeatTicks } = core.config
  // Writes wait for it: no more patience than on a quiet machine.
  if (core.transferee !== null && ++core.transferElapsed >= electionTicksMin) {
    core.failedTransfers.set(core.transferee, core.now)
    core.transferee = null
  }
  if (core.elapsed >= electionTicksMax + patience(core)) {
    core.elapsed = 0
    if (!hasQuorum(core)) {
      becomeFollower(core, core.term, null, prng)
      return
    }
  }
  if (core.heartbeatElapsed >= heartbeatTicks) {
    core.heartbeatElapsed = 0
    broadcastHeartbeat(core)
  }
}

/**
 * A dead leader's followers ask for votes at once, one after the other by rank, so that two
 * survivors don't split the vote. One whose log is further answers a question by asking itself.
 * Whoever hears of the death last has refused the others' questions until then: it answers again.
 */
export function peerLost(core: Core, peer: MemberId, prng: Prng): void {
  const progress = core.progress.get(peer)
  if (progress !== undefined) {
    progress.active = false
    if (progress.state === 'replicate') progress.probe(progress.match + 1)
    progress.paused = true
  }
  if (peer !== core.leader || core.role === 'leader') return
  core.lostLeader = true
  // A refused redial is no silence that this member may have slept through.
  core.listen = 0
  if (mayCampaign(core)) core.campaignIn = rank(core, peer) * core.config.rankTicks
  const { refusedQuestion } = core
  core.refusedQuestion = null
  if (refusedQuestion !== null) onVote(core, refusedQuestion)
  if (core.campaignIn === 0) preCampaign(core, prng)
}

/** Asks who would vote for this member, without disturbing anybody (Raft thesis 9.6). */
export function preCampaign(core: Core, prng: Prng): void {
  const lost = core.leader
  core.role = 'pre-candidate'
  core.leader = null
  startVote(core, prng)
  core.campaignIn = nextAttempt(core, rank(core, lost))
  if (tally(core.membership.voters, core.votes) === 'won') {
    campaign(core, false, prng)
    return
  }
  for (const vote of voteRequests(core, core.term + 1, true, false)) core.outbox.sendNow(vote)
}

/** Asks for votes in a new term; `force` when the leader itself handed over. */
export function campaign(core: Core, force: boolean, prng: Prng): void {
  core.elections++
  core.role = 'candidate'
  core.leader = null
  core.term++
  core.vote = core.id
  startVote(core, prng)
  // The votes get the time that the question before them had, and more.
  core.campaignIn = nextAttempt(core, 0)
  if (tally(core.membership.voters, core.votes) === 'won') {
    becomeLeader(core)
    return
  }
  for (const vote of voteRequests(core, core.term, false, force)) core.outbox.sendAfterSync(vote)
}

/** Answers a request for a vote. A question (`pre`) promises nothing and changes nothing. */
export function onVote(core: Core, message: VoteMessage): void {
  const upToDate = core.log.isUpToDate(message.lastIndex, message.lastTerm)
  const free = message.pre
    ? message.term > core.term && (message.force || !core.inLease)
    : core.vote === message.from || (core.vote === null && core.leader === null)
  const granted = free && upToDate
  if (message.pre && !free && core.inLease) core.refusedQuestion = message
  if (granted && !message.pre) {
    core.vote = message.from
    core.elapsed = 0
  }
  // Whoever was given a vote gets the time to win before this member asks for itself.
  if (granted && core.campaignIn !== null) core.campaignIn += retryTicks
  if (!upToDate && core.lostLeader && core.role === 'follower' && mayCampaign(core)) {
    core.campaignIn = 0
  }
  sendVoteAnswer(core, message, granted)
}

/** Says no, with this member's own term, to somebody whose term is over. */
export function refuseVote(core: Core, message: VoteMessage): void {
  sendVoteAnswer(core, message, false)
}

export function onVoteAnswer(core: Core, message: VoteAnswerMessage, prng: Prng): void {
  const asked = message.pre ? 'pre-candidate' : 'candidate'
  const term = message.pre && message.granted ? core.term + 1 : core.term
  if (message.term !== term) return
  // Too many had refused before they heard of the leader's death themselves.
  const isLate = core.role === 'follower' && message.pre && message.granted
  if (isLate && core.lostLeader && core.campaignIn !== null) core.campaignIn = 0
  if (core.role !== asked) return
  core.votes.set(message.from, message.granted)
  const result = tally(core.membership.voters, core.votes)
  if (result === 'open') return
  if (result === 'lost') {
    const { campaignIn } = core
    becomeFollower(core, core.term, null, prng)
    core.campaignIn = campaignIn
  } else if (message.pre) campaign(core, false, prng)
  else becomeLeader(core)
}

function sendVoteAnswer(core: Core, message: VoteMessage, granted: boolean): void {
  core.outbox.sendAfterSync({
    type: 'vote-answer',
    from: core.id,
    to: message.from,
    // A granted question carries the asked term back, a refusal the own one.
    term: granted ? message.term : core.term,
    pre: message.pre,
    granted,
  })
}

function becomeLeader(core: Core): void {
  core.role = 'leader'
  core.leader = core.id
  core.elapsed = 0
  core.heartbeatElapsed = 0
  core.attempts = 0
  core.lostLeader = false
  core.campaignIn = null
  core.transferee = null
  core.failedTransfers.clear()
  resetProgress(core)
  const index = core.log.last + 1
  // Nothing of older terms is committed by counting: this entry takes them along (thesis 3.6.2).
  core.appendEntries([{ index, term: core.term, kind: 'noop', data: new Uint8Array(0) }])
}

function startVote(core: Core, prng: Prng): void {
  core.elapsed = 0
  core.timeout = drawTimeout(core.config, prng)
  core.votes.clear()
  core.votes.set(core.id, true)
}

function nextAttempt(core: Core, rank: number): number | null {
  if (!core.lostLeader) return null
  const { electionTicksMin, rankTicks } = core.config
  return Math.min(retryTicks * 2 ** core.attempts++, electionTicksMin) + rank * rankTicks
}

function voteRequests(core: Core, term: number, pre: boolean, force: boolean): Message[] {
  const { last: lastIndex, lastTerm } = core.log
  const others = core.membership.voters.filter(id => id !== core.id)
  const from = core.id
  return others.map(to => ({ type: 'vote', from, to, term, pre, lastIndex, lastTerm, force }))
}

function mayCampaign(core: Core): boolean {
  return core.isVoter && !core.passive && core.listen === 0
}

function rank(core: Core, lost: MemberId | null): number {
  return core.membership.voters.filter(id => id !== lost && id < core.id).length
}

function hasQuorum(core: Core): boolean {
  const { voters } = core.membership
  let active = core.isVoter ? 1 : 0
  for (const [id, progress] of core.progress) {
    if (progress.active && voters.includes(id)) active++
    progress.active = false
  }
  return active >= majority(voters)
}
