import type { ResourceRow } from '../resources/types.ts'
import type { KubeObject, ObjectMeta } from '../types.ts'
import type { Causes } from './causes.ts'
import { validateManagedFields } from './managed-fields.ts'
import {
  dns1035Errors,
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
  pathSegmentErrors,
  qualifiedNameErrors,
} from './names.ts'

/** Source: kubernetes pkg/apis/core/helper IsStandardFinalizerName. */
const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

const annotationBytesMax = 256 * 1024

const nameRules = {
  subdomain: dnsSubdomainErrors,
  label: dnsLabelErrors,
  service: dns1035Errors,
  any: pathSegmentErrors,
}

/** What holds for every object. Source: apimachinery pkg/api/validation/objectmeta.go. */
export function validateMetadata(row: ResourceRow, object: KubeObject, causes: Causes): void {
  const { metadata } = object
  const { name = '', generateName = '' } = metadata
  const { nameRule = 'subdomain' } = row
  const rule = typeof nameRule === 'function' ? nameRule : nameRules[nameRule]
  // What ends with a dash gets letters behind it.
  for (const text of generateName === '' ? [] : rule(generateName.replace(/-$/, 'a'), true)) {
    causes.invalid('metadata.generateName', generateName, text)
  }
  if (name === '') causes.required('metadata.name', 'name or generateName is required')
  else {
    for (const text of rule(name, false)) causes.invalid('metadata.name', name, text)
  }
  validateNotes(metadata, causes)
  validateFinalizers(metadata, causes)
  if (row.metadataLooks !== 2) validateStandardFinalizers(metadata, causes)
}

/** What is judged anew with every update, too. */
function validateNotes(metadata: ObjectMeta, causes: Causes): void {
  validateLabels(metadata.labels, 'metadata.labels', causes)
  validateAnnotations(metadata.annotations, 'metadata.annotations', causes)
  const owners = metadata.ownerReferences ?? []
  const path = 'metadata.ownerReferences'
  for (const owner of owners) {
    for (const key of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (owner[key]) continue
      const text = key === 'apiVersion' ? 'version must not be empty' : 'must not be empty'
      causes.invalid(`${path}.${key}`, '', text)
    }
    if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
      causes.invalid(path, owner, '/v1, Kind=Event is disallowed from being an owner')
    }
  }
  validateManagedFields(metadata.managedFields, causes)
  const [first, ...others] = owners.filter(owner => owner.controller)
  for (const other of others) {
    causes.invalid(
      path,
      owners,
      'Only one reference can have Controller set to true. Found "true" in references for ' +
        `${first?.kind}/${first?.name} and ${other.kind}/${other.name}`,
    )
  }
}

function validateFinalizers({ finalizers = [] }: ObjectMeta, causes: Causes): void {
  const path = 'metadata.finalizers'
  for (const finalizer of finalizers) {
    for (const text of qualifiedNameErrors(finalizer)) causes.invalid(path, finalizer, text)
  }
  const [orphan, foreground] = ['orphan', 'foregroundDeletion']
  if (!finalizers.includes(orphan) || !finalizers.includes(foreground)) return
  causes.invalid(path, finalizers, `finalizer ${orphan} and ${foreground} cannot be both set`)
}

/** Source: core's validation ValidateObjectMeta; kinds of other machinery lack it. */
function validateStandardFinalizers({ finalizers = [] }: ObjectMeta, causes: Causes): void {
  for (const [index, finalizer] of finalizers.entries()) {
    if (finalizer.includes('/') || standardFinalizers.has(finalizer)) continue
    const text = 'name is neither a standard finalizer name nor is it fully qualified'
    causes.invalid(`metadata.finalizers[${index}]`, finalizer, text)
  }
}

/** Keys and values of labels at `path`. */
export function validateLabels(
  labels: Record<string, string> | undefined,
  path: string,
  causes: Causes,
): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const text of qualifiedNameErrors(key)) causes.invalid(path, key, text)
    for (const text of labelValueErrors(value)) causes.invalid(path, value, text)
  }
}

/** Keys of annotations at `path`, and the length of all. */
export function validateAnnotations(
  annotations: Record<string, string> | undefined,
  path: string,
  causes: Causes,
): void {
  let bytes = 0
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const text of qualifiedNameErrors(key.toLowerCase())) {
      causes.invalid(path, key, text)
    }
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (bytes > annotationBytesMax) causes.tooLong(path, annotationBytesMax)
}

/** What no update may change. Source: ValidateObjectMetaAccessorUpdate. */
export function validateMetadataUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  for (const key of ['name', 'namespace', 'uid', 'creationTimestamp'] as const) {
    if ((next.metadata[key] ?? '') !== (old.metadata[key] ?? '')) {
      causes.invalid(`metadata.${key}`, next.metadata[key] ?? '', 'field is immutable')
    }
  }
  if (old.metadata.deletionTimestamp) {
    const before = new Set(old.metadata.finalizers)
    const added = (next.metadata.finalizers ?? []).filter(one => !before.has(one))
    if (added.length > 0) {
      causes.forbidden(
        'metadata.finalizers',
        'no new finalizers can be added if the object is being deleted, found new ' +
          `finalizers []string{${added.map(one => JSON.stringify(one)).join(', ')}}`,
      )
    }
  }
  validateNotes(next.metadata, causes)
}

/**
 * The metadata of an update as upstream looks at it: once for all kinds, and again where the rules
 * of a kind begin with it. What is wrong is a cause each time, and part of the message once.
 * Source: apiserver pkg/registry/rest/update.go validateCommonFields.
 */
export function validateUpdatedMetadata(
  row: ResourceRow,
  next: KubeObject,
  old: KubeObject,
  isWhole: boolean,
  causes: Causes,
): void {
  const { metadataLooks = row.updateIsJudgedAlone ? 3 : 4 } = row
  // Names are not judged again: they stay.
  validateNotes(next.metadata, causes)
  validateFinalizers(next.metadata, causes)
  validateMetadataUpdate(next, old, causes)
  if (metadataLooks > 2) {
    validateMetadataUpdate(next, old, causes)
    validateStandardFinalizers(next.metadata, causes)
  }
  if (metadataLooks > 3 && isWhole) {
    validateNotes(next.metadata, causes)
    validateFinalizers(next.metadata, causes)
    validateStandardFinalizers(next.metadata, causes)
  }
}
