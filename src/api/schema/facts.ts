import { must } from '../../kernel/assert.ts'
import { additions } from './additions.ts'
import type { RawTypes } from './descriptors.ts'
import { goFacts } from './go-facts.ts'
import { mergeFacts } from './merge-facts.ts'
import type { FieldSchema, FieldType, TypeSchema } from './types.ts'

/** What our tables of facts say beyond the descriptors, by OpenAPI name of the type. */
export interface Facts {
  /** Of the type itself. */
  readonly types: ReadonlyMap<string, Partial<TypeSchema>>
  /** By `TYPE/field`. */
  readonly fields: ReadonlyMap<string, Partial<FieldSchema>>
}

/** `core/v1` is `io.k8s.api.core.v1` in OpenAPI; some packages are not of k8s.io/api. */
const packages: Readonly<Record<string, string>> = {
  'meta/v1': 'io.k8s.apimachinery.pkg.apis.meta.v1',
  'apiextensions/v1': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  'apiregistration/v1': 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
}

function packageOf(groupVersion: string): string {
  return packages[groupVersion] ?? `io.k8s.api.${groupVersion.replace('/', '.')}`
}

/** Adds the types and fields that the descriptors do not have. @returns the fields */
export function addMissing(types: RawTypes): ReadonlySet<FieldSchema> {
  const added = new Set<FieldSchema>()
  let pkg = ''
  let fields: FieldSchema[] = []
  for (const line of linesOf(additions)) {
    const words = line.trim().split(' ')
    if (line.startsWith(' ')) {
      const field = addedField(words, pkg)
      fields.push(field)
      added.add(field)
      continue
    }
    pkg = packageOf(words[0]!)
    const name = `${pkg}.${words[1]}`
    fields = types.get(name) ?? []
    types.set(name, fields)
  }
  return added
}

/** Forms that have a JSON of their own. Source: apiextensions v1 marshal.go. */
const rawTypes = new Set([
  'JSON',
  'JSONSchemaPropsOrArray',
  'JSONSchemaPropsOrBool',
  'JSONSchemaPropsOrStringArray',
])

const leaves: ReadonlySet<string> = new Set<FieldType>([
  ...(['string', 'bool', 'int32', 'int64', 'double', 'bytes', 'time', 'microtime'] as const),
  ...(['duration', 'quantity', 'intorstring', 'raw', 'strings'] as const),
])

function addedField([number, name, word, ...flags]: string[], pkg: string): FieldSchema {
  const [, list, map, type = ''] = /^(\[\])?(map:)?(.*)$/.exec(must(word, 'a type')) ?? []
  const shape = list ? 'list' : map ? 'map' : undefined
  return {
    name: must(name, 'a field'),
    number: Number(number),
    ...typeOf(type, pkg),
    ...(shape ? { shape } : {}),
    ...(flags.includes('inline') ? { inline: true as const } : {}),
    ...(flags.includes('required') ? { required: true as const } : {}),
  }
}

function typeOf(type: string, pkg: string): Pick<FieldSchema, 'type' | 'ref'> {
  if (rawTypes.has(type)) return { type: 'raw' }
  if (leaves.has(type)) return { type: type as FieldType }
  const [own, other] = type.split('.') as [string, string | undefined]
  const [, groupVersion, name] = /^(.*)\.([^.]+)$/.exec(type) ?? []
  return { type: 'ref', ref: other ? `${packageOf(groupVersion!)}.${name}` : `${pkg}.${own}` }
}

/** The facts of Go's declarations and of merging, one after the other. */
export function readFacts(): Facts {
  const types = new Map<string, Partial<TypeSchema>>()
  const fields = new Map<string, Partial<FieldSchema>>()
  const add = (key: string, facts: Partial<FieldSchema>) => {
    fields.set(key, { ...fields.get(key), ...facts })
  }
  for (const line of linesOf(goFacts.replace(/\n {2}/g, ' '))) {
    const [groupVersion = '', type, ...words] = line.split(' ')
    for (const word of words) {
      const [, name, pointer, written, sign, goType] =
        /^([^*!=~]+)(\*)?(!)?(?:([=~])(.*))?$/.exec(word) ?? []
      add(`${packageOf(groupVersion)}.${type}/${name}`, {
        ...(pointer ? { pointer: true as const } : {}),
        ...(written ? { written: true as const } : {}),
        ...(sign === '=' ? { goType } : {}),
        ...(sign === '~' ? { goItemType: goType } : {}),
      })
    }
  }
  for (const line of linesOf(mergeFacts)) {
    const [groupVersion = '', type, field, strategy, mergeKey, listType, keys, mapType] =
      line.split('|')
    const name = `${packageOf(groupVersion)}.${type}`
    if (field === '') types.set(name, { atomic: true })
    else {
      add(`${name}/${field}`, {
        ...(strategy ? { patchStrategy: strategy } : {}),
        ...(mergeKey ? { patchMergeKey: mergeKey } : {}),
        ...(listType ? { listType } : {}),
        ...(keys ? { listMapKeys: keys.split(',') } : {}),
        ...(mapType ? { mapType } : {}),
      })
    }
  }
  return { types, fields }
}

function linesOf(table: string): string[] {
  return table.split('\n').filter(line => line !== '')
}
