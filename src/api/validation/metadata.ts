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
  for (const [index, finalizer] of (metadata.finalizers ?? []).entries()) {
    if (!finalizer.includes('/') && !standardFinalizers.has(finalizer)) {
      const text = 'name is neither a standard finalizer name nor is it fully qualified'
      causes.invalid(`metadata.finalizers[${index}]`, finalizer, text)
    }
    for (const text of qualifiedNameErrors(finalizer)) {
      causes.invalid('metadata.finalizers', finalizer, text)
    }
  }
}

/** What is judged anew with every update, too. */
function validateNotes(metadata: ObjectMeta, causes: Causes): void {
  validateLabels(metadata.labels, 'metadata.labels', causes)
  validateAnnotations(metadata.annotations, 'metadata.annotations', causes)
  for (const owner of metadata.ownerReferences ?? []) {
    const path = 'metadata.ownerReferences'
    for (const key of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (!owner[key])
        causes.invalid(
          `${path}.${key}`,
          '',
          key === 'apiVersion' ? 'version must not be empty' : 'must not be empty',
        )
    }
  }
  validateManagedFields(metadata.managedFields, causes)
  const controllers = (metadata.ownerReferences ?? []).filter(owner => owner.controller)
  if (controllers.length > 1) {
    causes.invalid(
      'metadata.ownerReferences',
      metadata.ownerReferences,
      'Only one reference can have Controller set to true. Found "true" in references for ' +
        controllers.map(({ kind, name }) => `${kind}/${name}`).join(' and '),
    )
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
  validateMetadata(row, next, causes)
  validateMetadataUpdate(next, old, causes)
  const { metadataLooks = row.updateIsJudgedAlone ? 3 : 4 } = row
  if (metadataLooks > 2) validateMetadataUpdate(next, old, causes)
  if (metadataLooks > 3 && isWhole) validateMetadata(row, next, causes)
}
