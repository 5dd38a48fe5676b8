import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'

/** One API server behind the load balancer. */
export interface Backend {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** What a health check found: `unready` answers, but should not get connections now. */
export type Health = { readonly state: 'ready' | 'unready'; readonly isLeader?: boolean }

/** Asks one backend. A rejection, or no answer in time, means that it is down. */
export type HealthProbe = (backend: Backend, signal: AbortSignal) => Promise<Health>

export interface HealthCheckOptions {
  /** Between two checks of a backend that is up; default 500 ms. */
  readonly intervalMs?: number
  /** Between two checks of one that is down; default 200 ms. */
  readonly retryMs?: number
  /** Longest wait for an answer; default 1,000 ms. */
  readonly timeoutMs?: number
  /** Failed checks in a row after which a backend is down; default 2. */
  readonly fall?: number
  /** Default: `tlsProbe`. */
  readonly probe?: HealthProbe
}

export interface LoadBalancerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly backends: readonly Backend[]
  /** Names in the order of preference (followers first); overrides what health checks know. */
  readonly preferred?: () => readonly string[]
  readonly logger: Logger
  readonly clock?: Clock
  readonly healthCheck?: HealthCheckOptions
  /** Longest wait for a backend to take a connection; default 500 ms. */
  readonly connectTimeoutMs?: number
  /** Connections at one time; default 10,000. */
  readonly connectionsMax?: number
}
