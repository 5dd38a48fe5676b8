import type { LeaseId } from '../mvcc/types.ts'
import type { WideInt } from '../store/etcd/rpc/reader.ts'

/** A member's or cluster's ID, 16 hex digits in the store, as etcd's uint64. */
export function idToWire(id: string): bigint {
  return /^[0-9a-f]{1,16}$/i.test(id) ? BigInt(`0x${id}`) : 0n
}

export function idFromWire(id: bigint): string {
  return id.toString(16).padStart(16, '0')
}

/** A lease's ID as the store has it, or undefined when the store can't have such a lease. */
export function leaseFromWire(id: WideInt): LeaseId | undefined {
  return typeof id === 'number' && id >= 0 ? id : undefined
}
