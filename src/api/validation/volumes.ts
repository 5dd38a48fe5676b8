import type { ObjectMeta } from '../types.ts'
import type { Causes } from './causes.ts'
import { validateClaimSpec } from './claims.ts'
import { downwardFile } from './downward.ts'
import { keyToPath, validateMode } from './files.ts'
import { each, type Loose } from './loose.ts'
import { validateAnnotations, validateLabels } from './metadata.ts'
import { dnsLabelErrors, dnsSubdomainErrors } from './names.ts'
import { validateDescendingPath } from './paths.ts'
import { validateProjected } from './projected.ts'
import { chosen, judged, present } from './rules.ts'
import {
  both,
  commonSources,
  csiDriverName,
  hostPath,
  iscsi,
  iscsiLengthMax,
  iscsiLengthText,
  iscsiUnknownText,
  needs,
  type SourceRule,
  secretRef,
  sourcePaths,
  storageOs,
} from './volume-sources.ts'

/** The volumes of a pod. Source of all: kubernetes pkg/apis/core/validation/validation.go. */

const tooManyText = 'may not specify more than 1 volume type'

const files =
  (name: string): SourceRule =>
  (source, path, causes) => {
    present(source[name], `${path}.${name}`, causes)
    validateMode(source.defaultMode, `${path}.defaultMode`, causes)
    each(source.items as Loose[], `${path}.items`, (item, at) => keyToPath(item, at, causes))
  }

const emptyDir: SourceRule = ({ sizeLimit = '0' }, path, causes) => {
  if (!String(sizeLimit).startsWith('-')) return
  causes.forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')
}

const gitRepo: SourceRule = ({ repository, directory = '' }, path, causes) => {
  present(repository, `${path}.repository`, causes)
  validateDescendingPath(directory, `${path}.directory`, causes)
}

/** Upstream names the volume, not the item. */
const downwardAPI: SourceRule = ({ defaultMode, items = [] }, path, causes) => {
  validateMode(defaultMode, `${path}.defaultMode`, causes)
  for (const item of items) downwardFile(item, path, causes)
}

const csi: SourceRule = ({ driver, nodePublishSecretRef: ref }, path, causes) => {
  csiDriverName(driver, `${path}.driver`, causes)
  if (ref === undefined) return
  if (!present(ref.name, `${path}.nodePublishSecretRef.name`, causes)) return
  judged(ref.name, `${path}.name`, dnsSubdomainErrors, causes)
}

const templateFields = new Set(['labels', 'annotations'])

const ephemeral: SourceRule = ({ volumeClaimTemplate: template }, path, causes) => {
  const at = `${path}.volumeClaimTemplate`
  if (template === undefined) {
    causes.required(at)
    return
  }
  const metadata: ObjectMeta = template.metadata ?? {}
  validateAnnotations(metadata.annotations, `${at}.metadata.annotations`, causes)
  validateLabels(metadata.labels, `${at}.metadata.labels`, causes)
  for (const [field, value] of Object.entries(metadata)) {
    if (templateFields.has(field) || value === undefined || value === null) continue
    causes.forbidden(`${at}.metadata.${goName(field)}`, 'cannot be set')
  }
  validateClaimSpec(template.spec ?? {}, `${at}.spec`, causes)
}

/** A field as upstream names it there: by Go's name, with its first letter made small. */
const goName = (field: string) => (field === 'uid' ? 'uID' : field)

const pullPolicies = ['Always', 'IfNotPresent', 'Never']

const image =
  (isPod: boolean): SourceRule =>
  ({ reference, pullPolicy }, path, causes) => {
    if (isPod) present(reference, `${path}.reference`, causes)
    chosen(pullPolicy, `${path}.pullPolicy`, pullPolicies, causes)
  }

/** In the order in which upstream looks at them: a second one is too many. */
const sources: Readonly<Record<string, SourceRule>> = {
  emptyDir,
  hostPath,
  gitRepo,
  ...commonSources,
  secret: files('secretName'),
  iscsi: (source, path, causes) => iscsi(source, path, iscsiUnknownText, causes),
  persistentVolumeClaim: needs('claimName'),
  cinder: both(needs('volumeID'), secretRef(false)),
  downwardAPI,
  configMap: files('name'),
  storageos: storageOs(false),
  projected: validateProjected,
  csi,
  ephemeral,
}

/** Upstream's paths of a source that is one too many, where they are not the field's name. */
const extraPaths: Readonly<Record<string, string>> = {
  cephfs: 'cephFS',
  downwardAPI: 'downwarAPI',
}

/** Returns those volumes that are valid, by name: mounts may use them. */
export function validateVolumes(
  volumes: readonly Loose[] | undefined,
  metadata: ObjectMeta | undefined,
  path: string,
  causes: Causes,
): Map<string, Loose> {
  const valid = new Map<string, Loose>()
  const isPod = metadata !== undefined
  const created = new Set<string>()
  for (const { name, ephemeral: source } of volumes ?? []) {
    if (source && metadata?.name) created.add(`${metadata.name}-${name}`)
  }
  each(volumes, path, (volume, at) => {
    const before = causes.list.length
    validateSource(volume, metadata, at, isPod, causes)
    const { name = '' } = volume
    if (present(name, `${at}.name`, causes)) judged(name, `${at}.name`, dnsLabelErrors, causes)
    if (valid.has(name)) causes.duplicate(`${at}.name`, name)
    if (causes.list.length === before) valid.set(name, volume)
    const claim = volume.persistentVolumeClaim?.claimName
    if (claim !== undefined && created.has(claim)) {
      const text = 'must not reference a PVC that gets created for an ephemeral volume'
      causes.invalid(`${at}.persistentVolumeClaim.claimName`, claim, text)
    }
  })
  return valid
}

function validateSource(
  volume: Loose,
  metadata: ObjectMeta | undefined,
  at: string,
  isPod: boolean,
  causes: Causes,
): void {
  const rules: Readonly<Record<string, SourceRule>> = { ...sources, image: image(isPod) }
  const given = Object.keys(rules).filter(field => volume[field] !== undefined)
  for (const [index, field] of given.entries()) {
    if (index > 0) causes.forbidden(`${at}.${extraPaths[field] ?? field}`, tooManyText)
    else rules[field]?.(volume[field], `${at}.${sourcePaths[field] ?? field}`, causes)
  }
  const { name = '', iscsi: target } = volume
  if (target?.initiatorName !== undefined) {
    const length = `${name}:${target.targetPortal ?? ''}`.length
    if (length > iscsiLengthMax) causes.invalid(`${at}.name`, name, iscsiLengthText)
  }
  if (given[0] === 'ephemeral' && metadata?.name && name) {
    const claim = `${metadata.name}-${name}`
    for (const text of dnsSubdomainErrors(claim)) {
      causes.invalid(`${at}.name`, name, `PVC name ${JSON.stringify(claim)}: ${text}`)
    }
  }
  if (given.length === 0) causes.required(at, 'must specify a volume type')
}
