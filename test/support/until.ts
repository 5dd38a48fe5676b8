import { sleep } from '../../src/kernel/clock.ts'

/**
 * Polls until `condition` gives something true; the deadline is the only time in a test. What it
 * throws may be the very thing that is waited for to end, and is kept for the message; an error of
 * the test's own making is not, and ends the waiting.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 10_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  do {
    try {
      const value = await condition()
      if (value) return value as NonNullable<T>
      last = undefined
    } catch (error) {
      if (isMistake(error)) throw error
      last = error
    }
    await sleep(20)
  } while (performance.now() < deadline)
  const text = last === undefined ? '' : ` (${String(last)})`
  throw new Error(`not within ${timeoutMs} ms: ${what}${text}`, { cause: last })
}

/** Of the language, not of what is tested: `fetch failed` is a TypeError too, with a cause. */
function isMistake(error: unknown): boolean {
  if (error instanceof ReferenceError || error instanceof SyntaxError) return true
  return error instanceof TypeError && error.cause === undefined
}
