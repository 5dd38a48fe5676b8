import type { ResourceRow, Subresource } from '../../api/resources/types.ts'
import { conflict, type GroupResource, invalid, type StatusError } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { Causes } from '../../api/validation/causes.ts'
import type { Entry } from '../storage/entry.ts'
import { countGeneration, keepSystemMetadata } from './metadata.ts'

/**
 * Which part of an object an update is about. `system`: what only the server changes, and counts;
 * `binding`: what goes past the rules of updates altogether.
 */
export type Part = 'main' | 'status' | 'system' | 'binding'

/**
 * The client's resourceVersion and UID are preconditions.
 * @throws StatusError 409; 422 where an update without a version could undo another one
 */
export function checkVersion(
  row: ResourceRow,
  resource: GroupResource,
  next: KubeObject,
  old: KubeObject,
  entry: Entry,
): void {
  const { resourceVersion: version, uid } = next.metadata
  if (row.needsVersion && (!version || version === '0')) throw versionMissing(resource, entry.name)
  if (version && version !== '0' && Number(version) !== entry.revision) {
    throw conflict(resource, entry.name)
  }
  if (uid && uid !== old.metadata.uid) {
    throw conflict(
      resource,
      entry.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    )
  }
}

/** The qualified kind of such an error is the resource. Source: registry/store.go Update. */
function versionMissing({ group, resource }: GroupResource, name: string): StatusError {
  const causes = new Causes()
  causes.invalid('metadata.resourceVersion', 0, 'must be specified for an update')
  return invalid({ group, kind: resource }, name, causes.list)
}

/**
 * Takes back what an update of that part can't change.
 * Source: apiserver pkg/registry/rest/update.go BeforeUpdate.
 */
export function prepareUpdate(
  row: ResourceRow,
  next: KubeObject,
  old: KubeObject,
  part: Part,
  now: string,
  sub?: Subresource,
): void {
  keepSystemMetadata(next, old)
  if (part === 'binding') return
  if (part === 'system') {
    countGeneration(row, next, old)
    return
  }
  if (part === 'status') {
    const { metadata, status } = next
    for (const key of Object.keys(next)) delete next[key]
    Object.assign(next, old, { metadata })
    if (status === undefined) delete next.status
    else next.status = status
    if (sub?.keepsMetadata) keepMetadata(next, old)
    if (sub?.prepareUpdate) sub.prepareUpdate(next, old, now)
    else row.prepareStatus?.(next, old, now)
    return
  }
  if (row.status) {
    if (old.status === undefined) delete next.status
    else next.status = old.status
  }
  row.prepareUpdate?.(next, old)
  countGeneration(row, next, old)
}

/** Source: apimachinery pkg/apis/meta/v1/meta.go ResetObjectMetaForStatus. */
function keepMetadata(next: KubeObject, old: KubeObject): void {
  for (const key of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
    if (old.metadata[key] === undefined) delete next.metadata[key]
    else Object.assign(next.metadata, { [key]: old.metadata[key] })
  }
}

/** True when the last finalizer went off an object that was only waiting for it. */
export function isGone(row: ResourceRow, object: KubeObject): boolean {
  const { metadata } = object
  if (!metadata.deletionTimestamp || (metadata.finalizers?.length ?? 0) > 0) return false
  if (row.resource === 'namespaces') return (object.spec?.finalizers?.length ?? 0) === 0
  return (metadata.deletionGracePeriodSeconds ?? 0) === 0
}
