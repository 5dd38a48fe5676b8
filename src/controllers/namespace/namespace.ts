import { type Kind, kinds } from '../../api/kinds.ts'
import type { Namespace, NamespaceCondition } from '../../api/objects.ts'
import { builtIn } from '../../api/resources/table.ts'
import { isStatusReason } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { errorMessage } from '../../kernel/result.ts'
import { ignoring } from '../shared/ignoring.ts'
import { formatTime } from '../shared/time.ts'
import { type Context, type Controller, done, type Outcome, watch } from '../types.ts'

const finalizer = 'kubernetes'
/** Content goes at its own pace: pods have a grace period. */
const retryMs = 200

/** What lives in namespaces; pods first, so that nothing they use goes before them. */
const contents: readonly Kind<KubeObject>[] = [
  kinds.pods,
  ...builtIn.filter(
    row => row.namespaced && row.resource !== 'pods' && row.verbs.includes('deletecollection'),
  ),
]

/** Empties a terminating namespace and lets it go. Source: pkg/controller/namespace. */
export const namespace: Controller = {
  name: 'namespace',
  workers: 2,
  watches: [
    watch(kinds.namespaces, object =>
      object.metadata.deletionTimestamp ? [object.metadata.name ?? ''] : [],
    ),
  ],
  reconcile,
}

async function reconcile(name: string, context: Context): Promise<Outcome> {
  const found = context.lister(kinds.namespaces).get(undefined, name)
  if (!found?.metadata.deletionTimestamp) return done
  if (!(found.spec?.finalizers ?? []).includes(finalizer)) return done
  const left: KubeObject[] = []
  for (const kind of contents) {
    const remaining = await emptyOf(kind, name, context)
    left.push(...remaining)
    // Ordered deletion: what pods use stays until they are gone.
    if (kind.resource === 'pods' && remaining.length > 0) break
  }
  if (left.length > 0) {
    await reportRemaining(found, left, context)
    return { requeueAfterMs: retryMs }
  }
  const finalizers = (found.spec?.finalizers ?? []).filter(each => each !== finalizer)
  await ignoring(
    ['NotFound'],
    context.client.update(
      kinds.namespaces,
      { ...found, spec: { ...found.spec, finalizers } },
      { subresource: 'finalize' },
    ),
  )
  return done
}

/** Deletes all of a kind; returns what is still there. */
async function emptyOf(
  kind: Kind<KubeObject>,
  namespaceName: string,
  context: Context,
): Promise<readonly KubeObject[]> {
  const before = await context.client.list(kind, { namespace: namespaceName })
  const results = await Promise.allSettled(
    before.items
      .filter(object => !object.metadata.deletionTimestamp)
      .map(object => {
        const { name = '', uid } = object.metadata
        return context.client.delete(kind, namespaceName, name, {
          propagationPolicy: 'Background',
          preconditions: { uid },
        })
      }),
  )
  for (const result of results) {
    if (result.status === 'fulfilled' || isStatusReason(result.reason, 'NotFound')) continue
    context.logger.info('namespace content not deleted', {
      namespace: namespaceName,
      resource: kind.resource,
      error: errorMessage(result.reason),
    })
  }
  if (before.items.length === 0) return []
  return (await context.client.list(kind, { namespace: namespaceName })).items
}

/** Says what is in the way, as conditions. Source: namespaced_resources_deleter.go. */
async function reportRemaining(
  found: Namespace,
  left: readonly KubeObject[],
  context: Context,
): Promise<void> {
  const counts = new Map<string, number>()
  const finalizers = new Map<string, number>()
  for (const object of left) {
    counts.set(object.kind ?? '', (counts.get(object.kind ?? '') ?? 0) + 1)
    for (const each of object.metadata.finalizers ?? []) {
      finalizers.set(each, (finalizers.get(each) ?? 0) + 1)
    }
  }
  const list = (map: Map<string, number>, text: (name: string, count: number) => string) =>
    [...map].map(([name, count]) => text(name, count)).join(', ')
  const remaining = list(counts, (name, count) => `${name} has ${count} resource instances`)
  const blocking = list(finalizers, (name, count) => `${name} in ${count} resource instances`)
  const lastTransitionTime = formatTime(context.clock.wall())
  const conditions: NamespaceCondition[] = [
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${remaining}`,
      lastTransitionTime,
    },
  ]
  if (blocking) {
    conditions.push({
      type: 'NamespaceFinalizersRemaining',
      status: 'True',
      reason: 'SomeFinalizersRemain',
      message: `Some content in the namespace has finalizers remaining: ${blocking}`,
      lastTransitionTime,
    })
  }
  const before = found.status?.conditions ?? []
  const said = (each: NamespaceCondition) => `${each.type} ${each.message}`
  if (before.map(said).join() === conditions.map(said).join()) return
  const name = found.metadata.name ?? ''
  const body = { status: { conditions } }
  await context.client.patch(kinds.namespaces, undefined, name, {
    type: 'merge',
    body,
    subresource: 'status',
  })
}
