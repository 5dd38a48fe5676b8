/** What the witness has noted; wall clock, milliseconds. */
export interface Witnessed {
  /** In the order in which they were acknowledged. */
  readonly acks: readonly { readonly sentAt: number; readonly at: number }[]
  readonly stalls: readonly { readonly from: number; readonly to: number }[]
}

/** The gap around an event, as the witness felt it. */
export interface WitnessGap {
  /** `void`: the witness stood still meanwhile; `open`: nothing sent after the event got through. */
  readonly state: 'closed' | 'open' | 'void'
  readonly from: number
  readonly to: number
  readonly gapMs: number
  /** From the event to the first acknowledgement of a write that was sent after it. */
  readonly firstMs: number
  /**
   * 99 of 100 acknowledgements in the two seconds before came within this, and after the gap those
   * of half of the writers.
   */
  readonly resolutionMs: number
}

const steadyMs = 2_000
const halfOfTheWriters = 4

/** Reads the lines of the witness; an unfinished last one is left out. */
export function readWitness(text: string): Witnessed {
  const acks: { sentAt: number; at: number }[] = []
  const stalls: { from: number; to: number }[] = []
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const [what, first, second] = line.split(' ')
    if (what === 'ack') acks.push({ sentAt: Number(first), at: Number(second) })
    if (what === 'stall') stalls.push({ from: Number(first), to: Number(second) })
  }
  acks.sort((left, right) => left.at - right.at)
  return { acks, stalls }
}

/**
 * The longest time without an acknowledgement that ends after `t0` and no later than the first
 * acknowledgement of a write that was sent after it. Written for itself: it shares nothing with
 * what it judges.
 */
export function gapAround(witnessed: Witnessed, t0: number): WitnessGap {
  const { acks, stalls } = witnessed
  const ending = acks.findIndex(({ sentAt }) => sentAt >= t0)
  const last = acks.at(-1)?.at ?? t0
  const until = ending < 0 ? acks.length - 1 : ending
  let from = t0
  let to = t0
  for (let n = 1; n <= until; n++) {
    const [left, right] = [acks[n - 1]!.at, acks[n]!.at]
    if (right > t0 && right - left > to - from) [from, to] = [left, right]
  }
  const through = acks
    .filter(({ at }) => at >= to)
    .slice(0, halfOfTheWriters)
    .at(-1)
  const firstMs = (acks[ending]?.at ?? last) - t0
  const isVoid = stalls.some(stall => stall.to > from && stall.from < to)
  return {
    ...{ from, to, firstMs },
    state: ending < 0 ? 'open' : isVoid ? 'void' : 'closed',
    gapMs: Math.max(to - from, firstMs),
    resolutionMs: Math.max(steadyResolution(acks, t0), through === undefined ? 0 : through.at - to),
  }
}

function steadyResolution(acks: Witnessed['acks'], t0: number): number {
  const times = acks.map(({ at }) => at).filter(at => at >= t0 - steadyMs && at <= t0)
  const gaps = times.slice(1).map((at, n) => at - times[n]!)
  gaps.sort((left, right) => left - right)
  return gaps[Math.ceil(gaps.length * 0.99) - 1] ?? 0
}
