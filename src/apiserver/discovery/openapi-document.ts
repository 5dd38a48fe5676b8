import { apiVersionOf } from '../../api/kinds.ts'
import type { ServedResource } from '../../api/resources/registry.ts'
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
    addKind(schemas, group, version, `${row.kind}List`)
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
  const atomic = type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}
  const schema: Schema = { description: texts?.text, type: 'object', ...atomic }
  schemas[name] = schema
  const properties: Record<string, Schema> = {}
  const required: string[] = []
  // In the order in which Go declares them.
  for (const [key, field] of type.fields) if (field.required) required.push(key)
  for (const [key, field] of [...type.fields].sort(([a], [b]) => (a < b ? -1 : 1))) {
    properties[key] = fieldSchema(field, texts?.fields[key])
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
  if (field.type === 'strings' && field.shape === undefined) {
    return { description, type: 'array', items: { type: 'string', default: '' }, ...hints }
  }
  if (field.shape === 'list') {
    return { description, type: 'array', items: elementSchema(field), ...hints }
  }
  if (field.shape === 'map') {
    return { description, type: 'object', additionalProperties: elementSchema(field), ...hints }
  }
  const { $ref, ...value } = valueSchema(field)
  const start = defaultOf(field)
  return {
    description,
    ...($ref === undefined ? value : { allOf: [{ $ref }] }),
    ...(start === undefined ? {} : { default: start }),
    ...hints,
  }
}

/** Of what is no pointer: Go has a value though none is given. Source: kube-openapi, defaults. */
function defaultOf(field: FieldSchema): unknown {
  if (field.pointer) return undefined
  if (field.type === 'ref') return {}
  return field.written ? zeros[field.type] : undefined
}

/** An item of a list or of a map. */
function elementSchema(field: FieldSchema): Schema {
  const { $ref, ...value } = valueSchema(field)
  if ($ref === undefined) {
    const start = zeros[field.type]
    return { ...value, ...(start === undefined ? {} : { default: start }) }
  }
  return field.type === 'ref' ? { allOf: [{ $ref }], default: {} } : { $ref }
}

const zeros: Partial<Record<FieldSchema['type'], unknown>> = {
  ...{ string: '', bool: false, int32: 0, int64: 0, double: 0 },
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
  const paths: Record<string, unknown> = {}
  const add = (path: string, verbs: readonly string[], kind = gvk, suffix = '') => {
    const found = operations(row.kind + suffix, kind, verbs)
    if (Object.keys(found).length > 0) paths[path] = found
  }
  const has = (...verbs: string[]) => verbs.filter(verb => row.verbs.includes(verb))
  add(collection, has('list', 'create', 'deletecollection'))
  add(`${collection}/{name}`, has('get', 'update', 'patch', 'delete'))
  if (row.namespaced) add(`${root}/${row.resource}`, has('list'), gvk, 'ForAllNamespaces')
  for (const sub of row.subresources) {
    const kind = { group: sub.group ?? group, kind: sub.kind, version: sub.version ?? version }
    add(`${collection}/{name}/${sub.name}`, sub.verbs, kind, capital(sub.name))
  }
  return paths
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map(name => ({
  name,
  in: 'query',
  schema: { type: 'string', uniqueItems: true },
}))

function operations(name: string, gvk: unknown, verbs: readonly string[]): Schema {
  const result: Schema = {}
  for (const verb of verbs) {
    const [method, action] = actions[verb] ?? []
    if (method === undefined) continue
    const writes = ['create', 'update', 'patch'].includes(verb)
    result[method] = {
      operationId: `${verb}${name}`,
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
  'application/apply-patch+yaml': {},
  'application/json-patch+json': {},
  'application/merge-patch+json': {},
  'application/strategic-merge-patch+json': {},
}
