import type { Replica } from '../../src/store/replica.ts'
import { Violation } from './checkers.ts'
import type { SimPeer } from './peer.ts'
import type { World } from './world.ts'

/** Longest time that a write may take beside a hand-over, whether that succeeds or not. */
const writeMsMax = 1_500

/**
 * At the end of a run, when all is well: leadership is handed over to a member that sleeps, and to
 * one that doesn't, while the leader's own callers write. No write may be lost to it, or wait for
 * longer than an attempt.
 */
export async function handOverSafely(
  world: World,
  leader: Replica,
  members: readonly SimPeer[],
): Promise<void> {
  const { id } = leader.core
  const { voters } = leader.core.membership
  const others = members.filter(peer => peer.id !== id && voters.includes(peer.id))
  const silent = others[0]
  // Without it there must be a majority: some voters may be gone for good.
  if (silent !== undefined && others.length * 2 > voters.length) {
    silent.busyUntil = world.timeline.now + 3 * writeMsMax
    void leader.transferLeadership(silent.id)
    await writes(world, leader, 6)
  }
  const awake = others.at(-1)
  if (awake === undefined) return
  void leader.transferLeadership(awake.id)
  await writes(world, leader, 3)
}

async function writes(world: World, leader: Replica, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const began = world.timeline.now
    const op = { type: 'delete', key: 'nobody has this' } as const
    const request = { compares: [], success: [op], failure: [] }
    const result = await leader.txn(request, { timeoutMs: 2 * writeMsMax })
    const ms = world.timeline.now - began
    if (result.ok && ms <= writeMsMax) continue
    const outcome = result.ok ? 'ok' : result.message
    throw new Violation(`a write beside a hand-over took ${ms.toFixed(0)} ms: ${outcome}`)
  }
}
