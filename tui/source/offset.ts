import type { ClusterEvent } from '../../src/admin/types.ts'

const answersMax = 8

/**
 * How far another clock is ahead of ours, from when it was asked and when its answer came: the
 * quickest of the last answers counts, for it says most exactly when it was given. A difference
 * that the journey alone could make is none.
 */
export class ClockOffset {
  #answers: { readonly rttMs: number; readonly offsetMs: number }[] = []

  /** All by wall clocks, milliseconds: ours when asking and hearing, theirs in between. */
  answered(askedAt: number, theirs: number, heardAt: number): void {
    const rttMs = Math.max(0, heardAt - askedAt)
    const offsetMs = theirs - (askedAt + heardAt) / 2
    this.#answers = [...this.#answers.slice(1 - answersMax), { rttMs, offsetMs }]
  }

  get ms(): number {
    const [best] = [...this.#answers].sort((left, right) => left.rttMs - right.rttMs)
    if (best === undefined) return 0
    // Wall clocks are read in whole milliseconds.
    return Math.abs(best.offsetMs) <= best.rttMs / 2 + 1 ? 0 : best.offsetMs
  }

  /** An event of that clock by ours. */
  ours(event: ClusterEvent): ClusterEvent {
    const { ms } = this
    if (ms === 0) return event
    const { data } = event
    const moved = data?.type === 'fault' ? { ...data, t0: data.t0 - ms } : data
    return { ...event, at: event.at - ms, ...(moved && { data: moved }) }
  }
}
