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
   * `void`: the probe itself stood still meanwhile, and has no figure.
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
  /** How finely the writers saw: acknowledgements came at least this often before, 99 of 100. */
  readonly resolutionMs: number
}

/** The time when the probe's own thread should have run and did not. */
export interface Stall {
  readonly at: number
  readonly ms: number
}

/** Before t0: from how often acknowledgements came then, the resolution follows. */
const steadyMs = 2_000
/** A probe that stood still for longer can't say what happened meanwhile. */
const stallMsMax = 50

/**
 * The gap around `t0`. `acks` in the order of `at`; those of the last two seconds before t0 and all
 * since are needed. Pure.
 */
export function measureOutage(
  acks: readonly Acknowledgement[],
  t0: number,
  now: number,
  stalls: readonly Stall[] = [],
): Outage {
  const first = acks.find(ack => ack.sentAt >= t0)
  const end = first?.at ?? now
  let lastAt: number | undefined
  let longest: { readonly from: number; readonly to: number } = { from: t0, to: t0 }
  let before: number | undefined
  for (const { at } of acks) {
    if (at > end) break
    if (before !== undefined && at > t0 && at - before > longest.to - longest.from) {
      longest = { from: before, to: at }
    }
    before = at
  }
  if (first === undefined) {
    const from = Math.max(before ?? t0, 0)
    if (now - from > longest.to - longest.from) longest = { from, to: now }
  }
  if (longest.from !== t0 || before !== undefined) lastAt = longest.from
  const firstMs = first && first.at - t0
  const gapMs = Math.max(longest.to - longest.from, firstMs ?? 0)
  const stalled = stalls.some(stall => stall.ms > stallMsMax && overlaps(stall, longest))
  return {
    t0,
    state: stalled ? 'void' : first ? 'closed' : 'open',
    ...(lastAt !== undefined && { lastAt }),
    ...(first && { nextAt: longest.to, firstMs }),
    gapMs,
    resolutionMs: resolutionBefore(acks, t0),
  }
}

function overlaps(stall: Stall, gap: { readonly from: number; readonly to: number }): boolean {
  return stall.at > gap.from && stall.at - stall.ms < gap.to
}

/** 99th of the gaps between acknowledgements in the seconds before. */
function resolutionBefore(acks: readonly Acknowledgement[], t0: number): number {
  const gaps: number[] = []
  let before: number | undefined
  for (const { at } of acks) {
    if (at > t0) break
    if (at < t0 - steadyMs) continue
    if (before !== undefined) gaps.push(at - before)
    before = at
  }
  gaps.sort((left, right) => left - right)
  return gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * 0.99))] ?? 0
}

/** The middle one, of an even number the mean of both in the middle; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}
