import { apiVersionOf, type Kind } from '../../api/kinds.ts'
import { builtIn } from '../../api/resources/table.ts'
import { isStatusReason } from '../../api/status.ts'
import type { KubeObject, OwnerReference } from '../../api/types.ts'
import { ignoring } from '../shared/ignoring.ts'
import { type Context, type Controller, done, type Outcome, type WatchRow } from '../types.ts'

const foregroundFinalizer = 'foregroundDeletion'
const orphanFinalizer = 'orphan'
const byOwner = 'owner-uid'
const waitForDependentsMs = 200

/** Events come and go by themselves, and own nothing. */
const collected: readonly Kind<KubeObject>[] = builtIn.filter(
  row => row.resource !== 'events' && row.verbs.includes('watch'),
)
const byName = new Map(collected.map(kind => [`${kind.group}/${kind.resource}`, kind]))

/**
 * Deletes what nobody owns any more, and carries out foreground and orphaning deletion.
 * ```
 * owner gone                        -> dependents with no other owner are deleted
 * owner has foregroundDeletion      -> dependents first, then the finalizer
 * owner has orphan                  -> references removed, then the finalizer
 * ```
 * Level-triggered on the objects themselves; upstream keeps a graph for the same.
 * Source: pkg/controller/garbagecollector.
 */
export const garbageCollector: Controller = {
  name: 'generic-garbage-collector',
  workers: 5,
  watches: collected.map(
    (kind): WatchRow => ({ kind, keys: (object, context) => affected(kind, object, context) }),
  ),
  indexes: collected.map(kind => ({
    kind,
    name: byOwner,
    of: (object: KubeObject) => (object.metadata.ownerReferences ?? []).map(each => each.uid),
  })),
  reconcile,
}

function keyFor(kind: Kind<KubeObject>, object: KubeObject): string {
  const { namespace = '', name = '' } = object.metadata
  return `${kind.group}/${kind.resource}|${namespace}|${name}`
}

/** The object itself if it has owners or is being deleted, and its dependents when it is gone. */
function affected(kind: Kind<KubeObject>, object: KubeObject, context: Context): string[] {
  const {
    uid = '',
    namespace,
    name = '',
    ownerReferences = [],
    deletionTimestamp,
  } = object.metadata
  const keys: string[] = []
  if (ownerReferences.length > 0 || deletionTimestamp) keys.push(keyFor(kind, object))
  const present = context.lister(kind).get(namespace, name)
  if (present?.metadata.uid === uid && !deletionTimestamp) return keys
  for (const [dependentKind, dependent] of dependentsOf(uid, context)) {
    keys.push(keyFor(dependentKind, dependent))
  }
  // An owner that waits for its dependents looks again when one of them is gone.
  if (present?.metadata.uid !== uid) {
    for (const reference of ownerReferences) {
      const ownerKind = kindOf(reference)
      if (!ownerKind) continue
      const scope = ownerKind.namespaced ? (namespace ?? '') : ''
      keys.push(`${ownerKind.group}/${ownerKind.resource}|${scope}|${reference.name}`)
    }
  }
  return keys
}

function dependentsOf(uid: string, context: Context): [Kind<KubeObject>, KubeObject][] {
  return collected.flatMap(kind =>
    context
      .lister(kind)
      .byIndex(byOwner, uid)
      .map((object): [Kind<KubeObject>, KubeObject] => [kind, object]),
  )
}

function kindOf(reference: OwnerReference): Kind<KubeObject> | undefined {
  return collected.find(
    kind => kind.kind === reference.kind && apiVersionOf(kind) === reference.apiVersion,
  )
}

async function reconcile(key: string, context: Context): Promise<Outcome> {
  const [resource = '', namespace = '', name = ''] = key.split('|')
  const kind = byName.get(resource)
  const object = kind && context.lister(kind).get(namespace, name)
  if (!kind || !object) return done
  const finalizers = object.metadata.finalizers ?? []
  if (object.metadata.deletionTimestamp) {
    if (finalizers.includes(orphanFinalizer)) return orphan(kind, object, context)
    if (finalizers.includes(foregroundFinalizer)) return foreground(kind, object, context)
    return done
  }
  return collect(kind, object, context)
}

async function collect(
  kind: Kind<KubeObject>,
  object: KubeObject,
  context: Context,
): Promise<Outcome> {
  const references = object.metadata.ownerReferences ?? []
  if (references.length === 0) return done
  const states = await Promise.all(
    references.map(reference => ownerState(reference, object, context)),
  )
  if (states.includes('solid')) {
    // An owner in foreground deletion must not wait for what stays with another owner.
    const leaving = references.filter(
      (_each, index) => states[index] === 'absent' || states[index] === 'waiting',
    )
    if (leaving.length > 0) await removeReferences(kind, object, leaving, context)
    return done
  }
  if (states.includes('unknown')) return done
  await tellOfOtherNamespaces(object, references, states, context)
  if (states.includes('waiting') && isInCycle(object, context)) {
    await unblock(kind, object, context)
  }
  const propagationPolicy = states.includes('waiting') ? 'Foreground' : 'Background'
  const { namespace, name = '', uid } = object.metadata
  await ignoring(
    ['NotFound'],
    context.client.delete(kind, namespace, name, { propagationPolicy, preconditions: { uid } }),
  )
  return done
}

/**
 * Owners that wait for this object, while this one's own dependents wait for theirs: who waits for
 * whom may be a circle. Source: garbagecollector.go attemptToDeleteItem, with its false positives.
 */
function isInCycle(object: KubeObject, context: Context): boolean {
  return dependentsOf(object.metadata.uid ?? '', context).some(([, dependent]) =>
    isDeletingDependents(dependent),
  )
}

function isDeletingDependents({ metadata }: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = metadata
  return deletionTimestamp !== undefined && finalizers.includes(foregroundFinalizer)
}

/** Its owners need not wait for it any more. */
async function unblock(
  kind: Kind<KubeObject>,
  object: KubeObject,
  context: Context,
): Promise<void> {
  const { namespace, name = '', uid, resourceVersion, ownerReferences = [] } = object.metadata
  if (!ownerReferences.some(({ blockOwnerDeletion }) => blockOwnerDeletion)) return
  const freed = ownerReferences.map(each => ({ ...each, blockOwnerDeletion: false }))
  const body = { metadata: { uid, resourceVersion, ownerReferences: freed } }
  await ignoring(['NotFound'], context.client.patch(kind, namespace, name, { type: 'merge', body }))
}

/** An owner that exists, but elsewhere, is none. Source: graph_builder.go. */
async function tellOfOtherNamespaces(
  object: KubeObject,
  references: readonly OwnerReference[],
  states: readonly OwnerState[],
  context: Context,
): Promise<void> {
  const { namespace = '' } = object.metadata
  for (const [index, reference] of references.entries()) {
    const kind = kindOf(reference)
    if (states[index] !== 'absent' || !kind?.namespaced) continue
    const { apiVersion, kind: name, name: owner, uid } = reference
    const isElsewhere = context
      .lister(kind)
      .list()
      .some(each => each.metadata.uid === uid && each.metadata.namespace !== namespace)
    if (!isElsewhere) continue
    const identity = `[${apiVersion}/${name}, namespace: ${namespace}, name: ${owner}, uid: ${uid}]`
    const text = `ownerRef ${identity} does not exist in namespace "${namespace}"`
    context.recorder.event(object, 'Warning', 'OwnerRefInvalidNamespace', text)
  }
}

/**
 * `waiting`: it is being deleted in the foreground. `unknown`: a kind that is not served, or that
 * a cluster-scoped object can't be owned by.
 */
type OwnerState = 'solid' | 'waiting' | 'absent' | 'unknown'

async function ownerState(
  reference: OwnerReference,
  dependent: KubeObject,
  context: Context,
): Promise<OwnerState> {
  const kind = kindOf(reference)
  if (!kind || (kind.namespaced && !dependent.metadata.namespace)) return 'unknown'
  const namespace = kind.namespaced ? dependent.metadata.namespace : undefined
  let owner = context.lister(kind).get(namespace, reference.name)
  if (owner?.metadata.uid !== reference.uid) {
    // The cache may be behind: only the API may say that an owner is gone.
    try {
      owner = await context.client.get(kind, namespace, reference.name)
    } catch (error) {
      if (!isStatusReason(error, 'NotFound')) throw error
      owner = undefined
    }
  }
  if (owner?.metadata.uid !== reference.uid) return 'absent'
  return isDeletingDependents(owner) ? 'waiting' : 'solid'
}

async function foreground(
  kind: Kind<KubeObject>,
  object: KubeObject,
  context: Context,
): Promise<Outcome> {
  const uid = object.metadata.uid ?? ''
  const blocking = dependentsOf(uid, context).filter(([, dependent]) =>
    dependent.metadata.ownerReferences?.some(each => each.uid === uid && each.blockOwnerDeletion),
  )
  if (blocking.length === 0) {
    await removeFinalizer(kind, object, foregroundFinalizer, context)
    return done
  }
  for (const [dependentKind, dependent] of blocking)
    await collect(dependentKind, dependent, context)
  return { requeueAfterMs: waitForDependentsMs }
}

async function orphan(
  kind: Kind<KubeObject>,
  object: KubeObject,
  context: Context,
): Promise<Outcome> {
  const uid = object.metadata.uid ?? ''
  for (const [dependentKind, dependent] of dependentsOf(uid, context)) {
    const own = (dependent.metadata.ownerReferences ?? []).filter(each => each.uid === uid)
    await removeReferences(dependentKind, dependent, own, context)
  }
  await removeFinalizer(kind, object, orphanFinalizer, context)
  return done
}

async function removeReferences(
  kind: Kind<KubeObject>,
  object: KubeObject,
  references: readonly OwnerReference[],
  context: Context,
): Promise<void> {
  const gone = new Set(references.map(reference => reference.uid))
  const { namespace, name = '', uid, resourceVersion, ownerReferences = [] } = object.metadata
  const left = ownerReferences.filter(reference => !gone.has(reference.uid))
  const body = {
    metadata: { uid, resourceVersion, ownerReferences: left.length > 0 ? left : null },
  }
  await ignoring(['NotFound'], context.client.patch(kind, namespace, name, { type: 'merge', body }))
}

async function removeFinalizer(
  kind: Kind<KubeObject>,
  object: KubeObject,
  finalizer: string,
  context: Context,
): Promise<void> {
  const { namespace, name = '', uid, resourceVersion, finalizers = [] } = object.metadata
  const left = finalizers.filter(each => each !== finalizer)
  const body = { metadata: { uid, resourceVersion, finalizers: left.length > 0 ? left : null } }
  await ignoring(['NotFound'], context.client.patch(kind, namespace, name, { type: 'merge', body }))
}
