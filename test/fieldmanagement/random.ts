import { type ResolvedType, typeByName, typeOfKind } from '../../src/api/schema/lookup.ts'
import type { FieldSchema } from '../../src/api/schema/types.ts'
import type { Prng } from '../../src/kernel/prng.ts'

/**
 * Objects of any kind, small and much alike: few names, few values, so that what several managers
 * write meets.
 */

type Json = Record<string, unknown>

/** Kinds whose lists, sets, maps and unions are of all sorts. */
export const kinds = [
  ['v1', 'Pod'],
  ['apps/v1', 'Deployment'],
  ['v1', 'Service'],
  ['v1', 'ConfigMap'],
  ['v1', 'Node'],
  ['v1', 'Secret'],
  ['discovery.k8s.io/v1', 'EndpointSlice'],
  ['networking.k8s.io/v1', 'Ingress'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['batch/v1', 'CronJob'],
  ['storage.k8s.io/v1', 'CSINode'],
  ['resource.k8s.io/v1', 'ResourceClaim'],
  ['flowcontrol.apiserver.k8s.io/v1', 'FlowSchema'],
  ['admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy'],
] as const

/** Chosen by the server, or read by it alone. */
const skipped = new Set([
  'managedFields',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'selfLink',
])
const depthMax = 7

export function randomObject(prng: Prng, apiVersion: string, kind: string): Json {
  const type = typeOfKind(apiVersion, kind)
  if (type === undefined) throw new Error(`${kind} has no schema`)
  const object = new Random(prng).struct(type, 0)
  const metadata = { ...(object.metadata as Json), name: 'x' }
  return { ...object, apiVersion, kind, metadata }
}

class Random {
  readonly #prng: Prng
  #left = 60

  constructor(prng: Prng) {
    this.#prng = prng
  }

  struct(type: ResolvedType, depth: number): Json {
    const result: Json = {}
    for (const [name, field] of type.fields) {
      if (skipped.has(name) || !this.#wants(field, depth)) continue
      const value = this.#field(field, depth)
      if (value !== undefined) result[name] = value
    }
    return result
  }

  #wants(field: FieldSchema, depth: number): boolean {
    if (this.#left <= 0 || depth > depthMax) return false
    const odds = depth === 0 ? 0.9 : field.listType || field.required ? 0.6 : 0.12
    return this.#prng.chance(odds)
  }

  #field(field: FieldSchema, depth: number): unknown {
    this.#left--
    // A list that is empty and one that is missing are told apart elsewhere.
    const count = 1 + this.#prng.below(3)
    if (field.shape === 'list') {
      const items = Array.from({ length: count }, () => this.#value(field, depth))
      return field.listType === 'atomic' || this.#prng.chance(0.1) ? items : unlike(field, items)
    }
    if (field.shape === 'map') {
      const keys = Array.from({ length: count }, () => this.#one(['a', 'b', 'c']))
      return Object.fromEntries(keys.map(key => [key, this.#value(field, depth)]))
    }
    return this.#value(field, depth)
  }

  #value(field: FieldSchema, depth: number): unknown {
    if (field.type === 'ref') {
      const type = typeByName(field.ref)
      return type === undefined ? {} : this.struct(type, depth + 1)
    }
    const values = samples[field.type]
    return values === undefined ? undefined : this.#one(values)
  }

  #one<T>(values: readonly T[]): T {
    return values[this.#prng.below(values.length)] as T
  }
}

const samples: Partial<Record<FieldSchema['type'], readonly unknown[]>> = {
  string: ['a', 'b', 'c', 'TCP', ''],
  bool: [true, false],
  int32: [0, 1, 80],
  int64: [0, 1, 9],
  double: [0.5, 1],
  bytes: ['YQ==', ''],
  time: ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
  microtime: ['2026-01-01T00:00:00.000000Z'],
  quantity: ['1', '100m', '1Gi'],
  intorstring: [80, 'http', '25%'],
  strings: [['a'], ['b', 'c']],
}

/** Items that nothing has in common: sets and keyed lists mostly have no two that are the same. */
function unlike(field: FieldSchema, items: readonly unknown[]): unknown[] {
  const seen = new Set<string>()
  return items.filter(item => {
    const keys = field.listMapKeys ?? []
    const id = keys.length === 0 ? item : keys.map(key => (item as Json)[key] ?? defaults[key])
    const text = JSON.stringify(id)
    if (seen.has(text)) return false
    seen.add(text)
    return true
  })
}

const defaults: Readonly<Record<string, unknown>> = { protocol: 'TCP', port: 0, containerPort: 0 }
