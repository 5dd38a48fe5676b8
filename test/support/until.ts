import { sleep } from '../../src/kernel/clock.ts'

/** Polls until `condition` gives something true; the deadline is the only time in a test. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 10_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  while (performance.now() < deadline) {
    try {
      const value = await condition()
      if (value) return value as NonNullable<T>
    } catch (error) {
      last = error
    }
    await sleep(20)
  }
  throw new Error(`not within ${timeoutMs} ms: ${what}${last ? ` (${String(last)})` : ''}`)
}
