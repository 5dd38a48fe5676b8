import { faultText } from '../../src/admin/events.ts'
import type { NamedOutage } from '../../src/probe/outages.ts'
import type { Failover, FaultMark, Model } from './types.ts'

/** A change of leadership this long after a fault is not the fault's doing. */
export const faultReachMs = 15_000

/** `peer-1 killed`. */
export function causeOf({ type, peers }: FaultMark): string {
  return faultText({ fault: type, peers })
}

/** Of all faults that can have had a part in it, in their order. */
export function causesOf(model: Model, from: number, until: number): string {
  return model.faults
    .filter(({ at }) => at >= from - faultReachMs && at <= until)
    .map(causeOf)
    .join('; ')
}

/** The next failover; what comes before an open outage is over is told with that. */
export function begin(model: Model, start: Omit<Failover, 'number' | 'at' | 'done'>): Model {
  const number = model.failoverCount + 1
  const { failover, history } = model
  // What comes before the last one is over is told, but it can't be measured apart from it.
  if (failover && !failover.done && failover.outage?.state === 'open') return model
  const left = failover && !failover.done ? [...history, { ...failover, done: true }] : history
  const begun = { ...start, number, at: {}, done: false }
  return { ...model, failover: begun, failoverCount: number, history: left.slice(-100) }
}

/** The history without what is under way. */
export function without({ history, failover }: Model): readonly Failover[] {
  return history.filter(({ number }) => number !== failover?.number)
}

/** Whether that is the name of a gap that nobody had announced. */
export function isGap(id: string): boolean {
  return id.startsWith('gap-')
}

/** Whether a moment lies in an outage. */
export function covers(outage: NamedOutage | undefined, at: number, now: number): boolean {
  if (!outage) return false
  const { t0, lastAt = t0, nextAt = now } = outage
  return Math.min(t0, lastAt) <= at && at <= nextAt
}
