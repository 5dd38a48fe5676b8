/** When something was asked and answered, milliseconds of one monotonic clock. */
export interface Span {
  readonly call: number
  /** Undefined: no answer. */
  readonly end: number | undefined
}

/** The life of one lease with one key, as its only client has seen it. */
export interface LeaseRecord {
  readonly id: string
  readonly key: string
  readonly ttlMs: number
  readonly grant: Span
  /** Those that said that it lives, and those without an answer. */
  readonly renewals: readonly Span[]
  /** Renewals that were told that there is no such lease: when the answer came. */
  readonly refusals: readonly number[]
  /** The client asked for its end. */
  readonly revoke?: Span
  /** Linearizable reads of the key. */
  readonly reads: readonly (Span & { readonly isThere: boolean })[]
}

export interface LeaseBounds {
  /** When the last fault was over. */
  readonly healedAt: number
  /** A lease may take so much longer than its time: an election, the leader's look at it. */
  readonly lateMsMax: number
}

/**
 * A lease's key may go only when its time since the last acknowledged renewal can be over: that
 * took effect after it was asked for. It must go in the end: its time after the last renewal that
 * can have counted, or after everything healed, for an election gives all leases their time again.
 * Once a revocation is acknowledged the key is gone. Returns what does not hold.
 */
export function checkLease(record: LeaseRecord, bounds: LeaseBounds): string[] {
  return [...early(record), ...late(record, bounds), ...afterRevoke(record)]
}

function early({
  id,
  key,
  ttlMs,
  grant,
  renewals,
  refusals,
  revoke,
  reads,
}: LeaseRecord): string[] {
  const gone = [...refusals, ...reads.flatMap(({ isThere, end }) => (isThere ? [] : (end ?? [])))]
  if (gone.length === 0) return []
  const goneAt = Math.min(...gone)
  if (revoke !== undefined && revoke.call <= goneAt) return []
  const answered = [grant, ...renewals].filter(({ end }) => end !== undefined)
  const lives = Math.max(...answered.map(({ call }) => call))
  const leftMs = lives + ttlMs - goneAt
  if (leftMs <= 0) return []
  return [`${key} of lease ${id} was gone with ${leftMs.toFixed(0)} ms left`]
}

function late({ id, key, ttlMs, grant, renewals, reads }: LeaseRecord, bounds: LeaseBounds) {
  const possible = [grant, ...renewals].map(({ call, end }) => end ?? call + bounds.lateMsMax)
  const deadline = Math.max(...possible, bounds.healedAt) + ttlMs + bounds.lateMsMax
  const found = reads.find(({ isThere, call }) => isThere && call > deadline)
  if (found === undefined) return []
  return [`${key} of lease ${id} is there ${(found.call - deadline).toFixed(0)} ms too long`]
}

function afterRevoke({ id, key, revoke, reads }: LeaseRecord): string[] {
  const over = revoke?.end
  if (over === undefined) return []
  const found = reads.some(({ isThere, call }) => isThere && call > over)
  return found ? [`${key} is there after lease ${id} was revoked`] : []
}
