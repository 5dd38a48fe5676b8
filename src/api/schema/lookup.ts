import { schemaFile } from './files.ts'
import type { FieldSchema } from './types.ts'

/** A field, and the names of the Go structs that embed it, from the outside. */
export interface ResolvedField extends FieldSchema {
  readonly embedded?: readonly string[]
}

/** A type ready for use: embedded structs are already part of `fields`. */
export interface ResolvedType {
  readonly name: string
  /** Who applies a part of it applies all of it. */
  readonly atomic?: true
  /** By JSON name. */
  readonly fields: ReadonlyMap<string, ResolvedField>
  /** By protobuf number; embedded structs are still fields here. */
  readonly byNumber: ReadonlyMap<number, FieldSchema>
}

const resolved = new Map<string, ResolvedType | null>()

/** A type by its OpenAPI name; undefined for a type that has no schema. */
export function typeByName(name: string | undefined): ResolvedType | undefined {
  if (name === undefined) return undefined
  // Names come from clients: what is not known is not kept either.
  if (!Object.hasOwn(schemaFile().types, name)) return undefined
  let type = resolved.get(name)
  if (type === undefined) {
    type = resolve(name)
    resolved.set(name, type)
  }
  return type ?? undefined
}

/** OpenAPI names that do not follow from group, version and kind. */
const metaKinds = new Set(['DeleteOptions', 'Status', 'WatchEvent', 'List'])

/** The OpenAPI name of a kind: `apps/v1 Deployment` is `io.k8s.api.apps.v1.Deployment`. */
export function openApiNameOf(apiVersion: string, kind: string): string {
  if (metaKinds.has(kind)) return `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  const pkg = packages.get(group) ?? group.split('.').reverse().join('.')
  return `${pkg}.${apiVersion.slice(slash + 1)}.${kind}`
}

/** Groups whose package of k8s.io/api is the first part of their name. */
const inApi = [
  ...['apps', 'autoscaling', 'batch', 'extensions', 'policy', 'admission.k8s.io'],
  ...['admissionregistration.k8s.io', 'apidiscovery.k8s.io', 'authentication.k8s.io'],
  ...['authorization.k8s.io', 'certificates.k8s.io', 'coordination.k8s.io', 'discovery.k8s.io'],
  ...['events.k8s.io', 'flowcontrol.apiserver.k8s.io', 'imagepolicy.k8s.io', 'networking.k8s.io'],
  ...['node.k8s.io', 'rbac.authorization.k8s.io', 'resource.k8s.io', 'scheduling.k8s.io'],
  ...['storage.k8s.io', 'storagemigration.k8s.io'],
]

/** Packages of upstream's groups; a kind of another group is called by its group's domain. */
const packages: ReadonlyMap<string, string> = new Map([
  ['', 'io.k8s.api.core'],
  ...inApi.map(group => [group, `io.k8s.api.${group.split('.')[0]}`] as const),
  ['internal.apiserver.k8s.io', 'io.k8s.api.apiserverinternal'],
  ['meta.k8s.io', 'io.k8s.apimachinery.pkg.apis.meta'],
  ['apiextensions.k8s.io', 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions'],
  ['apiregistration.k8s.io', 'io.k8s.kube-aggregator.pkg.apis.apiregistration'],
])

/** The type of a kind, if the schema has it. */
export function typeOfKind(apiVersion: string, kind: string): ResolvedType | undefined {
  return typeByName(openApiNameOf(apiVersion, kind))
}

function resolve(name: string): ResolvedType | null {
  const source = schemaFile().types[name]
  if (source === undefined) return null
  const fields = new Map<string, ResolvedField>()
  for (const field of source.fields) {
    if (field.inline) {
      for (const [key, inner] of typeByName(field.ref)?.fields ?? []) {
        const embedded = [lastPart(field.ref ?? ''), ...(inner.embedded ?? [])]
        fields.set(key, { ...inner, embedded })
      }
    } else {
      fields.set(field.name, field)
    }
  }
  return {
    name,
    ...(source.atomic ? { atomic: true } : {}),
    fields,
    byNumber: new Map(source.fields.map(field => [field.number, field])),
  }
}

/** `Pod` of `io.k8s.api.core.v1.Pod`. */
export function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
