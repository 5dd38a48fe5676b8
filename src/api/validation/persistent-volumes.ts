import { ownValue } from '../own.ts'
import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { basicAmount, className, validateAccessModes, volumeModes } from './claims.ts'
import { eachKey, inOrder, type Loose } from './loose.ts'
import { dnsLabelErrors, dnsSubdomainErrors } from './names.ts'
import { nodeSelectorWarnings } from './node-labels.ts'
import { validateNoBacksteps } from './paths.ts'
import { validateNodeSelector } from './placement.ts'
import { immutableText, judged, oneOf, positiveQuantity, present } from './rules.ts'
import {
  both,
  commonSources,
  csiDriverName,
  iscsi,
  iscsiLengthMax,
  iscsiLengthText,
  needs,
  type SourceRule,
  secretRef,
  sourcePaths,
  storageOs,
} from './volume-sources.ts'

/** Source of all: kubernetes pkg/apis/core/validation/validation.go ValidatePersistentVolume. */

const reclaimPolicies = ['Delete', 'Recycle', 'Retain']

const local: SourceRule = ({ path }, at, causes) => {
  if (present(path, `${at}.path`, causes)) validateNoBacksteps(path, `${at}.path`, causes)
}

const glusterfs: SourceRule = (source, path, causes) => {
  needs('endpoints', 'path')(source, path, causes)
  const { endpointsNamespace: namespace } = source
  const at = `${path}.endpointsNamespace`
  if (namespace === '') {
    const text = 'if the endpointnamespace is set, it must be a valid namespace name'
    causes.invalid(at, '', text)
  } else if (namespace !== undefined) judged(namespace, at, dnsLabelErrors, causes)
}

const azureFile: SourceRule = (source, path, causes) => {
  needs('secretName', 'shareName')(source, path, causes)
  if (source.secretNamespace === '') causes.required(`${path}.secretNamespace`)
}

const iscsiVolume: SourceRule = (source, path, causes) => {
  iscsi(source, path, 'must be valid format', causes)
  if (source.secretRef) present(source.secretRef.name, `${path}.secretRef.name`, causes)
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
]

const csi: SourceRule = (source, path, causes) => {
  csiDriverName(source.driver, `${path}.driver`, causes)
  present(source.volumeHandle, `${path}.volumeHandle`, causes)
  for (const field of csiSecrets) {
    const ref = source[field]
    if (ref === undefined) continue
    const at = `${path}.${field}`
    if (present(ref.name, `${at}.name`, causes)) {
      judged(ref.name, `${at}.name`, dnsSubdomainErrors, causes)
    }
    if (present(ref.namespace, `${at}.namespace`, causes)) {
      judged(ref.namespace, `${at}.namespace`, dnsLabelErrors, causes)
    }
  }
}

/** In the order in which upstream looks at them: a second one is too many. */
const sources: Readonly<Record<string, SourceRule>> = {
  ...commonSources,
  glusterfs,
  iscsi: iscsiVolume,
  cinder: both(needs('volumeID'), secretRef(true)),
  azureFile,
  local,
  storageos: storageOs(true),
  csi,
}

export function validatePersistentVolume({ metadata, spec }: KubeObject, causes: Causes): void {
  validateSpec(spec ?? {}, metadata.name ?? '', causes)
  validateMountOptions(metadata.annotations, spec ?? {}, causes)
}

function validateSpec(spec: Loose, name: string, causes: Causes): void {
  if (!spec.accessModes?.length) causes.required('spec.accessModes')
  validateAccessModes(spec.accessModes, 'spec.accessModes', causes)
  validateCapacity(spec.capacity, causes)
  const policy: string = spec.persistentVolumeReclaimPolicy ?? ''
  if (policy) oneOf(policy, 'spec.persistentVolumeReclaimPolicy', reclaimPolicies, causes)
  if (spec.nodeAffinity) {
    const { required } = spec.nodeAffinity
    const at = 'spec.nodeAffinity.required'
    if (required) validateNodeSelector(required, at, causes)
    else causes.required(at, 'must specify required node constraints')
  }
  validateSources(spec, name, causes)
  const isRoot = spec.hostPath && isRootPath(spec.hostPath.path ?? '')
  if (isRoot && policy === 'Recycle') {
    const text = "may not be 'recycle' for a hostPath mount of '/'"
    causes.forbidden('spec.persistentVolumeReclaimPolicy', text)
  }
  if (spec.storageClassName) className(spec.storageClassName, 'spec.storageClassName', causes)
  oneOf(spec.volumeMode, 'spec.volumeMode', volumeModes, causes)
  const attributes: string | undefined = spec.volumeAttributesClassName
  if (attributes === undefined) return
  const at = 'spec.volumeAttributesClassName'
  if (attributes === '') causes.required(at, 'an empty string is disallowed')
  else className(attributes, at, causes)
  if (!spec.csi) {
    causes.required('spec.csi', 'has to be specified when using volumeAttributesClassName')
  }
}

/** Whether Go's path.Clean makes it the root. */
function isRootPath(path: string): boolean {
  if (!path.startsWith('/')) return false
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.length === 0
}

function validateCapacity(capacity: Record<string, string> | undefined, causes: Causes): void {
  const names = Object.keys(capacity ?? {})
  const path = 'spec.capacity'
  if (names.length === 0) causes.required(path)
  if (!names.includes('storage') || names.length > 1) {
    causes.notSupported(path, inOrder(capacity) ?? null, ['storage'])
  }
  eachKey(capacity, path, (_name, value, at) => {
    basicAmount(value, at, causes)
    positiveQuantity(value, at, causes)
  })
}

function validateSources(spec: Loose, name: string, causes: Causes): void {
  const given = Object.keys(sources).filter(field => spec[field] !== undefined)
  for (const [index, field] of given.entries()) {
    if (index > 0 && field !== 'flexVolume') {
      const path = field === 'cephfs' ? 'cephFS' : field
      causes.forbidden(`spec.${path}`, 'may not specify more than 1 volume type')
    } else sources[field]?.(spec[field], `spec.${sourcePaths[field] ?? field}`, causes)
  }
  const { iscsi: target } = spec
  if (target?.initiatorName !== undefined && given[0] === 'iscsi') {
    const portal: string = target.targetPortal ?? ''
    if (`${name}:${portal}`.length > iscsiLengthMax) {
      causes.invalid('spec.iscsi.targetportal', portal, iscsiLengthText)
    }
  }
  if (given[0] === 'local' && !spec.nodeAffinity) {
    causes.required('spec.nodeAffinity', 'Local volume requires node affinity')
  }
  if (given.length === 0) causes.required('spec', 'must specify a volume type')
}

const mountable = [
  ...['gcePersistentDisk', 'awsElasticBlockStore', 'glusterfs', 'nfs', 'rbd', 'quobyte', 'iscsi'],
  ...['cinder', 'cephfs', 'azureFile', 'vsphereVolume', 'azureDisk', 'photonPersistentDisk'],
]
const mountAnnotation = 'volume.beta.kubernetes.io/mount-options'

/** Source: pkg/volume/validation/pv_validation.go. */
function validateMountOptions(
  annotations: Record<string, string> | undefined,
  spec: Loose,
  causes: Causes,
): void {
  if (mountable.some(field => spec[field] !== undefined)) return
  if (ownValue(annotations, mountAnnotation) === undefined) return
  const text = 'may not specify mount options for this volume type'
  causes.forbidden(`metadata.annotations.${mountAnnotation}`, text)
}

export function validatePersistentVolumeUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
): void {
  // Upstream validates the volume once more.
  validateSpec(next.spec ?? {}, next.metadata.name ?? '', causes)
  const sourceOf = (spec: Loose) =>
    Object.fromEntries(
      Object.keys(sources)
        .filter(field => spec?.[field] !== undefined)
        .map(field => [field, spec[field]]),
    )
  const [now, was] = [structuredClone(sourceOf(next.spec)), sourceOf(old.spec)]
  if (was.csi && !was.csi.controllerExpandSecretRef) delete now.csi?.controllerExpandSecretRef
  if (!semanticEqual(now, was)) {
    const text = 'spec.persistentvolumesource is immutable after creation\n'
    causes.forbidden('spec.persistentvolumesource', text)
  }
  if (next.spec?.volumeMode !== old.spec?.volumeMode) {
    causes.invalid('volumeMode', next.spec?.volumeMode, immutableText)
  }
  const affinity = old.spec?.nodeAffinity
  if (affinity !== undefined && !semanticEqual(next.spec?.nodeAffinity, affinity)) {
    const text = `${immutableText}, except for updating from beta label to GA`
    causes.invalid('nodeAffinity', next.spec?.nodeAffinity ?? null, text)
  }
  const attributes = 'volumeAttributesClassName'
  if (old.spec?.[attributes] !== undefined && next.spec?.[attributes] === undefined) {
    const text = 'update from non-nil value to nil is forbidden'
    causes.forbidden(`spec.${attributes}`, text)
  }
}

const deprecatedAnnotations = {
  'volume.beta.kubernetes.io/storage-class':
    'deprecated since v1.8; use "storageClassName" attribute instead',
  [mountAnnotation]: 'deprecated since v1.31; use "mountOptions" attribute instead',
}
const deprecatedSources = {
  cephfs: ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  photonPersistentDisk: ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  scaleIO: ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  storageos: ['storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  glusterfs: ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  rbd: ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
}

/** Source: pkg/api/persistentvolume/util.go. */
export function persistentVolumeWarnings({ metadata, spec }: KubeObject): string[] {
  const warnings: string[] = []
  for (const [key, text] of Object.entries(deprecatedAnnotations)) {
    if (ownValue(metadata.annotations, key) === undefined) continue
    warnings.push(`metadata.annotations[${key}]: ${text}`)
  }
  if (spec?.persistentVolumeReclaimPolicy === 'Recycle') {
    warnings.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, ' +
        'the recommended approach is to use dynamic provisioning.',
    )
  }
  const at = 'spec.nodeAffinity.required.nodeSelectorTerms'
  warnings.push(...nodeSelectorWarnings(spec?.nodeAffinity?.required?.nodeSelectorTerms, at))
  for (const [field, [path, text]] of Object.entries(deprecatedSources)) {
    if (spec?.[field] !== undefined) warnings.push(`spec.${path}: ${text}`)
  }
  return warnings
}
