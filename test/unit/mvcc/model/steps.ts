import type { Prng } from '../../../../src/kernel/prng.ts'
import type { Compare, Key, Op, RangeOp, TxnOp } from '../../../../src/mvcc/types.ts'

/** One step of a history. Revisions are counted back from the present, so that steps may go. */
export type Step =
  | { readonly type: 'txn'; readonly txn: TxnOp }
  | { readonly type: 'range'; readonly op: RangeOp; readonly back: number }
  | { readonly type: 'grant' | 'revoke'; readonly lease: number }
  | { readonly type: 'compact'; readonly back: number }
  | { readonly type: 'sweep'; readonly versions: number }
  | { readonly type: 'defragment' }
  | { readonly type: 'watch'; readonly back: number; readonly eventsMax: number }
  /** A view of this moment; it is read on in `read-on`, and compared when it ends. */
  | { readonly type: 'freeze' }
  | { readonly type: 'read-on'; readonly slices: number }
  /** A range that is read in steps, while others write; it goes on in `read-on`. */
  | { readonly type: 'long-read'; readonly op: RangeOp; readonly back: number }
  /** The store is replaced: by its snapshot, or by the rows that an etcd file would hold. */
  | { readonly type: 'load' | 'restore' }

const keys: readonly Key[] = ['a', 'b', 'bb', 'c', 'd', 'e', 'f', 'lock/1', 'lock/2', 'm', '\xff']
const ends: readonly (Key | undefined)[] = ['\0', 'c', 'lock0', 'z', undefined]
const leases = [1, 2, 3, 4]

/** Values of every size that has a rule of its own; filled, so that a mix-up is seen. */
function drawValue(prng: Prng, bigRatio: number): Uint8Array {
  const draw = prng.next()
  const length = draw < 0.35 ? 0 : draw < 0.7 ? 1 + prng.below(40) : 200 + prng.below(400)
  const bytes = prng.chance(bigRatio) ? 1_400_000 : length
  return new Uint8Array(bytes).fill(1 + prng.below(255))
}

/** Draws the history of a seed. */
export function drawSteps(prng: Prng, count: number, bigRatio = 0.002): Step[] {
  return Array.from({ length: count }, () => drawStep(prng, bigRatio))
}

/** How often each is drawn; none can be forgotten. */
const weights: Readonly<Record<Step['type'], number>> = {
  txn: 60,
  range: 12,
  grant: 2,
  revoke: 1,
  compact: 2,
  sweep: 12,
  defragment: 0.5,
  watch: 5,
  freeze: 1,
  'long-read': 3,
  'read-on': 5,
  load: 0.3,
  restore: 0.2,
}
const types = Object.keys(weights) as Step['type'][]
const weightOfAll = Object.values(weights).reduce((sum, weight) => sum + weight, 0)

function drawStep(prng: Prng, bigRatio: number): Step {
  let draw = prng.next() * weightOfAll
  const type = types.find(each => {
    draw -= weights[each]
    return draw < 0
  })!
  switch (type) {
    case 'txn':
      return { type, txn: drawTxn(prng, keys, bigRatio, 0) }
    case 'range':
    case 'long-read':
      return { type, op: drawRange(prng), back: prng.below(40) }
    case 'grant':
    case 'revoke':
      return { type, lease: pick(prng, leases) }
    case 'compact':
      return { type, back: prng.chance(0.4) ? 0 : prng.below(60) }
    case 'sweep':
      return { type, versions: prng.chance(0.2) ? 10_000 : 1 + prng.below(8) }
    case 'watch':
      return { type, back: prng.below(60), eventsMax: 1 + prng.below(20) }
    case 'read-on':
      return { type, slices: 1 + prng.below(4) }
    default:
      return { type }
  }
}

/** Both branches write each of their keys at most once, as etcd demands. */
function drawTxn(prng: Prng, allowed: readonly Key[], bigRatio: number, depth: number): TxnOp {
  const compares = Array.from({ length: prng.below(2) }, () => drawCompare(prng))
  const branch = () => drawBranch(prng, allowed, bigRatio, depth)
  return { type: 'txn', compares, success: branch(), failure: compares.length ? branch() : [] }
}

function drawBranch(prng: Prng, allowed: readonly Key[], bigRatio: number, depth: number): Op[] {
  const free = [...allowed]
  const ops: Op[] = []
  for (let left = 1 + prng.below(3); left > 0 && free.length > 0; left--) {
    const at = prng.below(free.length)
    const draw = prng.next()
    if (draw < 0.15) ops.push(drawRange(prng))
    else if (draw < 0.25 && depth < 2 && free.length > 3) {
      const own = free.splice(at, 3)
      ops.push(drawTxn(prng, own, bigRatio, depth + 1))
    } else if (draw < 0.45)
      ops.push(drawDelete(prng, free, at, depth + ops.length === 0 && left === 1))
    else ops.push(drawPut(prng, free.splice(at, 1)[0]!, bigRatio))
  }
  return ops
}

/** A range that is deleted would take keys of other operations: only where it stands alone. */
function drawDelete(prng: Prng, free: Key[], at: number, isAlone: boolean): Op {
  const key = free.splice(at, 1)[0]!
  const rangeEnd = isAlone && prng.chance(0.5) ? pick(prng, ends) : undefined
  if (rangeEnd !== undefined) free.length = 0
  return { type: 'delete', key, rangeEnd, prevKv: prng.chance(0.5) }
}

function drawPut(prng: Prng, key: Key, bigRatio: number): Op {
  const prevKv = prng.chance(0.5)
  if (prng.chance(0.05)) {
    return { type: 'put', key, value: new Uint8Array(0), ignoreValue: true, prevKv }
  }
  const value = key.startsWith('lock') ? new Uint8Array(0) : drawValue(prng, bigRatio)
  if (prng.chance(0.05)) return { type: 'put', key, value, ignoreLease: true, prevKv }
  return { type: 'put', key, value, lease: prng.chance(0.2) ? pick(prng, leases) : 0, prevKv }
}

function drawRange(prng: Prng): RangeOp {
  const maybe = (ratio: number, most: number) => (prng.chance(ratio) ? prng.below(most) : undefined)
  return {
    type: 'range',
    key: pick(prng, keys),
    rangeEnd: pick(prng, ends),
    limit: maybe(0.4, 4),
    keysOnly: prng.chance(0.2),
    countOnly: prng.chance(0.2),
    minModRevision: maybe(0.2, 300),
    maxModRevision: maybe(0.1, 300),
    minCreateRevision: maybe(0.1, 300),
    maxCreateRevision: maybe(0.1, 300),
    ...(prng.chance(0.3) ? { sort: { by: pick(prng, orders), descending: prng.chance(0.5) } } : {}),
  }
}

/** Keys first: orders by what may be equal are stable in ours and left open by etcd. */
const orders = ['key', 'key', 'mod', 'version', 'create', 'value'] as const
const targets = ['version', 'create', 'mod', 'value', 'lease'] as const
const signs = ['=', '!=', '<', '>'] as const

function drawCompare(prng: Prng): Compare {
  const target = pick(prng, targets)
  const operand = target === 'value' ? drawValue(prng, 0) : prng.below(4)
  const rangeEnd = prng.chance(0.3) ? pick(prng, ends) : undefined
  return { key: pick(prng, keys), rangeEnd, target, op: pick(prng, signs), operand }
}

function pick<T>(prng: Prng, of: readonly T[]): T {
  return of[prng.below(of.length)]!
}
