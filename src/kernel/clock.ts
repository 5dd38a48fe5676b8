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

/** Longest time that Node's timers take; of a longer one they make 1 ms. */
export const timerMsMax = 2 ** 31 - 1

/** The clock of this process. Of a time that is longer than a timer takes it waits for parts. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    let timer: NodeJS.Timeout
    const wait = (left: number) => {
      const rest = left - timerMsMax
      timer = rest > 0 ? setTimeout(() => wait(rest), timerMsMax) : setTimeout(callback, left)
    }
    wait(ms)
    return () => clearTimeout(timer)
  },
  every(ms, callback) {
    if (ms <= timerMsMax) {
      const timer = setInterval(callback, ms)
      return () => clearInterval(timer)
    }
    let cancel: Cancel
    const next = () => {
      cancel = systemClock.after(ms, () => {
        next()
        callback()
      })
    }
    next()
    return () => cancel()
  },
}

/** Resolves after `ms`, or rejects with the signal's reason when it aborts first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = systemClock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** What `promise` gives, or undefined when it takes longer than `ms`. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let cancel: Cancel = () => {}
  const late = new Promise<undefined>(resolve => {
    cancel = systemClock.after(ms, () => resolve(undefined))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    cancel()
  }
}
