import { type ResolvedType, typeByName, typeOfKind } from '../schema/lookup.ts'
import type { FieldSchema } from '../schema/types.ts'
import { type Element, fieldElement } from './element.ts'

/**
 * What can be owned in a value of a type: what a scalar, a list or an object of it is. Of several
 * forms the value chooses. Source: structured-merge-diff schema/elements.go Atom, made from
 * OpenAPI by kube-openapi pkg/schemaconv.
 */
export interface Model {
  /** The type as messages show it, where the schema names it. */
  readonly scalar?: Scalar
  readonly list?: ListModel
  readonly map?: MapModel
}

export type Scalar = 'numeric' | 'string' | 'boolean' | 'untyped'

/** `keys` empty: a set of scalars. */
export interface ListModel {
  /** Whoever owns an item of it owns all. */
  readonly isAtomic: boolean
  readonly keys: readonly string[]
  /** Of keys that an item leaves out. */
  readonly keyDefaults: Readonly<Record<string, unknown>>
  readonly item: Model
}

export interface MapModel {
  readonly isAtomic: boolean
  /** Those that are declared. */
  readonly fields: ReadonlyMap<string, FieldModel>
  /** Those that Go always writes. */
  readonly written: readonly string[]
  /** Of keys that are not declared; absent: there are none. */
  readonly item?: Model
}

export interface FieldModel {
  readonly element: Element
  readonly schema: FieldSchema
  readonly model: Model
}

/** Whoever owns it owns all of it, whatever it is. */
export const untypedModel: Model = {
  scalar: 'untyped',
  list: {
    isAtomic: true,
    keys: [],
    keyDefaults: {},
    get item() {
      return untypedModel
    },
  },
  get map() {
    return untypedMap
  },
}
const noField: Pick<MapModel, 'fields' | 'written'> = { fields: new Map(), written: [] }
const untypedMap: MapModel = { isAtomic: true, ...noField, item: untypedModel }

/** Objects field by field, lists as wholes: for what has no schema. */
export const deducedModel: Model = {
  scalar: 'untyped',
  ...(untypedModel.list ? { list: untypedModel.list } : {}),
  get map() {
    return deducedMap
  },
}
const deducedMap: MapModel = {
  isAtomic: false,
  ...noField,
  get item() {
    return deducedModel
  },
}

const kindModels = new Map<string, Model>()
const typeModels = new Map<string, Model>()

/** The model of a kind; deduced for one that has no schema. */
export function modelOfKind(apiVersion: string, kind: string): Model {
  const type = typeOfKind(apiVersion, kind)
  if (type === undefined) return deducedModel
  let model = kindModels.get(type.name)
  if (model === undefined) {
    model = kindModel(type)
    kindModels.set(type.name, model)
  }
  return model
}

function typeField(name: string): FieldModel {
  const schema = { name, number: 0, type: 'string' } as const
  return { element: fieldElement(name), schema, model: { scalar: 'string' } }
}

/** Kinds name their type, which the schema leaves out. */
function kindModel(type: ResolvedType): Model {
  const { map } = modelOfType(type)
  const fields = new Map(map?.fields)
  for (const name of ['apiVersion', 'kind']) {
    fields.set(name, typeField(name))
  }
  return { map: { isAtomic: map?.isAtomic === true, fields, written: map?.written ?? [] } }
}

function modelOfType(type: ResolvedType): Model {
  let model = typeModels.get(type.name)
  if (model === undefined) {
    model = { map: structModel(type, type.atomic === true) }
    typeModels.set(type.name, model)
  }
  return model
}

/** A struct; its fields are looked at when first asked for: types may contain themselves. */
function structModel(type: ResolvedType, isAtomic: boolean): MapModel {
  let fields: Map<string, FieldModel> | undefined
  const isEmpty = type.fields.size === 0
  return {
    isAtomic,
    written: [...type.fields.values()].flatMap(({ name, written }) => (written ? [name] : [])),
    // Source: schemaconv parseObject: what declares nothing is of any form.
    ...(isEmpty ? { item: deducedModel } : {}),
    get fields() {
      fields ??= fieldsOf(type)
      return fields
    },
  }
}

function fieldsOf(type: ResolvedType): Map<string, FieldModel> {
  const fields = new Map<string, FieldModel>()
  for (const [name, schema] of type.fields) {
    fields.set(name, { element: fieldElement(name), schema, model: modelOfField(type, schema) })
  }
  // A claim in a stateful set is a whole object of its kind.
  if (embeddedKinds.has(type.name)) {
    for (const name of ['apiVersion', 'kind']) {
      fields.set(name, typeField(name))
    }
  }
  return fields
}

const embeddedKinds = new Set(['io.k8s.api.core.v1.PersistentVolumeClaim'])

function modelOfField(owner: ResolvedType, field: FieldSchema): Model {
  const item = itemModel(owner, field)
  if (field.shape === 'list') return { list: listModel(field, item) }
  const isAtomic = field.mapType === 'atomic'
  if (field.shape === 'map') return { map: { isAtomic, ...noField, item } }
  return isAtomic && item.map ? { ...item, map: atomicOf(item.map) } : item
}

/** The same type, owned as a whole in this place; fields are still looked at when asked for. */
function atomicOf(map: MapModel): MapModel {
  return {
    isAtomic: true,
    ...(map.item ? { item: map.item } : {}),
    get fields() {
      return map.fields
    },
    written: map.written,
  }
}

/** Source: schemaconv getListElementRelationship: what merges strategically is associative, too. */
function listModel(field: FieldSchema, item: Model): ListModel {
  const { listType, listMapKeys = [], patchStrategy = '', patchMergeKey } = field
  const merges = patchStrategy.startsWith('merge')
  const isAtomic = listType === undefined ? !merges : listType === 'atomic'
  const byStrategy = merges && patchMergeKey !== undefined ? [patchMergeKey] : []
  const keys = isAtomic || listType === 'set' ? [] : listType === 'map' ? listMapKeys : byStrategy
  let keyDefaults: Record<string, unknown> | undefined
  return {
    isAtomic,
    keys,
    item,
    get keyDefaults() {
      keyDefaults ??= defaultsOf(field, keys)
      return keyDefaults
    },
  }
}

/** Defaults that OpenAPI has for keys, beside the zeros of fields that Go always writes. */
const specialDefaults: Readonly<Record<string, unknown>> = {
  'io.k8s.api.core.v1.ContainerPort/protocol': 'TCP',
  'io.k8s.api.core.v1.ServicePort/protocol': 'TCP',
  'io.k8s.api.core.v1.LocalObjectReference/name': '',
}

function defaultsOf(list: FieldSchema, keys: readonly string[]): Record<string, unknown> {
  const type = typeByName(list.ref)
  const defaults: Record<string, unknown> = {}
  for (const key of keys) {
    const field = type?.fields.get(key)
    const special = specialDefaults[`${list.ref}/${key}`]
    if (special !== undefined) defaults[key] = special
    else if (field?.written && !field.pointer) defaults[key] = zeros[field.type]
  }
  return defaults
}

const zeros: Partial<Record<FieldSchema['type'], unknown>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
}

const scalars = {
  string: { scalar: 'string' },
  boolean: { scalar: 'boolean' },
  numeric: { scalar: 'numeric' },
  untyped: { scalar: 'untyped' },
} as const satisfies Record<Scalar, Model>

/** Source: schemaconv convertPrimitive: what has a format is not looked into. */
const leafModels: Readonly<Record<Exclude<FieldSchema['type'], 'ref' | 'raw'>, Model>> = {
  string: scalars.string,
  bool: scalars.boolean,
  int32: scalars.numeric,
  int64: scalars.numeric,
  double: scalars.numeric,
  bytes: scalars.string,
  time: scalars.untyped,
  microtime: scalars.untyped,
  duration: scalars.string,
  quantity: scalars.untyped,
  intorstring: { ...untypedModel, scalar: 'untyped' },
  strings: { list: { isAtomic: true, keys: [], keyDefaults: {}, item: scalars.string } },
}

function itemModel(owner: ResolvedType, field: FieldSchema): Model {
  if (field.type === 'raw') {
    // JSON schemas hold JSON of any form; elsewhere it is the object of somebody else.
    return owner.name.startsWith('io.k8s.apiextensions-apiserver.') ? deducedModel : untypedModel
  }
  if (field.type !== 'ref') return leafModels[field.type]
  const type = typeByName(field.ref)
  return type === undefined ? untypedModel : modelOfType(type)
}
