import type { DeleteOptions } from '../../api/objects.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { badRequest, conflict } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { apiTime } from './metadata.ts'

const defaultGraceSeconds = 30
/** Times of the API end with the year 9999: who asks for more waits as long as there are dates. */
export const graceSecondsMax = 2 ** 31 - 1

/**
 * What a DELETE does to an object: removes it, or marks it and leaves the rest to whoever holds a
 * finalizer, or, for a pod on a node, to its kubelet.
 * Source: apiserver pkg/registry/generic/registry/store.go Delete, rest/delete.go BeforeDelete.
 * @throws StatusError 400
 */
export function deletionOf(
  row: ResourceRow,
  object: KubeObject,
  options: DeleteOptions,
  wallMs: number,
): KubeObject | 'remove' {
  const { metadata } = object
  if (row.resource === 'namespaces') return deleteNamespace(object, wallMs)
  setPropagation(row, object, options)
  const grace = row.resource === 'pods' ? podGrace(object, options) : 0
  const waits = (metadata.finalizers?.length ?? 0) > 0
  if (grace === 0 && !waits) return 'remove'
  if (metadata.deletionTimestamp) {
    // Already on its way: only a shorter grace period changes anything.
    if (grace >= (metadata.deletionGracePeriodSeconds ?? 0)) return object
    metadata.deletionTimestamp = apiTime(
      Date.parse(metadata.deletionTimestamp) -
        ((metadata.deletionGracePeriodSeconds ?? 0) - grace) * 1000,
    )
    metadata.deletionGracePeriodSeconds = grace
    return object
  }
  metadata.deletionTimestamp = apiTime(wallMs + grace * 1000)
  metadata.deletionGracePeriodSeconds = grace
  if (metadata.generation !== undefined) metadata.generation += 1
  return object
}

/**
 * The last state of an object that goes at once: a pod is told that it must go, though nobody waits
 * for it. Source: registry/generic/registry/store.go updateForGracefulDeletionAndFinalizers.
 */
export function markRemoved(row: ResourceRow, object: KubeObject, wallMs: number): KubeObject {
  const { metadata } = object
  if (row.resource !== 'pods') return object
  const { deletionTimestamp: going, deletionGracePeriodSeconds: grace = 0 } = metadata
  metadata.deletionGracePeriodSeconds = 0
  if (going) {
    metadata.deletionTimestamp = apiTime(Date.parse(going) - grace * 1000)
    return object
  }
  metadata.deletionTimestamp = apiTime(wallMs)
  if (metadata.generation !== undefined) metadata.generation += 1
  return object
}

/**
 * Source: apiserver pkg/registry/rest/delete.go BeforeDelete, which names the kind; namespaces and
 * definitions of kinds have a way of their own: pkg/registry/core/namespace/storage.
 * @throws StatusError 409
 */
export function checkPreconditions(
  row: ResourceRow,
  { metadata }: KubeObject,
  { preconditions = {} }: DeleteOptions,
): void {
  const { name = '', uid, resourceVersion } = metadata
  const isOwn = row.resource === 'namespaces' || row.resource === 'customresourcedefinitions'
  const what = isOwn ? row : { group: row.group, resource: row.kind }
  const check = (kind: string, wanted: string | undefined, found = '', fate: string) => {
    if (!wanted || wanted === found) return
    throw conflict(
      what,
      name,
      isOwn
        ? `Precondition failed: ${kind} in precondition: ${wanted}, ` +
            `${kind} in object meta: ${found}`
        : `the ${kind} in the precondition (${wanted}) does not match the ${kind} in record ` +
            `(${found}). The object might have been ${fate}`,
    )
  }
  check('UID', preconditions.uid, uid, 'deleted and then recreated')
  check('ResourceVersion', preconditions.resourceVersion, resourceVersion, 'modified')
}

function deleteNamespace(object: KubeObject, wallMs: number): KubeObject | 'remove' {
  const { metadata } = object
  const waits = (metadata.finalizers?.length ?? 0) + (object.spec?.finalizers?.length ?? 0) > 0
  if (!waits) return 'remove'
  metadata.deletionTimestamp ??= apiTime(wallMs)
  object.status = { ...object.status, phase: 'Terminating' }
  return object
}

const propagationFinalizers = { Orphan: 'orphan', Foreground: 'foregroundDeletion', Background: '' }

/** Source: registry/generic/registry/store.go deletionFinalizersForGarbageCollection. */
function setPropagation(row: ResourceRow, object: KubeObject, options: DeleteOptions): void {
  const policy = propagationOf(row, object, options)
  if (policy === undefined) return
  const wanted = propagationFinalizers[policy]
  if (wanted === undefined) {
    throw badRequest(`invalid propagationPolicy: ${String(policy)}`)
  }
  const others = (object.metadata.finalizers ?? []).filter(
    one => one !== 'orphan' && one !== 'foregroundDeletion',
  )
  const finalizers = wanted === '' ? others : [...others, wanted]
  if (finalizers.length > 0) object.metadata.finalizers = finalizers
  else delete object.metadata.finalizers
}

/** What the client says, else what the object has been told before, else what its kind is given. */
function propagationOf(
  row: ResourceRow,
  { metadata }: KubeObject,
  { propagationPolicy, orphanDependents }: DeleteOptions,
): DeleteOptions['propagationPolicy'] {
  if (propagationPolicy !== undefined) return propagationPolicy
  if (orphanDependents !== undefined) return orphanDependents ? 'Orphan' : 'Background'
  const told = Object.values(propagationFinalizers)
  if (metadata.finalizers?.some(one => told.includes(one))) return undefined
  return row.orphansDependents ? 'Orphan' : undefined
}

/** Source: kubernetes pkg/registry/core/pod/strategy.go CheckGracefulDelete. */
function podGrace(pod: KubeObject, options: DeleteOptions): number {
  const asked = options.gracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds
  // Nobody runs it: nothing to wait for.
  const idle = !pod.spec?.nodeName || ['Failed', 'Succeeded'].includes(pod.status?.phase)
  if (idle) return 0
  return Math.min(Math.max(0, Number(asked ?? defaultGraceSeconds)), graceSecondsMax)
}
