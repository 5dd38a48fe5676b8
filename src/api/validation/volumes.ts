import type { KeyToPath, PodSpec, Volume } from '../objects.ts'
import type { Causes } from './causes.ts'
import { dnsLabelErrors } from './names.ts'
import { validateFilePath, validateNoBacksteps } from './paths.ts'

const modeText = 'must be a number between 0 and 0777 (octal), both inclusive'
const hostPathTypes = [
  ...['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate'],
  'Socket',
]

/** The volumes of a pod; returns their names, which mounts may use. */
export function validateVolumes(spec: PodSpec, path: string, causes: Causes): Set<string> {
  const names = new Set<string>()
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    const at = `${path}.volumes[${index}]`
    if (!volume.name) causes.required(`${at}.name`)
    else
      for (const text of dnsLabelErrors(volume.name))
        causes.invalid(`${at}.name`, volume.name, text)
    if (names.has(volume.name)) causes.duplicate(`${at}.name`, volume.name)
    names.add(volume.name)
    const sources = Object.keys(volume).filter(key => key !== 'name')
    if (sources.length === 0) causes.required(at, 'must specify a volume type')
    for (const extra of sources.slice(1)) {
      causes.forbidden(`${at}.${extra}`, 'may not specify more than 1 volume type')
    }
    validateSource(volume, at, causes)
  }
  return names
}

function validateSource(volume: Volume, at: string, causes: Causes): void {
  const { hostPath, secret, configMap, downwardAPI, projected } = volume
  if (hostPath) validateHostPath(hostPath, `${at}.hostPath`, causes)
  if (secret) {
    if (!secret.secretName) causes.required(`${at}.secret.secretName`)
    validateFiles(secret, `${at}.secret`, causes)
  }
  if (configMap) {
    if (!configMap.name) causes.required(`${at}.configMap.name`)
    validateFiles(configMap, `${at}.configMap`, causes)
  }
  if (downwardAPI) validateDownward(downwardAPI, `${at}.downwardAPI`, causes)
  if (projected) validateProjected(projected, `${at}.projected`, causes)
}

function validateHostPath(
  { path, type = '' }: NonNullable<Volume['hostPath']>,
  at: string,
  causes: Causes,
): void {
  if (!path) {
    causes.required(`${at}.path`)
    return
  }
  validateNoBacksteps(path, `${at}.path`, causes)
  if (!hostPathTypes.includes(type)) causes.notSupported(`${at}.type`, type, hostPathTypes)
}

interface FileSource {
  readonly defaultMode?: number
  readonly items?: readonly KeyToPath[]
}

function validateFiles({ defaultMode, items = [] }: FileSource, at: string, causes: Causes): void {
  validateMode(defaultMode, `${at}.defaultMode`, causes)
  for (const [index, { key, path, mode }] of items.entries()) {
    const item = `${at}.items[${index}]`
    if (!key) causes.required(`${item}.key`)
    if (!path) causes.required(`${item}.path`)
    else validateFilePath(path, `${item}.path`, causes)
    validateMode(mode, `${item}.mode`, causes)
  }
}

type Downward = NonNullable<Volume['downwardAPI']>

/** Upstream names the volume, not the item. */
function validateDownward({ items = [], ...source }: Downward, at: string, causes: Causes): void {
  validateMode((source as FileSource).defaultMode, `${at}.defaultMode`, causes)
  for (const { path, fieldRef, resourceFieldRef, mode } of items) {
    if (!path) causes.required(`${at}.path`)
    else validateFilePath(path, `${at}.path`, causes)
    if (fieldRef && resourceFieldRef) {
      const text = 'fieldRef and resourceFieldRef can not be specified simultaneously'
      causes.invalid(at, 'resource', text)
    }
    if (!fieldRef && !resourceFieldRef) {
      causes.required(at, 'one of fieldRef and resourceFieldRef is required')
    }
    validateMode(mode, `${at}.mode`, causes)
  }
}

type Projected = NonNullable<Volume['projected']>

function validateProjected({ sources = [], defaultMode }: Projected, at: string, causes: Causes) {
  validateMode(defaultMode, `${at}.defaultMode`, causes)
  const seen = new Set<string>()
  const unique = (path: string | undefined, value: unknown) => {
    if (!path) return
    if (seen.has(path)) causes.invalid(at, value, 'conflicting duplicate paths')
    seen.add(path)
  }
  for (const [index, source] of sources.entries()) {
    const here = `${at}.sources[${index}]`
    for (const kind of ['secret', 'configMap'] as const) {
      const files = source[kind]
      if (!files) continue
      if (!files.name) causes.required(`${here}.${kind}.name`)
      validateFiles(files, `${here}.${kind}`, causes)
      for (const { path } of files.items ?? []) unique(path, files.name)
    }
    if (source.downwardAPI) {
      validateDownward(source.downwardAPI, `${here}.downwardAPI`, causes)
      for (const { path } of source.downwardAPI.items ?? []) unique(path, path)
    }
    const token = source.serviceAccountToken
    if (token) {
      if (!token.path) causes.required(`${here}.serviceAccountToken.path`)
      else validateFilePath(token.path, `${here}.serviceAccountToken.path`, causes)
      unique(token.path, token.path)
    }
  }
}

function validateMode(mode: number | undefined, at: string, causes: Causes): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) causes.invalid(at, mode, modeText)
}
