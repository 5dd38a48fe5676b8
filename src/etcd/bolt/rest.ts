/** Lets others run if they could not for a while; to be awaited between slices of work. */
export type Rest = () => Promise<void>

/** Milliseconds of work after which others run: with a slice of 1-2 ms on top it stays below 5. */
const workMs = 2

export function createRest(): Rest {
  let began = performance.now()
  return async () => {
    if (performance.now() - began < workMs) return
    await new Promise<void>(resolve => setImmediate(resolve))
    began = performance.now()
  }
}
