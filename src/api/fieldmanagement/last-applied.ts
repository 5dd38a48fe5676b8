import { setOwn } from '../own.ts'
import { isRecord } from '../patch/merge.ts'
import type { KubeObject } from '../types.ts'
import { compare } from './compare.ts'
import { compareTexts } from './element.ts'
import { difference, emptySet, type FieldSet } from './field-set.ts'
import type { Model } from './model.ts'
import { toFieldSet } from './to-field-set.ts'
import { validateTyped } from './validate.ts'

/** What `kubectl apply` keeps of its last configuration, when it merges by itself. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration'

const annotationsBytesMax = 256 * 1024

/**
 * The fields that kubectl's own apply owns: those of the annotation that are still as it left them.
 * Source: apimachinery managedfields/internal/lastappliedmanager.go.
 */
export function ownedByAnnotation(model: Model, live: KubeObject, apiVersion: string): FieldSet {
  const text = live.metadata.annotations?.[lastAppliedAnnotation]
  if (!text) return emptySet
  try {
    const applied: unknown = JSON.parse(text)
    if (!isRecord(applied) || applied.apiVersion !== apiVersion) return emptySet
    validateTyped(model, applied)
    const { modified, added, removed } = compare(model, applied, live)
    return [modified, added, removed].reduce(difference, toFieldSet(model, applied))
  } catch {
    // An annotation that makes no sense owns nothing.
    return emptySet
  }
}

/**
 * Brings the annotation up to what was applied, where there is one. Source: lastappliedupdater.go.
 */
export function renewAnnotation(object: KubeObject, applied: KubeObject): void {
  const { annotations } = object.metadata
  if (!annotations?.[lastAppliedAnnotation]) return
  const others = { ...applied.metadata?.annotations }
  delete others[lastAppliedAnnotation]
  const metadata: Record<string, unknown> = { ...applied.metadata }
  if (applied.metadata?.annotations !== undefined) metadata.annotations = others
  const text = `${sortedJson({ ...applied, metadata })}\n`
  const renewed = { ...annotations, [lastAppliedAnnotation]: text }
  let bytes = 0
  for (const [key, value] of Object.entries(renewed)) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (bytes > annotationsBytesMax) delete renewed[lastAppliedAnnotation as never]
  object.metadata = { ...object.metadata, annotations: renewed }
}

/** JSON as Go writes a map. */
function sortedJson(value: unknown): string {
  return JSON.stringify(sorted(value)).replace(
    /[<>&\u2028\u2029]/g,
    each => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isRecord(value)) return typeof value === 'bigint' ? Number(value) : value
  const result: Record<string, unknown> = {}
  for (const key of Object.keys(value).sort(compareTexts)) setOwn(result, key, sorted(value[key]))
  return result
}
