import { randomInt, randomUUID } from 'node:crypto'
import { equalWritten } from '../../api/fieldmanagement/go-form.ts'
import { modelOfKind } from '../../api/fieldmanagement/model.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import type { KubeObject } from '../../api/types.ts'

/** Time as the API writes it: RFC 3339 in UTC with seconds. */
export function apiTime(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`
}

const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789'
const suffixLength = 5
const generatedBaseMax = 63 - suffixLength

/** `base` and five random letters. Source: apiserver pkg/storage/names/generate.go. */
export function generateName(base: string): string {
  let suffix = ''
  while (suffix.length < suffixLength) suffix += suffixLetters[randomInt(suffixLetters.length)]
  return base.slice(0, generatedBaseMax) + suffix
}

/** What the server sets on a new object. Source: apiserver pkg/registry/rest BeforeCreate. */
export function fillNewMetadata(row: ResourceRow, object: KubeObject, wallMs: number): void {
  const { metadata } = object
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.resourceVersion
  metadata.uid = randomUUID()
  metadata.creationTimestamp = apiTime(wallMs)
  if (!metadata.name && metadata.generateName) metadata.name = generateName(metadata.generateName)
  if (row.generation) metadata.generation = 1
  else delete metadata.generation
}

/** What no client may change. Source: apiserver pkg/registry/rest BeforeUpdate. */
export function keepSystemMetadata(next: KubeObject, old: KubeObject): void {
  const { metadata } = next
  const before = old.metadata
  metadata.name = before.name
  for (const key of [
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'generateName',
  ] as const) {
    if (before[key] === undefined) delete metadata[key]
    else Object.assign(metadata, { [key]: before[key] })
  }
}

/** Counts the generation up when anything but metadata and status differs. */
export function countGeneration(row: ResourceRow, next: KubeObject, old: KubeObject): void {
  if (!row.generation) return
  if (equalWritten(modelOfKind(apiVersionOf(row), row.kind), next, old, uncounted)) return
  next.metadata.generation = (old.metadata.generation ?? 0) + 1
}

const uncounted = new Set(['apiVersion', 'kind', 'metadata', 'status'])
