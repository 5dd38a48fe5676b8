import { must } from '../../kernel/assert.ts'
import type { LeaseId } from '../../mvcc/types.ts'
import type { RenamedLease } from './types.ts'

/**
 * Our leases' IDs keep within 2^53; etcd draws its own from 63 bits, and clients may give any of
 * 64. IDs that fit stay. The others, in ascending order, get their low 53 bits, or the next number
 * that is free: no two leases of a file become one, and one file always gives the same numbers.
 */
export class LeaseNames {
  readonly renamed: readonly RenamedLease[]
  readonly #wide = new Map<bigint, LeaseId>()

  /** All IDs of a file: in its leases and in its rows, whose leases may be long gone. */
  constructor(small: ReadonlySet<LeaseId>, wide: ReadonlySet<bigint>) {
    const taken = new Set(small)
    const renamed: RenamedLease[] = []
    for (const id of [...wide].sort((left, right) => (left < right ? -1 : 1))) {
      let to = Number(BigInt.asUintN(53, id))
      while (to === 0 || taken.has(to)) to = to === Number.MAX_SAFE_INTEGER ? 1 : to + 1
      taken.add(to)
      this.#wide.set(id, to)
      renamed.push({ from: BigInt.asUintN(64, id).toString(16), to })
    }
    this.renamed = renamed
  }

  of(id: LeaseId | bigint): LeaseId {
    return typeof id === 'number' ? id : must(this.#wide.get(id), 'a lease without a name')
  }
}

/** The IDs that a file has, as they are met. */
export class LeaseIds {
  readonly small = new Set<LeaseId>()
  readonly wide = new Set<bigint>()

  add(id: LeaseId | bigint): void {
    if (typeof id === 'bigint') this.wide.add(id)
    else if (id !== 0) this.small.add(id)
  }
}

/** An int64 as rows have it: a number when it is one of ours, else a bigint. */
export function leaseIdOf(id: bigint): LeaseId | bigint {
  const number = Number(id)
  return id >= 0n && Number.isSafeInteger(number) ? number : id
}
