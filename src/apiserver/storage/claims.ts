/** Something that only one object can have: an address, a port. A key of its own says who. */
export interface Claim {
  readonly key: string
  readonly value: Uint8Array
}

/**
 * What an object claims and gives back with a write, in the same transaction: so no two peers give
 * out the same, and none is lost when a peer dies between two writes.
 */
export interface Claims {
  readonly taken: readonly Claim[]
  /** Keys. */
  readonly released: readonly string[]
}

/** Of an object that has nothing for itself alone. */
export const noClaims: Claims = { taken: [], released: [] }
