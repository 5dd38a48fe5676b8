import { type Kind, kinds } from '../../api/kinds.ts'
import { isStatusReason } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import {
  type Context,
  type Controller,
  type ControllerSettings,
  done,
  type Outcome,
  watch,
} from '../types.ts'

/**
 * A controller that keeps one object in every active namespace: made when missing, put right when
 * it was changed. The key is the namespace.
 */
export function ensureInNamespace<T extends KubeObject>(row: {
  readonly name: string
  readonly kind: Kind<T>
  /** Name of the object. */
  readonly object: string
  readonly build: (namespace: string, settings: ControllerSettings) => T
  readonly matches: (object: T, settings: ControllerSettings) => boolean
}): Controller {
  const reconcile = async (name: string, context: Context): Promise<Outcome> => {
    const namespace = context.lister(kinds.namespaces).get(undefined, name)
    if (!namespace || namespace.metadata.deletionTimestamp) return done
    const existing = context.lister(row.kind).get(name, row.object)
    const wanted = row.build(name, context.settings)
    try {
      if (!existing) await context.client.create(row.kind, wanted)
      else if (!row.matches(existing, context.settings)) {
        await context.client.update(row.kind, {
          ...existing,
          ...wanted,
          metadata: existing.metadata,
        })
      }
    } catch (error) {
      // Made by somebody in between: the next event tells.
      if (!isStatusReason(error, 'AlreadyExists')) throw error
    }
    return done
  }
  return {
    name: row.name,
    workers: 2,
    watches: [
      watch(kinds.namespaces, namespace => [namespace.metadata.name ?? '']),
      watch(row.kind, object =>
        object.metadata.name === row.object ? [object.metadata.namespace ?? ''] : [],
      ),
    ],
    reconcile,
  }
}
