import type { Clock } from '../../../src/kernel/clock.ts'

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  advance(ms: number): void
  /** Moves to the next timer and runs it. */
  runNext(): void
  readonly pending: number
}

interface Timer {
  at: number
  readonly callback: () => void
  readonly everyMs?: number
}

export function fakeClock(wallStart = Date.UTC(2026, 0, 1)): FakeClock {
  let now = 0
  const timers = new Set<Timer>()
  const add = (timer: Timer) => {
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  const next = () => [...timers].sort((a, b) => a.at - b.at)[0]
  const fire = (timer: Timer) => {
    now = Math.max(now, timer.at)
    if (timer.everyMs) timer.at += timer.everyMs
    else timers.delete(timer)
    timer.callback()
  }
  return {
    now: () => now,
    wall: () => wallStart + now,
    after: (ms, callback) => add({ at: now + ms, callback }),
    every: (ms, callback) => add({ at: now + ms, callback, everyMs: ms }),
    get pending() {
      return timers.size
    },
    runNext() {
      const timer = next()
      if (timer) fire(timer)
    },
    advance(ms) {
      const end = now + ms
      for (let timer = next(); timer && timer.at <= end; timer = next()) fire(timer)
      now = end
    },
  }
}
