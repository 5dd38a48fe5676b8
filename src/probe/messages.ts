import type { NamedOutage } from './outages.ts'
import type { ProbeReport, Verdict } from './types.ts'

/** What a probe's thread is started with. */
export interface ProbeThreadOptions {
  /** `https://host:port`: one, of the load balancer, as users have it. */
  readonly server: string
  /** PEM texts of the administrator. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
  readonly namespace: string
  readonly id: string
  readonly userAgent: string
  readonly writers: number
  readonly periodMs: number
}

/** To the thread. */
export type ToProbe =
  | { readonly type: 'event'; readonly id: string; readonly t0: number }
  | { readonly type: 'judge'; readonly call: number }
  | { readonly type: 'prune' }
  /** The last state was seen: there may be another. */
  | { readonly type: 'seen' }
  /** Ends the writers; with `remove` what they made goes as well. */
  | { readonly type: 'stop'; readonly remove: boolean }

/** What the probe has seen so far. */
export interface ProbeState {
  readonly state: 'starting' | 'running' | 'failed'
  readonly error?: string
  readonly report: ProbeReport
  readonly outages: readonly NamedOutage[]
}

/** From the thread. */
export type FromProbe =
  | ({ readonly type: 'state' } & ProbeState)
  | {
      readonly type: 'verdict'
      readonly call: number
      readonly verdict?: Verdict
      readonly error?: string
    }
  | { readonly type: 'stopped' }
