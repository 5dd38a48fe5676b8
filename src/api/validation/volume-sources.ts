import type { Causes } from './causes.ts'
import type { Loose } from './loose.ts'
import { dnsLabelErrors, dnsSubdomainErrors } from './names.ts'
import { validateNoBacksteps } from './paths.ts'
import { judged, labelName, oneOf, present } from './rules.ts'

/**
 * The sources of volumes, of pods and of persistent volumes, each a function of the source.
 * Source of all: kubernetes pkg/apis/core/validation/validation.go.
 */
export type SourceRule = (source: Loose, path: string, causes: Causes) => void

/** Fields that must not be empty. */
export const needs =
  (...fields: readonly string[]): SourceRule =>
  (source, path, causes) => {
    for (const field of fields) present(source[field], `${path}.${field}`, causes)
  }

const hostPathTypes = [
  ...['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate'],
  'Socket',
]
const partitionText = 'must be between 0 and 255, inclusive'
const partitionRangeText = 'must be between 1 and 255, inclusive'

const partitioned =
  (field: string): SourceRule =>
  (source, path, causes) => {
    present(source[field], `${path}.${field}`, causes)
    const { partition = 0 } = source
    if (partition >= 0 && partition <= 255) return
    causes.invalid(`${path}.partition`, partition, partitionRangeText)
  }

export const hostPath: SourceRule = ({ path = '', type }, at, causes) => {
  if (!present(path, `${at}.path`, causes)) return
  validateNoBacksteps(path, `${at}.path`, causes)
  oneOf(type, `${at}.type`, hostPathTypes, causes)
}

const iqnPatterns: readonly (readonly [string, RegExp])[] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[A-Za-z0-9]{16}$/],
  ['naa', /^naa.[A-Za-z0-9]{32}$/],
]

function judgeIqn(value: string, path: string, unknown: string, causes: Causes): void {
  const form = iqnPatterns.find(([prefix]) => value.startsWith(prefix))
  if (form === undefined) causes.invalid(path, value, unknown)
  else if (!form[1].test(value)) causes.invalid(path, value, 'must be valid format')
}

/** `unknown`: what is said of a name that begins with none of the prefixes. */
export function iscsi(source: Loose, path: string, unknown: string, causes: Causes): void {
  present(source.targetPortal, `${path}.targetPortal`, causes)
  if (present(source.iqn, `${path}.iqn`, causes)) {
    judgeIqn(source.iqn, `${path}.iqn`, unknown, causes)
  }
  const { lun = 0 } = source
  if (lun < 0 || lun > 255) causes.invalid(`${path}.lun`, lun, partitionText)
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) {
    causes.required(`${path}.secretRef`)
  }
  if (source.initiatorName !== undefined) {
    judgeIqn(source.initiatorName, `${path}.initiatorname`, unknown, causes)
  }
}

export const iscsiUnknownText = 'must be valid format starting with iqn, eui, or naa'
export const iscsiLengthText =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if ' +
  'iscsi.initiatorName is specified.'
export const iscsiLengthMax = 64

const fc: SourceRule = ({ targetWWNs = [], wwids = [], lun }, path, causes) => {
  const at = `${path}.targetWWNs`
  if (targetWWNs.length + wwids.length === 0) {
    causes.required(at, 'must specify either targetWWNs or wwids, but not both')
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    causes.invalid(at, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously')
  }
  if (targetWWNs.length === 0) return
  if (lun === undefined) {
    causes.required(`${path}.lun`, 'lun is required if targetWWNs is specified')
  } else if (lun < 0 || lun > 255) causes.invalid(`${path}.lun`, lun, partitionText)
}

const nfs: SourceRule = ({ server, path = '' }, at, causes) => {
  present(server, `${at}.server`, causes)
  present(path, `${at}.path`, causes)
  if (!path.startsWith('/')) causes.invalid(`${at}.path`, path, 'must be an absolute path')
}

const registryText = 'must be a host:port pair or multiple pairs separated by commas'

const quobyte: SourceRule = ({ registry = '', tenant = '', volume }, path, causes) => {
  if (registry === '') causes.required(`${path}.registry`, registryText)
  else if (tenant.length >= 65) {
    const text = 'must be a UUID and may not exceed a length of 64 characters'
    causes.required(`${path}.tenant`, text)
  } else {
    for (const pair of registry.split(',')) {
      if (/^(\[[^\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair)) continue
      causes.invalid(`${path}.registry`, registry, registryText)
    }
  }
  present(volume, `${path}.volume`, causes)
}

const flocker: SourceRule = ({ datasetName = '', datasetUUID = '' }, path, causes) => {
  if (!datasetName && !datasetUUID) {
    causes.required(path, 'one of datasetName and datasetUUID is required')
  }
  if (datasetName && datasetUUID) {
    const text = 'datasetName and datasetUUID can not be specified simultaneously'
    causes.invalid(path, 'resource', text)
  }
  if (datasetName.includes('/')) {
    causes.invalid(`${path}.datasetName`, datasetName, "must not contain '/'")
  }
}

const flexVolume: SourceRule = ({ driver, options = {} }, path, causes) => {
  present(driver, `${path}.driver`, causes)
  for (const key of Object.keys(options)) {
    const domain = `.${(key.split('/', 1)[0] ?? '').toLowerCase()}`
    if (!domain.endsWith('.kubernetes.io') && !domain.endsWith('.k8s.io')) continue
    const text = 'kubernetes.io and k8s.io namespaces are reserved'
    causes.invalid(`${path}.options[${key}]`, key, text)
  }
}

const managedUri =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const blobUri = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'

const azureDisk: SourceRule = (source, path, causes) => {
  const { diskURI = '', cachingMode, kind } = source
  needs('diskName', 'diskURI')(source, path, causes)
  oneOf(cachingMode, `${path}.cachingMode`, ['None', 'ReadOnly', 'ReadWrite'], causes)
  oneOf(kind, `${path}.kind`, ['Dedicated', 'Managed', 'Shared'], causes)
  if (kind === undefined) return
  const [prefix, form] =
    kind === 'Managed' ? ['/subscriptions/', managedUri] : ['https://', blobUri]
  if (!diskURI.startsWith(prefix)) causes.notSupported(`${path}.diskURI`, diskURI, [form])
}

/** A reference to a secret; `namespaced`: it says in which namespace. */
export const secretRef =
  (isNamespaced: boolean): SourceRule =>
  ({ secretRef: ref }, path, causes) => {
    if (ref === undefined) return
    present(ref.name, `${path}.secretRef.name`, causes)
    if (isNamespaced) present(ref.namespace, `${path}.secretRef.namespace`, causes)
  }

export const storageOs =
  (isNamespaced: boolean): SourceRule =>
  (source, path, causes) => {
    const { volumeName, volumeNamespace = '' } = source
    labelName(volumeName, `${path}.volumeName`, causes)
    if (volumeNamespace) {
      judged(volumeNamespace, `${path}.volumeNamespace`, dnsLabelErrors, causes)
    }
    secretRef(isNamespaced)(source, path, causes)
  }

/** Source: ValidateCSIDriverName. */
export function csiDriverName(name: string | undefined, path: string, causes: Causes): void {
  if (!present(name, path, causes) || name === undefined) return
  if (name.length > 63) causes.tooLong(path, 63)
  for (const text of dnsSubdomainErrors(name.toLowerCase())) causes.invalid(path, name, text)
}

export const both =
  (...rules: readonly SourceRule[]): SourceRule =>
  (source, path, causes) => {
    for (const rule of rules) rule(source, path, causes)
  }

/** What pods and persistent volumes have in common, by the name of the field. */
export const commonSources: Readonly<Record<string, SourceRule>> = {
  hostPath,
  gcePersistentDisk: partitioned('pdName'),
  awsElasticBlockStore: partitioned('volumeID'),
  nfs,
  glusterfs: needs('endpoints', 'path'),
  flocker,
  rbd: needs('monitors', 'image'),
  cephfs: needs('monitors'),
  quobyte,
  fc,
  flexVolume,
  azureFile: needs('secretName', 'shareName'),
  vsphereVolume: needs('volumePath'),
  photonPersistentDisk: needs('pdID'),
  portworxVolume: needs('volumeID'),
  azureDisk,
  scaleIO: needs('gateway', 'system', 'volumeName'),
}

/** Upstream's paths where they are not the field's name. */
export const sourcePaths: Readonly<Record<string, string>> = {
  gcePersistentDisk: 'persistentDisk',
}
