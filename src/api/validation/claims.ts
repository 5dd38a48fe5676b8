import { ownValue } from '../own.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { eachKey, type Loose } from './loose.ts'
import { dnsLabelErrors, dnsSubdomainErrors, qualifiedNameErrors } from './names.ts'
import { isNative, resourceAmount } from './resource-names.ts'
import { immutableText, judged, oneOf, positiveQuantity, present } from './rules.ts'
import { validateLabelSelector } from './selector.ts'

/** Source of all: kubernetes pkg/apis/core/validation ValidatePersistentVolumeClaim. */

export const accessModes = [
  ...['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'],
]
export const volumeModes = ['Block', 'Filesystem']
const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** Of volumes and claims. */
export function validateAccessModes(
  modes: readonly string[] | undefined,
  path: string,
  causes: Causes,
): void {
  for (const mode of modes ?? []) oneOf(mode, path, accessModes, causes)
  const known = (modes ?? []).filter(mode => accessModes.includes(mode))
  const isSingle = (mode: string) => mode === 'ReadWriteOncePod'
  if (known.some(isSingle) && !known.every(isSingle)) {
    causes.forbidden(path, 'may not use ReadWriteOncePod with other access modes')
  }
}

/** Source: ValidateClassName. */
export function className(value: string, path: string, causes: Causes): void {
  judged(value, path, dnsSubdomainErrors, causes)
}

/** A claim, and a template of claims. */
export function validateClaimSpec(spec: Loose, path: string, causes: Causes): void {
  const { accessModes: modes, selector, resources, storageClassName, volumeMode } = spec
  if (!modes?.length) {
    causes.required(`${path}.accessModes`, 'at least 1 access mode is required')
  }
  if (selector) validateLabelSelector(selector, `${path}.selector`, causes)
  validateAccessModes(modes, `${path}.accessModes`, causes)
  const storage = ownValue(resources?.requests as Record<string, string> | undefined, 'storage')
  const at = `${path}.resources[storage]`
  if (storage === undefined) causes.required(at)
  else if (positiveQuantity(storage, at, causes)) resourceAmount('storage', storage, at, causes)
  if (storageClassName) className(storageClassName, `${path}.storageClassName`, causes)
  oneOf(volumeMode, `${path}.volumeMode`, volumeModes, causes)
  validateDataSources(spec, path, causes)
  const attributes = spec.volumeAttributesClassName
  if (attributes) className(attributes, `${path}.volumeAttributesClassName`, causes)
}

function validateDataSources(spec: Loose, path: string, causes: Causes): void {
  const { dataSource, dataSourceRef } = spec
  if (dataSource) validateDataSource(dataSource, `${path}.dataSource`, causes)
  if (dataSourceRef) {
    validateDataSource(dataSourceRef, `${path}.dataSourceRef`, causes)
    const { namespace } = dataSourceRef
    if (namespace) judged(namespace, `${path}.dataSourceRef.namespace`, dnsLabelErrors, causes)
  }
  if (!dataSource || !dataSourceRef) return
  const isSame = ['apiGroup', 'kind', 'name'].every(key => dataSource[key] === dataSourceRef[key])
  // Upstream writes a Go value that has no fields of its own.
  if (dataSourceRef.namespace) {
    causes.invalid(path, {}, 'may not be specified when dataSourceRef.namespace is specified')
  } else if (!isSame) causes.invalid(path, {}, 'must match dataSourceRef')
}

function validateDataSource(source: Loose, path: string, causes: Causes): void {
  const { name, kind = '', apiGroup = '' } = source
  present(name, `${path}.name`, causes)
  present(kind, `${path}.kind`, causes)
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim') {
    const text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
    causes.invalid(path, kind, text)
  }
  if (apiGroup !== '') judged(apiGroup, `${path}.apiGroup`, dnsSubdomainErrors, causes)
}

export function validateClaim({ spec }: KubeObject, causes: Causes): void {
  validateClaimSpec(spec ?? {}, 'spec', causes)
}

/** What may change depends on whether the claim is bound. */
export function validateClaimUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  const [now, was] = [structuredClone(next.spec ?? {}), structuredClone(old.spec ?? {})]
  if (!was.volumeName) was.volumeName = now.volumeName
  keepClassName(next, old, now, was, causes)
  const isBound = next.status?.phase === 'Bound'
  const [size, before] = [storageOf(now), storageOf(was)]
  if (isBound && now.resources?.requests) now.resources.requests.storage = before
  if (isBound) now.volumeAttributesClassName = was.volumeAttributesClassName
  if (!semanticEqual(now, was)) {
    const text =
      'spec is immutable after creation except resources.requests and ' +
      'volumeAttributesClassName for bound claims\n'
    causes.forbidden('spec', text)
  }
  const capacity = ownValue(old.status?.capacity as Record<string, string>, 'storage') ?? '0'
  const shrinks = compareQuantities(size ?? '0', before ?? '0') < 0
  if (shrinks && compareQuantities(size ?? '0', capacity) <= 0) {
    const text = 'field can not be less than status.capacity'
    causes.forbidden('spec.resources.requests.storage', text)
  }
  if (next.spec?.volumeMode !== old.spec?.volumeMode) {
    causes.invalid('volumeMode', next.spec?.volumeMode, immutableText)
  }
  validateAttributesClass(next, old, causes)
}

function storageOf(spec: Loose): string | undefined {
  return ownValue(spec.resources?.requests as Record<string, string> | undefined, 'storage')
}

/** A class may move from the annotation to the field, or come where there was none. */
function keepClassName(
  next: KubeObject,
  old: KubeObject,
  now: Loose,
  was: Loose,
  causes: Causes,
): void {
  const annotated = ownValue(old.metadata.annotations, classAnnotation)
  const annotation = ownValue(next.metadata.annotations, classAnnotation)
  const isNew = was.storageClassName === undefined && now.storageClassName !== undefined
  const fits = annotated === undefined || now.storageClassName === annotated
  if (isNew && annotated !== undefined && fits && (annotation ?? annotated) === annotated) {
    now.storageClassName = undefined
    return
  }
  if ((annotation ?? '') !== (annotated ?? '')) {
    causes.invalid(`metadata.annotations.${classAnnotation}`, annotation ?? '', immutableText)
  }
  if (isNew && fits) now.storageClassName = was.storageClassName
}

function validateAttributesClass(next: KubeObject, old: KubeObject, causes: Causes): void {
  const [now, was] = [next.spec?.volumeAttributesClassName, old.spec?.volumeAttributesClassName]
  if (now === was || old.status?.currentVolumeAttributesClassName === undefined) return
  const to = now === undefined ? 'nil' : now === '' ? 'empty string' : undefined
  if (to === undefined) return
  const field = 'status.currentVolumeAttributesClassName'
  const text = `update to ${to} is forbidden when ${field} is not nil`
  causes.forbidden('spec.volumeAttributesClassName', text)
}

const resizeStates = [
  ...['ControllerResizeInProgress', 'ControllerResizeInfeasible', 'NodeResizeInProgress'],
  ...['NodeResizeInfeasible', 'NodeResizePending'],
].sort()

/** Source: ValidatePersistentVolumeClaimStatusUpdate. */
export function validateClaimStatus(next: KubeObject, _old: KubeObject, causes: Causes): void {
  if (!next.spec?.accessModes?.length) causes.required('Spec.accessModes')
  const { capacity, allocatedResourceStatuses, allocatedResources } = next.status ?? {}
  eachKey(capacity as Record<string, string>, 'status.capacity', (_name, value, at) =>
    basicAmount(value, at, causes),
  )
  const states = 'status.allocatedResourceStatuses'
  eachKey(allocatedResourceStatuses as Record<string, string>, states, (name, state) => {
    claimResource(name, states, causes)
    if (!resizeStates.includes(state)) causes.notSupported(states, name, resizeStates)
  })
  const path = 'status.allocatedResources'
  eachKey(allocatedResources as Record<string, string>, path, (name, value, at) => {
    const before = causes.list.length
    claimResource(name, path, causes)
    if (causes.list.length === before) basicAmount(value, at, causes)
    if (causes.list.length === before) resourceAmount('storage', value, at, causes)
  })
}

/** Source: validateBasicResource. */
export function basicAmount(value: string, path: string, causes: Causes): void {
  const { nano } = parseQuantity(value)
  // Go rounds up to whole units.
  const units = nano / 1_000_000_000n
  if (units < 0n) causes.invalid(path, units, 'must be a valid resource quantity')
}

function claimResource(name: string, path: string, causes: Causes): void {
  const wrong = qualifiedNameErrors(name)
  for (const text of wrong) causes.invalid(path, name, text)
  if (wrong.length === 0 && isNative(name) && name !== 'storage') {
    causes.notSupported(path, name, ['storage'])
  }
}

const deprecatedText = 'deprecated since v1.8; use "storageClassName" attribute instead'

/** Source: pkg/api/persistentvolumeclaim/util.go. */
export function claimWarnings({ metadata, spec }: KubeObject): string[] {
  const isOld = ownValue(metadata.annotations, classAnnotation) !== undefined
  return [
    ...(isOld ? [`metadata.annotations[${classAnnotation}]: ${deprecatedText}`] : []),
    ...claimSpecWarnings(spec ?? {}, 'spec'),
  ]
}

export function claimSpecWarnings({ resources }: Loose, path: string): string[] {
  return ['requests', 'limits'].flatMap(list => {
    const value = ownValue(resources?.[list] as Record<string, string> | undefined, 'storage')
    if (value === undefined || parseQuantity(value).nano % 1_000_000_000n === 0n) return []
    const at = `${path}.resources.${list}[storage]`
    return [`${at}: fractional byte value ${JSON.stringify(value)} is invalid, must be an integer`]
  })
}

/** Keeps the two fields that say where the data comes from in step. Source: the same. */
export function normalizeDataSources(spec: Loose, old: Loose | undefined): void {
  const crosses = Boolean(spec.dataSourceRef?.namespace)
  if (crosses && old?.dataSourceRef === undefined) delete spec.dataSourceRef
  const hadSource = old?.dataSource !== undefined || old?.dataSourceRef !== undefined
  if (!hadSource && spec.dataSourceRef === undefined && !isClaimOrSnapshot(spec.dataSource)) {
    delete spec.dataSource
  }
  if (spec.dataSource && spec.dataSourceRef === undefined) {
    spec.dataSourceRef = { ...spec.dataSource }
  } else if (spec.dataSourceRef && spec.dataSource === undefined && !spec.dataSourceRef.namespace) {
    const { namespace: _namespace, ...source } = spec.dataSourceRef
    spec.dataSource = source
  }
}

function isClaimOrSnapshot(source: Loose | undefined): boolean {
  if (source === undefined) return false
  const { kind, apiGroup = '' } = source
  return (
    (kind === 'PersistentVolumeClaim' && apiGroup === '') ||
    (kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io')
  )
}
