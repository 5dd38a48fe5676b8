import { quantile } from '../kernel/statistics.ts'

/** An acknowledged write as its client saw it. Milliseconds of one clock, as all times here. */
export interface Acknowledgement {
  readonly sentAt: number
  readonly at: number
}

/** What an event cost the people who use the cluster. */
export interface Outage {
  /** The moment of the event. */
  readonly t0: number
  /**
   * `open`: no write that was sent after t0 has been acknowledged yet, and the gap grows.
   * `void`: there is no figure, for the probe itself stood still when it began or ended, or was not
   * there yet, or has forgotten what was then.
   */
  readonly state: 'open' | 'closed' | 'void'
  /** The last acknowledgement before the gap; absent when there was none. */
  readonly lastAt?: number
  /** The acknowledgement that ended the gap. */
  readonly nextAt?: number
  /**
   * Longest time between two acknowledgements around t0, of all writers together; what they felt.
   * Never shorter than what a write that was sent after t0 had to wait for.
   */
  readonly gapMs: number
  /** From t0 to the first acknowledgement of a write that was sent after it. */
  readonly firstMs?: number
  /**
   * How finely the writers saw: acknowledgements came at least this often before, 99 of 100; so
   * long it took after the gap until half of them were through, each in a place of its own; and no
   * more finely than they ran themselves.
   */
  readonly resolutionMs: number
}

/** The time when the probe's own thread should have run and did not. */
export interface Stall {
  readonly at: number
  readonly ms: number
}

/** Before t0: from how often acknowledgements came then, the resolution follows. */
const steadyMs = 2_000
/** A write that takes longer than this has been held up by something. */
const writeMsMax = 500
/** Acknowledgements after which half of the writers are through. */
const throughMin = 4
/** A probe that stood still for longer can't say what happened meanwhile. */
const stallMsMax = 50

/**
 * The gap around `t0`. `acks` in the order of `at`; those of the last two seconds before t0 and all
 * since are needed, and without one before t0 there is no figure. Pure.
 */
export function measureOutage(
  acks: readonly Acknowledgement[],
  t0: number,
  now: number,
  stalls: readonly Stall[] = [],
): Outage {
  const after = firstAfter(acks, t0)
  const { longest, first } = longestUntilFirst(acks, after, t0, now)
  const lastAt = after > 0 || longest.from !== t0 ? longest.from : undefined
  const firstMs = first && first.at - t0
  const half = acks[Math.min(longest.next + throughMin - 2, acks.length - 1)]
  const spread = Math.max(0, (half?.at ?? longest.to) - longest.to)
  const stalled = first ? longestAtEnds(stalls, longest) : 0
  // Nothing is known of how long there had been no write before.
  const isUnknown = first !== undefined && after === 0
  return {
    t0,
    state: stalled > stallMsMax || isUnknown ? 'void' : first ? 'closed' : 'open',
    ...(lastAt !== undefined && { lastAt }),
    ...(first && { nextAt: longest.to, firstMs }),
    gapMs: Math.max(longest.to - longest.from, firstMs ?? 0),
    resolutionMs: Math.max(resolutionBefore(acks, after, t0), first ? spread : 0, stalled),
  }
}

interface Gap {
  readonly from: number
  readonly to: number
  /** Place of the acknowledgement after the one that ended it. */
  readonly next: number
}

/** The longest time without an acknowledgement up to the first of a write sent after `t0`. */
function longestUntilFirst(
  acks: readonly Acknowledgement[],
  after: number,
  t0: number,
  now: number,
): {
  readonly longest: Gap
  readonly first: Acknowledgement | undefined
} {
  let longest: Gap = { from: t0, to: t0, next: acks.length }
  let before = acks[after - 1]?.at
  for (let n = after; n < acks.length; n++) {
    const ack = acks[n]!
    if (before !== undefined && ack.at - before > longest.to - longest.from) {
      longest = { from: before, to: ack.at, next: n + 1 }
    }
    if (ack.sentAt >= t0) return { longest, first: ack }
    before = ack.at
  }
  const from = before ?? t0
  if (now - from > longest.to - longest.from) longest = { from, to: now, next: acks.length }
  return { longest, first: undefined }
}

/** Where those that came after `at` begin. */
function firstAfter(acks: readonly Acknowledgement[], at: number): number {
  let low = 0
  let high = acks.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (acks[middle]!.at <= at) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The longest stall that can have moved an end of the gap. One in its midst has hidden nothing: an
 * answer that had come meanwhile would have been read when it was over, and a write sent then.
 */
function longestAtEnds(
  stalls: readonly Stall[],
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const atEnds = stalls.filter(({ at, ms }) => {
    const isWithin = at > from && at - ms < to
    return isWithin && (at - ms < from + writeMsMax || at > to - writeMsMax)
  })
  return Math.max(0, ...atEnds.map(({ ms }) => ms))
}

/** 99th of the gaps between acknowledgements in the seconds before. */
function resolutionBefore(acks: readonly Acknowledgement[], after: number, t0: number): number {
  const gaps: number[] = []
  for (let n = after - 1; n > 0 && acks[n - 1]!.at >= t0 - steadyMs; n--) {
    gaps.push(acks[n]!.at - acks[n - 1]!.at)
  }
  return quantile(gaps, 0.99)
}
