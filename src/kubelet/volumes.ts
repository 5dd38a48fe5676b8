import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kinds } from '../api/kinds.ts'
import type { Container, KeyToPath, Pod, Volume } from '../api/objects.ts'
import { ownValue, setOwn } from '../api/own.ts'
import { isStatusReason } from '../api/status.ts'
import type { Client } from '../client/types.ts'
import { errorMessage } from '../kernel/result.ts'
import { fieldValue, resourceValue } from './downward.ts'
import type { Mount } from './runtime/types.ts'
import { safeFolderBelow, UnsafePathError } from './safepath.ts'
import { type Files, replaceFiles } from './volume-files.ts'

/** A volume that can't be had now; the pod waits and it is tried again. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError'
}

/**
 * Makes (or refreshes) the folders of a pod's volumes below `folder`.
 * @returns the host path of each volume. @throws VolumeError
 */
export async function setUpVolumes(
  client: Client,
  pod: Pod,
  folder: string,
  status: { readonly podIp: string; readonly hostIp: string },
): Promise<ReadonlyMap<string, string>> {
  const paths = new Map<string, string>()
  for (const volume of pod.spec.volumes ?? []) {
    const path = join(folder, 'volumes', volume.name)
    if (volume.hostPath) {
      paths.set(volume.name, setUpHostPath(volume.hostPath))
      continue
    }
    const files = await contentOf(client, pod, volume, status)
    mkdirSync(path, { recursive: true, mode: 0o755 })
    if (files) writeFiles(path, files)
    paths.set(volume.name, path)
  }
  return paths
}

/** The mounts of one container. @throws VolumeError for a subPath that leaves its volume. */
export function mountsOf(container: Container, paths: ReadonlyMap<string, string>): Mount[] {
  const mounts: Mount[] = []
  for (const { name, mountPath, subPath, readOnly } of container.volumeMounts ?? []) {
    const path = paths.get(name)
    if (path === undefined) continue
    const hostPath = subPath ? subPathOf(name, path, subPath) : path
    mounts.push({ name, mountPath, hostPath, readOnly: readOnly ?? false })
  }
  return mounts
}

/** Containers write to volumes: what leads out of one may be a link that another has made. */
function subPathOf(volume: string, path: string, subPath: string): string {
  try {
    return safeFolderBelow(path, subPath)
  } catch (error) {
    throw new VolumeError(
      `failed to prepare subPath for volumeMount "${volume}": ${errorMessage(error)}`,
    )
  }
}

function setUpHostPath(hostPath: { path: string; type?: string }): string {
  const { path, type = '' } = hostPath
  if (type === 'DirectoryOrCreate') mkdirSync(path, { recursive: true })
  if (type === 'FileOrCreate' && !existsSync(path)) writeFileSync(path, '')
  if ((type === 'Directory' || type === 'File') && !existsSync(path)) {
    throw new VolumeError(`hostPath type check failed: ${path} is not a ${type.toLowerCase()}`)
  }
  return path
}

/** Files of a volume that shows API data; undefined for one that belongs to the pod alone. */
async function contentOf(
  client: Client,
  pod: Pod,
  volume: Volume,
  status: { readonly podIp: string; readonly hostIp: string },
): Promise<Files | undefined> {
  if (volume.emptyDir) return undefined
  const source = { ...volume, secret: volume.secret && { ...volume.secret } }
  if (volume.configMap) return configMapFiles(client, pod, volume.configMap)
  if (source.secret) {
    return secretFiles(client, pod, { ...source.secret, name: source.secret.secretName })
  }
  if (volume.downwardAPI) return downwardFiles(pod, volume.downwardAPI, status)
  if (volume.projected) return projectedFiles(client, pod, volume.projected, status)
  const type = Object.keys(volume).find(key => key !== 'name') ?? 'unknown'
  throw new VolumeError(`volume "${volume.name}": the kubelet has no plugin for "${type}"`)
}

interface KeySource {
  readonly name?: string
  readonly items?: readonly KeyToPath[]
  readonly optional?: boolean
}

async function configMapFiles(client: Client, pod: Pod, source: KeySource): Promise<Files> {
  const object = await getOptional(client, 'configMaps', pod, source)
  const files: Files = {}
  for (const [key, text] of Object.entries(object?.data ?? {})) {
    setOwn(files, key, Buffer.from(text as string, 'utf8'))
  }
  for (const [key, text] of Object.entries(object?.binaryData ?? {})) {
    setOwn(files, key, Buffer.from(text as string, 'base64'))
  }
  return pickItems(files, source, 'configmap')
}

async function secretFiles(client: Client, pod: Pod, source: KeySource): Promise<Files> {
  const object = await getOptional(client, 'secrets', pod, source)
  const files: Files = {}
  for (const [key, text] of Object.entries(object?.data ?? {})) {
    setOwn(files, key, Buffer.from(text as string, 'base64'))
  }
  return pickItems(files, source, 'secret')
}

async function getOptional(
  client: Client,
  kind: 'configMaps' | 'secrets',
  pod: Pod,
  source: KeySource,
) {
  try {
    return await client.get(kinds[kind], pod.metadata.namespace, source.name ?? '')
  } catch (error) {
    if (!isStatusReason(error, 'NotFound')) throw error
    if (source.optional) return undefined
    throw new VolumeError((error as Error).message)
  }
}

function pickItems(files: Files, source: KeySource, kind: string): Files {
  if (!source.items) return files
  const picked: Files = {}
  for (const { key, path } of source.items) {
    const file = ownValue(files, key)
    if (file) setOwn(picked, path, file)
    else if (!source.optional) {
      throw new VolumeError(`${kind} references non-existent config key: ${key}`)
    }
  }
  return picked
}

type DownwardSource = NonNullable<Volume['downwardAPI']>

function downwardFiles(
  pod: Pod,
  source: DownwardSource,
  status: { readonly podIp: string; readonly hostIp: string },
): Files {
  const files: Files = {}
  for (const { path, fieldRef, resourceFieldRef } of source.items ?? []) {
    const container = pod.spec.containers.find(
      each => each.name === resourceFieldRef?.containerName,
    )
    const text = fieldRef
      ? fieldValue(pod, fieldRef.fieldPath, status)
      : resourceFieldRef && container
        ? resourceValue(container, resourceFieldRef)
        : ''
    setOwn(files, path, Buffer.from(text ?? ''))
  }
  return files
}

async function projectedFiles(
  client: Client,
  pod: Pod,
  projected: NonNullable<Volume['projected']>,
  status: { readonly podIp: string; readonly hostIp: string },
): Promise<Files> {
  const files: Files = {}
  // Service account tokens are no part of the process runtime: programs there have no use for one.
  const isApiAccess = projected.sources?.some(source => source.serviceAccountToken) ?? false
  for (const source of projected.sources ?? []) {
    const lenient = isApiAccess ? { optional: true } : {}
    if (source.configMap) {
      Object.assign(files, await configMapFiles(client, pod, { ...source.configMap, ...lenient }))
    }
    if (source.secret) Object.assign(files, await secretFiles(client, pod, source.secret))
    if (source.downwardAPI) Object.assign(files, downwardFiles(pod, source.downwardAPI, status))
  }
  return files
}

function writeFiles(folder: string, files: Files): void {
  try {
    replaceFiles(folder, files)
  } catch (error) {
    if (!(error instanceof UnsafePathError)) throw error
    throw new VolumeError(error.message)
  }
}
