/**
 * Thrown when an invariant is broken. It ends what it was thrown in: one connection or one piece of
 * background work, where that has a boundary of its own, and otherwise the process, whose state
 * can't be trusted. See ARCHITECTURE.md, "Disk".
 */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/**
 * States an invariant. An expected failure is a typed result or a `Status`, never an assert.
 * @throws AssertionError when `condition` is false.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** The value, or an AssertionError when it is missing: for look-ups that can't miss. */
export function must<T>(value: T | null | undefined, message: string): T {
  assert(value !== null && value !== undefined, message)
  return value
}
