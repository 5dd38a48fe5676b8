/** Cancels a timer; calling it twice is harmless. */
export type Cancel = () => void

/** Time as an argument, so that the simulator can own it. All times in milliseconds. */
export interface Clock {
  /** Monotonic, from an arbitrary origin: for intervals and deadlines. */
  now(): number
  /** Wall clock, milliseconds since the epoch: for timestamps that people read. */
  wall(): number
  /** Runs `callback` once after `ms`. */
  after(ms: number, callback: () => void): Cancel
  /** Runs `callback` each `ms` until cancelled. */
  every(ms: number, callback: () => void): Cancel
}

/** The clock of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
  every(ms, callback) {
    const timer = setInterval(callback, ms)
    return () => clearInterval(timer)
  },
}

/** Resolves after `ms`, or rejects with the signal's reason when it aborts first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
