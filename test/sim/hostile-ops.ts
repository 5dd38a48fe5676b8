import type { Prng } from '../../src/kernel/prng.ts'
import type { Op } from '../../src/mvcc/types.ts'

/** Values that begin so may be written twice, unlike those by which a write is known again. */
export const paddingMark = '~'

const keys = ['e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7'] as const

/** The keys that these operations write. */
export const hostileRange = { key: 'e', rangeEnd: 'f' } as const

/**
 * Operations that go along with a client's write, on a few keys that are written over and over:
 * empty values, values that fill a slab of the simulator's or need one of their own, now and then
 * one as large as etcd allows; deletes of a key and of a range; transactions in the transaction.
 * Each key is written at most once, as etcd demands.
 */
export function drawHostileOps(prng: Prng): Op[] {
  if (prng.chance(0.05)) return [{ type: 'delete', ...hostileRange, prevKv: true }]
  const free = [...keys]
  const ops: Op[] = []
  for (let left = prng.below(5); left > 0; left--) {
    const key = free.splice(prng.below(free.length), 1)[0]!
    const draw = prng.next()
    if (draw < 0.6) ops.push(putOf(prng, key))
    else if (draw < 0.75) ops.push({ type: 'delete', key, prevKv: prng.chance(0.5) })
    else if (draw < 0.85) ops.push({ type: 'range', ...hostileRange, limit: 1 + prng.below(3) })
    else ops.push(toggle(prng, key))
  }
  return ops
}

/** Takes a key that is free, as a lock is taken, and gives up one that isn't. */
function toggle(prng: Prng, key: string): Op {
  return {
    type: 'txn',
    compares: [{ key, target: 'create', op: '=', operand: 0 }],
    success: [putOf(prng, key)],
    failure: [prng.chance(0.5) ? { type: 'delete', key } : putOf(prng, key)],
  }
}

function putOf(prng: Prng, key: string): Op {
  return { type: 'put', key, value: drawValue(prng), prevKv: prng.chance(0.3) }
}

function drawValue(prng: Prng): Buffer {
  const draw = prng.next()
  if (draw < 0.45) return Buffer.alloc(0)
  const length = draw < 0.999 ? 1 + prng.below(400) : 1_400_000
  return Buffer.alloc(length, paddingMark)
}
