/** Lets others run if they could not for a while; to be awaited between slices of work. */
export type Rest = () => Promise<void>

/** Milliseconds of work after which others run: with a slice and a collection on top it is 2-4. */
const workMs = 1

export function createRest(): Rest {
  let began = performance.now()
  return async () => {
    if (performance.now() - began < workMs) return
    await new Promise<void>(resolve => setImmediate(resolve))
    began = performance.now()
  }
}
