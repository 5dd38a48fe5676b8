import { apiVersionOf } from '../../api/kinds.ts'
import type { ServedResource } from '../../api/resources/registry.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { descriptionsFile } from '../../api/schema/files.ts'
import { openApiNameOf, typeByName } from '../../api/schema/lookup.ts'
import type { FieldSchema } from '../../api/schema/types.ts'
import { gitVersion } from '../http/health.ts'

type Schema = Record<string, unknown>

const refPrefix = '#/components/schemas/'

/** The OpenAPI v3 document of one group version, made of its resources and the schema. */
export function openApiDocument(resources: readonly ServedResource[]): unknown {
  const schemas: Record<string, Schema> = {}
  const paths: Record<string, unknown> = {}
  for (const resource of resources) {
    const { row, served } = resource
    const { group, version } = served
    addKind(schemas, group, version, row.kind)
    schemas[`${openApiNameOf(apiVersionOf(served), row.kind)}List`] = listSchema(resource)
    addRef(schemas, 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta')
    for (const sub of row.subresources) {
      addKind(schemas, sub.group ?? group, sub.version ?? version, sub.kind)
    }
    Object.assign(paths, pathsOf(resource))
  }
  addRef(schemas, 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions')
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: gitVersion },
    paths,
    components: { schemas },
  }
}

function addKind(
  schemas: Record<string, Schema>,
  group: string,
  version: string,
  kind: string,
): void {
  const name = openApiNameOf(apiVersionOf({ group, version }), kind)
  addRef(schemas, name)
  const schema = schemas[name]
  if (schema === undefined) return
  const texts = descriptionsFile().types[name]?.fields ?? {}
  schema.properties = {
    apiVersion: { type: 'string', description: texts.apiVersion },
    kind: { type: 'string', description: texts.kind },
    ...(schema.properties as object),
  }
  schema['x-kubernetes-group-version-kind'] = [{ group, kind, version }]
}

/** Adds a type and all that it refers to. */
function addRef(schemas: Record<string, Schema>, name: string): void {
  const type = typeByName(name)
  if (schemas[name] !== undefined || type === undefined) return
  const texts = descriptionsFile().types[name]
  const schema: Schema = { description: texts?.text, type: 'object' }
  schemas[name] = schema
  const properties: Record<string, Schema> = {}
  const required: string[] = []
  for (const [key, field] of [...type.fields].sort(([a], [b]) => (a < b ? -1 : 1))) {
    properties[key] = fieldSchema(field, texts?.fields[key])
    if (field.required) required.push(key)
    if (field.ref !== undefined) addRef(schemas, field.ref)
    const shared = sharedLeaves[field.type]
    if (shared !== undefined) schemas[shared.name] = shared.schema
  }
  schema.properties = properties
  if (required.length > 0) schema.required = required
}

function fieldSchema(field: FieldSchema, description: string | undefined): Schema {
  const hints = {
    ...(field.patchStrategy ? { 'x-kubernetes-patch-strategy': field.patchStrategy } : {}),
    ...(field.patchMergeKey ? { 'x-kubernetes-patch-merge-key': field.patchMergeKey } : {}),
    ...(field.listType ? { 'x-kubernetes-list-type': field.listType } : {}),
    ...(field.listMapKeys ? { 'x-kubernetes-list-map-keys': field.listMapKeys } : {}),
    ...(field.mapType ? { 'x-kubernetes-map-type': field.mapType } : {}),
  }
  const value = valueSchema(field)
  if (field.shape === 'list') return { description, type: 'array', items: value, ...hints }
  if (field.shape === 'map') {
    return { description, type: 'object', additionalProperties: value, ...hints }
  }
  if (value.$ref === undefined) return { description, ...value, ...hints }
  return { description, allOf: [value], ...hints }
}

const leaves: Partial<Record<FieldSchema['type'], Schema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  duration: { type: 'string' },
  raw: { type: 'object' },
  strings: { type: 'array', items: { type: 'string' } },
}

/** Leaves that upstream names, for `kubectl explain` shows these names. */
const sharedLeaves: Partial<Record<FieldSchema['type'], { name: string; schema: Schema }>> = {
  time: {
    name: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
    schema: { type: 'string', format: 'date-time' },
  },
  microtime: {
    name: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
    schema: { type: 'string', format: 'date-time' },
  },
  quantity: {
    name: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
    schema: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  },
  intorstring: {
    name: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    schema: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  },
}

function valueSchema(field: FieldSchema): Schema {
  const ref = sharedLeaves[field.type]?.name ?? field.ref
  return { ...(leaves[field.type] ?? { $ref: refPrefix + ref }) }
}

function listSchema({ row, served }: ServedResource): Schema {
  const name = openApiNameOf(apiVersionOf(served), row.kind)
  const { group, version } = served
  return {
    description: `${row.kind}List is a list of ${row.kind}.`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      items: { type: 'array', items: { $ref: refPrefix + name } },
      kind: { type: 'string' },
      metadata: { allOf: [{ $ref: `${refPrefix}io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta` }] },
    },
    'x-kubernetes-group-version-kind': [{ group, kind: `${row.kind}List`, version }],
  }
}

const actions: Record<string, [method: string, action: string]> = {
  list: ['get', 'list'],
  create: ['post', 'post'],
  deletecollection: ['delete', 'deletecollection'],
  get: ['get', 'get'],
  update: ['put', 'put'],
  patch: ['patch', 'patch'],
  delete: ['delete', 'delete'],
}

/** Paths with their actions: what kubectl looks up to learn whether a verb takes a parameter. */
function pathsOf({ row, served }: ServedResource): Record<string, unknown> {
  const { group, version } = served
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const collection = `${root}${row.namespaced ? '/namespaces/{namespace}' : ''}/${row.resource}`
  const gvk = { group, kind: row.kind, version }
  return {
    [collection]: operations(row, gvk, ['list', 'create', 'deletecollection']),
    [`${collection}/{name}`]: operations(row, gvk, ['get', 'update', 'patch', 'delete']),
  }
}

const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map(name => ({
  name,
  in: 'query',
  schema: { type: 'string', uniqueItems: true },
}))

function operations(row: ResourceRow, gvk: unknown, verbs: readonly string[]): unknown {
  const result: Record<string, unknown> = {}
  for (const verb of verbs.filter(one => row.verbs.includes(one))) {
    const [method = '', action] = actions[verb] ?? []
    const writes = ['create', 'update', 'patch'].includes(verb)
    result[method] = {
      operationId: `${verb}${row.kind}`,
      ...(writes ? { parameters: writeParameters } : {}),
      ...(verb === 'patch' ? { requestBody: { content: patchContent } } : {}),
      responses: { 200: { description: 'OK' } },
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': gvk,
    }
  }
  return result
}

const patchContent = {
  'application/json-patch+json': {},
  'application/merge-patch+json': {},
  'application/strategic-merge-patch+json': {},
}
