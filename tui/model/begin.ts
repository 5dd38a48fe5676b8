import { faultText } from '../../src/admin/events.ts'
import type { FaultName } from '../../src/admin/types.ts'
import type { NamedOutage } from '../../src/probe/outages.ts'
import type { Failover, FaultMark, Model } from './types.ts'

/** A change of leadership this long after a fault is not the fault's doing. */
export const faultReachMs = 15_000

/** `peer-1 killed`. */
export function causeOf({ type, peers }: FaultMark): string {
  return faultText({ fault: type, peers })
}

/** The faults that each repair is of. */
const repairs: Partial<Readonly<Record<FaultName, readonly FaultName[]>>> = {
  heal: ['partition', 'slow'],
  resume: ['pause'],
  restart: ['kill', 'pause'],
}

/**
 * Of all faults that can have had a part in what began at `from`, in their order: what had been
 * repaired by then has had none, and repairs have none either, unless it is what it began with.
 */
export function causesOf(model: Model, from: number, until: number): string {
  const standing: FaultMark[] = []
  for (const mark of model.faults) {
    if (mark.at < from - faultReachMs || mark.at > until) continue
    const repaired = repairs[mark.type]
    if (repaired === undefined || mark.at === from) standing.push(mark)
    else if (mark.at < from) {
      const kept = standing.filter(each => !repaired.includes(each.type) || !isOf(mark, each))
      standing.splice(0, standing.length, ...kept)
    }
  }
  return standing.map(causeOf).join('; ')
}

/** Whether a repair is of somebody whom that fault has hit; without peers it is of all. */
function isOf(repair: FaultMark, { peers }: FaultMark): boolean {
  return repair.peers.length === 0 || peers.some(peer => repair.peers.includes(peer))
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

/** One that was heard of when a later one had been told: it takes its place, not the screen. */
export function addOlder(model: Model, told: Omit<Failover, 'number' | 'at' | 'done'>): Model {
  const number = model.failoverCount + 1
  const history = [...model.history, { ...told, number, at: {}, done: true }]
  history.sort((left, right) => left.startedAt - right.startedAt)
  return { ...model, failoverCount: number, history: history.slice(-100) }
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
