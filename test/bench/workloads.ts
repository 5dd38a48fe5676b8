import { sleep } from '../../src/kernel/clock.ts'
import type { Op, PutOp } from '../../src/mvcc/types.ts'
import * as rpc from '../../src/store/etcd/rpc/kv.ts'
import type { Store, TxnRequest } from '../../src/store/types.ts'
import type { LeanSession } from './lean/session.ts'
import type { Perform } from './measure.ts'

/** What is asked of both systems, in the same words over gRPC and directly of our store. */
export const workloads = ['put', 'read', 'serializable', 'txn'] as const
export type Workload = (typeof workloads)[number]
/** `mixed` is what a store has to keep its memory flat under: see `mixedOps`. */
export type InsideWorkload = Workload | 'mixed'

/** Bytes of a value. */
export const valueBytes = 256
const value = Buffer.alloc(valueBytes, 'v')
/** Keys of each writer, unless it is said otherwise. */
const usualKeys = 1_000

const keyOf = (writer: number, n: number, keys = usualKeys) => `bench/${writer}/${n % keys}`

/** The store of this process, as the API server uses it. `keys`: of each writer. */
export function overStore(store: Store, workload: InsideWorkload, keys?: number): Perform {
  const put = (key: string) => ({ type: 'put', key, value }) as const
  const isUnset = (key: string) => ({ key, target: 'version', op: '>', operand: -1 }) as const
  const requests: Readonly<
    Record<InsideWorkload, (key: string, n: number) => Promise<{ readonly ok: boolean }>>
  > = {
    mixed: (key, n) => store.txn(mixedOps(key, n)),
    put: key => store.txn({ compares: [], success: [put(key)], failure: [] }),
    read: key => store.range({ type: 'range', key }),
    serializable: key => store.range({ type: 'range', key }, { serializable: true }),
    txn: key => store.txn({ compares: [isUnset(key)], success: [put(key)], failure: [] }),
  }
  return async (writer, n) => (await requests[workload](keyOf(writer, n, keys), n)).ok
}

const empty = Buffer.alloc(0)
const large = Buffer.alloc(200_000, 'l')

/**
 * Of a hundred writes: a lock (an empty value) taken or given up 30 times, 15 keys deleted, 10 small
 * ranges, a large value; the others are puts.
 */
function mixedOps(key: string, n: number): TxnRequest {
  const draw = (n * 37) % 100
  const always = (...success: Op[]): TxnRequest => ({ compares: [], success, failure: [] })
  if (draw < 30) {
    const lock = `${key}/lock`
    return {
      compares: [{ key: lock, target: 'create', op: '=', operand: 0 }],
      success: [{ type: 'put', key: lock, value: empty }],
      failure: [{ type: 'delete', key: lock }],
    }
  }
  if (draw < 45) return always({ type: 'delete', key, prevKv: true })
  if (draw < 55) return always({ type: 'delete', key: `${key.slice(0, -1)}`, rangeEnd: key })
  return always({ type: 'put', key, value: draw === 55 && n % 10 === 0 ? large : value })
}

/** etcd's gRPC API, over several connections. */
export function overGrpc(sessions: readonly LeanSession[], workload: Workload): Perform {
  const kv = '/etcdserverpb.KV'
  const put = (key: string) => ({ key, value })
  const requests: Readonly<Record<Workload, (key: string) => readonly [string, Buffer]>> = {
    put: key => [`${kv}/Put`, rpc.putRequest.encode(put(key))],
    read: key => [`${kv}/Range`, rpc.rangeRequest.encode({ key })],
    serializable: key => [`${kv}/Range`, rpc.rangeRequest.encode({ key, serializable: true })],
    txn: key => [`${kv}/Txn`, txnMessage(key, put(key))],
  }
  return async (writer, n) => {
    const [path, message] = requests[workload](keyOf(writer, n))
    await sessions[writer % sessions.length]!.unary(path, message)
    return true
  }
}

/** Puts if the key's version is above -1: always, after a look. */
function txnMessage(key: string, put: { readonly key: string; readonly value: Buffer }): Buffer {
  const compare = {
    key,
    target: rpc.compareTargets.indexOf('version'),
    result: rpc.compareResults.indexOf('>'),
    version: -1,
  }
  return rpc.txnRequest.encode({ compare: [compare], success: [{ requestPut: put }] })
}

/** Key number `n` of the benchmarks with many keys. */
export function manyKeyOf(n: number): string {
  return `keys/${String(n % 997).padStart(3, '0')}/${String(n).padStart(10, '0')}`
}

/** Puts of one transaction, and transactions under way, while keys are loaded. */
const loadOps = 50
const loadOutstanding = 32

/**
 * Writes keys [from, to) as transactions of fifty puts; one that fails is tried again.
 * @throws Error when the store refuses one many times.
 */
export async function loadKeys(
  { from, to }: { readonly from: number; readonly to: number },
  write: (ops: readonly PutOp[]) => Promise<{ readonly ok: boolean }>,
): Promise<void> {
  let next = from
  const loop = async () => {
    while (next < to) {
      const begin = next
      next = Math.min(to, next + loadOps)
      const ops: PutOp[] = []
      for (let n = begin; n < next; n++) ops.push({ type: 'put', key: manyKeyOf(n), value })
      for (let attempt = 0; !(await write(ops).catch(() => failed)).ok; attempt++) {
        if (attempt === 100) throw new Error('the store takes no more keys')
        await sleep(50)
      }
    }
  }
  await Promise.all(Array.from({ length: loadOutstanding }, loop))
}

const failed = { ok: false }

/** As loadKeys' `write`, over etcd's API. */
export function writeOverGrpc(sessions: readonly LeanSession[]) {
  let at = 0
  return async (ops: readonly PutOp[]) => {
    const success = ops.map(({ key, value }) => ({ requestPut: { key, value } }))
    const request = rpc.txnRequest.encode({ compare: [], success, failure: [] })
    await sessions[at++ % sessions.length]!.unary('/etcdserverpb.KV/Txn', request)
    return { ok: true }
  }
}
