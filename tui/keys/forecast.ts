import {
  isCounted,
  isCut,
  isGone,
  isVoter,
  leaderOf,
  quorumOf,
  replicationOf,
  roleOf,
} from '../model/select.ts'
import type { Model, PeerState } from '../model/types.ts'

const podsNamed = 3

/** A death is known from its connections, a hang and a cut from silence. */
export type Found = 'at once' | 'by silence'

/** What will be if this peer stops, by what is known now. */
export function afterLoss(model: Model, peer: PeerState, found: Found): string {
  return [`expect: ${writesAfterLoss(model, peer, found)}`, podsAfterLoss(model, peer)]
    .filter(text => text !== '')
    .join('; ')
}

function writesAfterLoss(model: Model, peer: PeerState, found: Found): string {
  const { have, need, ok } = quorumOf(model)
  if (!ok) return 'nothing gets better: no leader has a majority now'
  // One that is cut off, a learner or a worker is missed by no majority.
  if (!isCounted(model, peer)) return 'writes go on, 0 lost'
  if (have - 1 < need) return 'no quorum, writes stop until it is back'
  return leaderOf(model)?.name === peer.name
    ? `a new leader ${found === 'at once' ? 'within 1 s' : 'after the election timeout'}, 0 lost`
    : 'writes go on, 0 lost'
}

/** A peer that is a node takes care of pods: which ones are left without it. */
function podsAfterLoss({ pods }: Model, peer: PeerState): string {
  const own = pods.list.filter(pod => pod.node === peer.name && pod.health !== 'done')
  if (own.length === 0) return ''
  const names = own.slice(0, podsNamed).map(({ name }) => name)
  const more = own.length - names.length
  const all = `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  return `its pods are without kubelet: ${all}`
}

/** What will be when one more voter is back, or all that are up are joined again. */
export function afterReturn(model: Model, peer: PeerState | undefined): string {
  const { need, voters } = quorumOf(model)
  const up = model.peers.filter(
    each => each === peer || (isVoter(model, each) && !isGone(each, model.now)),
  ).length
  if (voters > 0 && up < need) return `expect: no quorum yet: ${up} of ${voters} voters are up`
  return peer
    ? 'expect: it follows, and catches up'
    : 'expect: all that are up follow one leader, and catch up'
}

/** What cutting this peer off means: its process, and its clients' connections, live on. */
export function afterCut(model: Model, peer: PeerState): string {
  const { have, need, ok } = quorumOf(model)
  const isMissed = isCounted(model, peer) && (have - 1 < need || isLeader(model, peer))
  if (!ok || isMissed) return `expect: ${writesAfterLoss(model, peer, 'by silence')}`
  return 'expect: only its own clients wait, 0 lost'
}

/** Why the leadership can't go to this peer; undefined: it can. Source: raft, canTake. */
export function transferRefusal(model: Model, peer: PeerState): string | undefined {
  const { name } = peer
  const role = roleOf(peer, model.now)
  if (role === 'worker') return `${name} is a worker: it has no vote`
  if (role === 'learner') return `${name} is a learner: it has no vote`
  if (role === 'unknown') return `${name} does not answer`
  if (isGone(peer, model.now)) return `${name} is ${role}`
  if (isCut(peer.report)) return `${name} is cut off: H heals`
  if (!isVoter(model, peer)) return `${name} has no vote`
  const row = replicationOf(model, name)
  return row?.state === 'replicate' ? undefined : `${name} is not up to date with the leader's log`
}

function isLeader(model: Model, peer: PeerState): boolean {
  return leaderOf(model)?.name === peer.name
}
