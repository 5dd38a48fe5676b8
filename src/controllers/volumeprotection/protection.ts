import type { Kind } from '../../api/kinds.ts'
import type { KubeObject } from '../../api/types.ts'
import { ignoring } from '../shared/ignoring.ts'
import {
  type Context,
  type Controller,
  done,
  keyOf,
  type Outcome,
  splitKey,
  type WatchRow,
  watch,
} from '../types.ts'

/** What keeps objects of a kind as long as somebody uses them. */
export interface Protection<T extends KubeObject> {
  readonly name: string
  readonly kind: Kind<T>
  readonly finalizer: string
  /** Whose changes may end the use of an object. */
  // biome-ignore lint/suspicious/noExplicitAny: users are of several kinds
  readonly users: readonly WatchRow<any>[]
  isUsed(object: T, context: Context): boolean | Promise<boolean>
}

/**
 * Takes the finalizer off what is to go and is not used any more; what came to be without it gets
 * it. Source: kubernetes pkg/controller/volume/{pvc,pv,vac}protection.
 */
export function protectionOf<T extends KubeObject>(protection: Protection<T>): Controller {
  const { name, kind, finalizer, users } = protection
  const isLooked = ({ metadata }: T) =>
    (metadata.finalizers ?? []).includes(finalizer) === Boolean(metadata.deletionTimestamp)
  return {
    name,
    workers: 1,
    watches: [watch(kind, object => (isLooked(object) ? [keyOf(object)] : [])), ...users],
    reconcile: (key, context) => reconcile(protection, key, context),
  }
}

async function reconcile<T extends KubeObject>(
  { kind, finalizer, isUsed }: Protection<T>,
  key: string,
  context: Context,
): Promise<Outcome> {
  const { namespace, name } = splitKey(key)
  const object = context.lister(kind).get(namespace || undefined, name)
  if (object === undefined) return done
  const { finalizers = [], deletionTimestamp } = object.metadata
  const has = finalizers.includes(finalizer)
  if (has !== Boolean(deletionTimestamp)) return done
  if (has && (await isUsed(object, context))) return done
  const left = has ? finalizers.filter(each => each !== finalizer) : [...finalizers, finalizer]
  const next = { ...object, metadata: { ...object.metadata, finalizers: left } }
  await ignoring(['NotFound'], context.client.update(kind, next))
  return done
}
