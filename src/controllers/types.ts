import type { Kind } from '../api/kinds.ts'
import type { KubeObject } from '../api/types.ts'
import type { EventRecorder } from '../client/recorder.ts'
import type { Client, Lister } from '../client/types.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Expectations } from './shared/expectations.ts'

/** `namespace/name`, or `name` for cluster-scoped objects. */
export type Key = string

/** Settings that a cluster's configuration hands down. */
export interface ControllerSettings {
  readonly nodeMonitorGraceMs: number
  readonly podNetwork: string
  /** PEM of the cluster CA, for kube-root-ca.crt. */
  readonly rootCa: string
}

/**
 * What reconcile may use. `client` carries the fence of the term that the leader was elected in.
 */
export interface Context {
  readonly client: Client
  readonly recorder: EventRecorder
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: ControllerSettings
  readonly expectations: Expectations
  lister<T extends KubeObject>(kind: Kind<T>): Lister<T>
  /** The newest revision that the cache of `kind` has reached. */
  cacheRevision(kind: Kind<KubeObject>): number
}

/** Objects whose change makes keys of the controller worth a look. Over-enqueueing is safe. */
export interface WatchRow<T extends KubeObject = KubeObject> {
  readonly kind: Kind<T>
  /** `old` only for updates. */
  keys(object: T, context: Context, old?: T): readonly Key[]
}

/** Requeue after a time, or done until something changes. */
export type Outcome = { readonly requeueAfterMs?: number }
export const done: Outcome = {}

/**
 * A controller is a value: what it watches, and one level-triggered step for one key. The event
 * only says "look at this key"; the truth is read from the cache. A thrown error requeues with
 * back-off. Source of the pattern: sample-controller.
 */
export interface Controller {
  readonly name: string
  readonly workers: number
  // biome-ignore lint/suspicious/noExplicitAny: rows of several kinds stand in one table
  readonly watches: readonly WatchRow<any>[]
  /** Indexes that its listers need. */
  // biome-ignore lint/suspicious/noExplicitAny: indexes of several kinds stand in one table
  readonly indexes?: readonly { kind: Kind<any>; name: string; of: (o: any) => readonly string[] }[]
  reconcile(key: Key, context: Context): Promise<Outcome>
}

/** A row with its object's type checked. */
export function watch<T extends KubeObject>(
  kind: Kind<T>,
  keys: (object: T, context: Context, old?: T) => readonly Key[],
): WatchRow<T> {
  return { kind, keys }
}

/** The key of the object itself. */
export function keyOf(object: KubeObject): Key {
  const { namespace, name = '' } = object.metadata
  return namespace ? `${namespace}/${name}` : name
}

/** Namespace and name of a key. */
export function splitKey(key: Key): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, Math.max(slash, 0)), name: key.slice(slash + 1) }
}
