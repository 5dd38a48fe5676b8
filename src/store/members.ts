import type { Core } from '../raft/core.ts'
import { patience } from '../raft/patience.ts'
import type { MembershipChange } from '../raft/types.ts'
import type { ClusterMember, MemberChange } from './member-types.ts'
import type { Roster } from './roster.ts'
import { memberTexts as texts } from './roster.ts'

/** Learners at one time. Source: etcd membership.maxLearners. */
const learnersMax = 1
/** A learner may vote once it has this share of the leader's log. Source: etcd readyPercent. */
const readyShare = 0.9

/** Voters and learners with what the roster says of them, by ID. */
export function listMembers(core: Core, roster: Roster): ClusterMember[] {
  const { voters, learners } = core.memberships.at(core.applied)
  return [...voters, ...learners].sort().map(id => {
    const record = roster.get(id)
    return {
      id,
      name: record?.name ?? '',
      peerId: record?.peerId ?? '',
      peerUrls: record?.peerUrls ?? [],
      clientUrls: record?.clientUrls ?? [],
      isLearner: learners.includes(id),
    }
  })
}

/** etcd's refusal of addresses, or undefined. */
export function refusalOfUrls(urls: readonly string[]): string | undefined {
  const isGood = (url: string) => /^https?:\/\/(\[[0-9a-f:]+\]|[\w.-]+):\d{1,5}$/i.test(url)
  return urls.length > 0 && urls.every(isGood) ? undefined : texts.badUrls
}

/**
 * Leader: etcd's refusal of a change that the cluster might not survive, or undefined.
 * Source: etcd server.go mayAddMember, mayRemoveMember, isLearnerReady; cluster.go IsReadyTo...
 */
export function refusalOfChange(
  core: Core,
  roster: Roster,
  { kind, id, context }: MembershipChange,
): string | undefined {
  const { voters, learners } = core.membership
  // One of the first members has no record before it has started.
  const isStarted = (voter: string) => voter === core.id || (roster.get(voter)?.name ?? '') !== ''
  const started = voters.filter(isStarted).length
  if (kind === 'remove') {
    if (!voters.includes(id)) return learners.includes(id) ? undefined : texts.missing
    const left = isStarted(id) ? started - 1 : started
    if (left < majorityOf(voters.length - 1)) return texts.notEnoughStarted
    if (id !== core.id && !isActive(core, id)) return undefined
    const active = voters.filter(voter => isActive(core, voter)).length
    return active - 1 < majorityOf(voters.length - 1) ? texts.unhealthy : undefined
  }
  if (kind === 'add-learner') {
    if (voters.includes(id) || learners.includes(id)) return texts.exists
    const taken = roster.refusalOf(id, (context ?? {}) as MemberChange)
    if (taken !== undefined) return taken
    if (learners.length >= learnersMax) return texts.tooManyLearners
    return voters.every(voter => isActive(core, voter)) ? undefined : texts.unhealthy
  }
  if (voters.includes(id)) return learners.includes(id) ? undefined : texts.notLearner
  if (learners.includes(id)) return isReady(core, id) ? undefined : texts.notReady
  const taken = roster.refusalOf(id, (context ?? {}) as MemberChange)
  if (taken !== undefined) return taken
  // One voter is enough to begin with: a second one could not be started otherwise.
  const isFirst = voters.length === 1 && started === 1
  if (!isFirst && started < majorityOf(voters.length + 1)) return texts.notEnoughStarted
  return voters.every(voter => isActive(core, voter)) ? undefined : texts.unhealthy
}

function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1
}

function isReady(core: Core, learner: string): boolean {
  const match = core.progress.get(learner)?.match ?? 0
  return match > 0 && match >= core.log.last * readyShare
}

/** It was heard within an election timeout. */
function isActive(core: Core, id: string): boolean {
  if (id === core.id) return true
  const progress = core.progress.get(id)
  return (
    progress !== undefined &&
    progress.match > 0 &&
    core.now - progress.heardTick <= core.config.electionTicksMax + patience(core)
  )
}
