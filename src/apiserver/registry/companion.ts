import type { Compare, Op } from '../../mvcc/types.ts'

/** Operations that must be in the same transaction as a write: allocations, for example. */
export interface Companion {
  readonly compares: readonly Compare[]
  readonly operations: readonly Op[]
}

/** Of a write that goes alone. */
export const noCompanion: Companion = { compares: [], operations: [] }
