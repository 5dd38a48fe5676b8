/**
 * What the log stores. The same shapes as in src/raft/types.ts, stated here because folders of one
 * layer don't know each other: the compiler sees in src/store that they agree.
 */

/** Position in the log; the first entry is 1. */
export type Index = number

export type EntryKind = 'noop' | 'command' | 'config'

export interface Entry {
  readonly index: Index
  readonly term: number
  readonly kind: EntryKind
  readonly data: Uint8Array
}

/** Term, vote and commit index of a member. */
export interface HardState {
  readonly term: number
  readonly vote: string | null
  readonly commit: Index
}
