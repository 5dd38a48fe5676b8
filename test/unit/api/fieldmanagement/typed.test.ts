import { expect, test } from 'vitest'
import { compare } from '../../../../src/api/fieldmanagement/compare.ts'
import { type FieldSet, setOfPaths } from '../../../../src/api/fieldmanagement/field-set.ts'
import { encodeFields } from '../../../../src/api/fieldmanagement/fields-v1.ts'
import { TypedError } from '../../../../src/api/fieldmanagement/list-items.ts'
import { mergeTyped } from '../../../../src/api/fieldmanagement/merge.ts'
import { modelOfKind } from '../../../../src/api/fieldmanagement/model.ts'
import { withNamedFields } from '../../../../src/api/fieldmanagement/named-fields.ts'
import { reconciled } from '../../../../src/api/fieldmanagement/reconcile.ts'
import { removeItems } from '../../../../src/api/fieldmanagement/remove.ts'
import { toFieldSet } from '../../../../src/api/fieldmanagement/to-field-set.ts'
import { validateTyped } from '../../../../src/api/fieldmanagement/validate.ts'

const pod = modelOfKind('v1', 'Pod')
const configMap = modelOfKind('v1', 'ConfigMap')
const custom = modelOfKind('ex.io/v1', 'Widget')

const container = (given: object) => ({ spec: { containers: [given] } })
const inContainer = (fields: FieldSet | object) => ({
  'f:spec': { 'f:containers': { 'k:{"name":"c"}': fields } },
})

test.each<[string, unknown, object]>([
  ['a scalar', { spec: { nodeName: 'n' } }, { 'f:spec': { 'f:nodeName': {} } }],
  ['a map', { metadata: { labels: { a: 'b' } } }, { 'f:metadata': { 'f:labels': { 'f:a': {} } } }],
  ['an empty map', { metadata: { labels: {} } }, { 'f:metadata': { 'f:labels': {} } }],
  ['nothing', { metadata: { labels: null } }, { 'f:metadata': { 'f:labels': {} } }],
  ['an atomic map', { spec: { nodeSelector: { a: 'b' } } }, { 'f:spec': { 'f:nodeSelector': {} } }],
  ['an atomic list', { spec: { tolerations: [{}] } }, { 'f:spec': { 'f:tolerations': {} } }],
  [
    'a set',
    { metadata: { finalizers: ['b', 'a'] } },
    {
      'f:metadata': { 'f:finalizers': { 'v:"a"': {}, 'v:"b"': {} } },
    },
  ],
  [
    'items by key',
    container({ name: 'c', image: 'i' }),
    inContainer({
      ...{ '.': {}, 'f:image': {}, 'f:name': {} },
    }),
  ],
  [
    'a key that has a default',
    container({ name: 'c', ports: [{ containerPort: 80 }] }),
    inContainer({
      ...{ '.': {}, 'f:name': {} },
      'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
    }),
  ],
  [
    'items without a key',
    container({ image: 'i' }),
    {
      'f:spec': { 'f:containers': { 'k:{"name":""}': { '.': {}, 'f:image': {} } } },
    },
  ],
  [
    'items that are there twice',
    container({ name: 'c', env: [{ name: 'A' }, { name: 'A' }] }),
    inContainer({ '.': {}, 'f:env': { 'k:{"name":"A"}': {} }, 'f:name': {} }),
  ],
])('the fields of %s', (_name, value, fields) => {
  expect(encodeFields(toFieldSet(pod, value))).toEqual(fields)
})

test('what has no schema is owned field by field, its lists as wholes', () => {
  const value = { spec: { n: 1, list: [{ a: 1 }], map: { x: { y: 'z' } } } }
  const fields = encodeFields(toFieldSet(custom, value))
  expect(fields).toEqual({
    'f:spec': {
      '.': {},
      'f:list': {},
      'f:map': { '.': {}, 'f:x': { '.': {}, 'f:y': {} } },
      'f:n': {},
    },
  })
})

type Sets = Partial<Record<'added' | 'modified' | 'removed', object>>

test.each<[string, unknown, unknown, Sets]>([
  ['nothing', { data: { a: '1' } }, { data: { a: '1' } }, {}],
  [
    'a value',
    { data: { a: '1' } },
    { data: { a: '2' } },
    { modified: { 'f:data': { 'f:a': {} } } },
  ],
  [
    'a key',
    { data: { a: '1' } },
    { data: { a: '1', b: '2' } },
    {
      added: { 'f:data': { 'f:b': {} } },
    },
  ],
  ['a first key', {}, { data: { a: '1' } }, { added: { 'f:data': { '.': {}, 'f:a': {} } } }],
  ['the last key', { data: { a: '1' } }, {}, { removed: { 'f:data': { '.': {}, 'f:a': {} } } }],
  [
    'names of every object',
    { data: { constructor: 'x' } },
    { data: { toString: 'y' } },
    {
      added: { 'f:data': { 'f:toString': {} } },
      removed: { 'f:data': { 'f:constructor': {} } },
    },
  ],
])('what changes with %s', (_name, left, right, sets) => {
  const { added, modified, removed } = compare(configMap, left, right)
  const found = { added, modified, removed }
  const encoded = Object.entries(found).map(([name, set]) => [name, encodeFields(set)])
  expect(Object.fromEntries(encoded)).toEqual({ added: {}, modified: {}, removed: {}, ...sets })
})

const env = (...names: string[]) =>
  container({ name: 'c', env: names.map((name, value) => ({ name, value: String(value) })) })

test('items that are there twice are compared as one', () => {
  const added = (left: unknown, right: unknown) => encodeFields(compare(pod, left, right).added)
  expect(added(env(), env('A', 'A'))).toMatchObject(
    inContainer({ 'f:env': { 'k:{"name":"A"}': {} } }),
  )
  const { removed, added: back } = compare(pod, env('A', 'A'), env('A'))
  expect(encodeFields(removed)).toEqual(inContainer({ 'f:env': { 'k:{"name":"A"}': {} } }))
  expect(encodeFields(back)).toEqual(
    inContainer({ 'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} } } }),
  )
})

test('objects of Go types are compared as Go would write them', () => {
  const left = { spec: { containers: [{ name: 'c', resources: {} }] } }
  const right = { spec: { containers: [{ name: 'c', ports: [], image: '' }], nodeName: '' } }
  const { added, modified, removed } = compare(pod, left, right, true)
  expect([added, modified, removed]).toEqual([{}, {}, {}])
  // What Go always writes is owned by who made the object around it.
  expect(
    encodeFields(compare(pod, {}, { spec: { containers: [{ name: 'c' }] } }, true).added),
  ).toEqual(inContainer({ '.': {}, 'f:name': {}, 'f:resources': {} }))
})

test('a list that is empty is not one that is missing, where Go writes both', () => {
  const slices = modelOfKind('discovery.k8s.io/v1', 'EndpointSlice')
  const { modified } = compare(slices, {}, { endpoints: [] }, true)
  expect(encodeFields(modified)).toEqual({ 'f:endpoints': {} })
})

test.each<[string, string[], string[], string[]]>([
  ['right adds', ['a', 'b'], ['c'], ['a', 'b', 'c']],
  ['right has all', ['a', 'b', 'c'], ['c', 'a', 'b'], ['c', 'a', 'b']],
  ['right reorders some', ['a', 'b', 'c', 'd'], ['c', 'a'], ['b', 'c', 'd', 'a']],
  ['right starts anew', ['a', 'b'], ['x', 'b'], ['a', 'x', 'b']],
  ['right is empty', ['a'], [], ['a']],
])('a merge of lists where %s', (_name, left, right, merged) => {
  const labels = (finalizers: string[]) => ({ metadata: { finalizers } })
  expect(mergeTyped(pod, labels(left), labels(right))).toEqual(labels(merged))
})

test('a merge keeps what is not mentioned, and shares it', () => {
  const left = { spec: { containers: [{ name: 'c', image: 'i', args: ['a'] }], nodeName: 'n' } }
  const right = { spec: { containers: [{ name: 'c', args: ['b'] }] } }
  const merged = mergeTyped(pod, left, right) as typeof left
  expect(merged).toEqual({
    spec: { containers: [{ name: 'c', image: 'i', args: ['b'] }], nodeName: 'n' },
  })
  expect(left.spec.containers[0]?.args).toEqual(['a'])
})

const paths = (...texts: string[][]) => setOfPaths(texts)

test.each<[string, unknown, FieldSet, unknown]>([
  ['a key', { data: { a: '1', b: '2' } }, paths(['f:data', 'f:a']), { data: { b: '2' } }],
  ['the last key', { data: { a: '1' } }, paths(['f:data', 'f:a']), { data: null }],
  ['all', { data: { a: '1' } }, paths(['f:data']), null],
  ['what is not there', { data: { a: '1' } }, paths(['f:x', 'f:y']), { data: { a: '1' } }],
])('the removal of %s', (_name, value, set, left) => {
  expect(removeItems(configMap, value, set)).toEqual(left)
})

test('declared fields above a path are named, keys of maps are not', () => {
  const set = paths(
    ['f:metadata', 'f:labels', 'f:a'],
    ['f:spec', 'f:containers', 'k:{"name":"c"}', 'f:image'],
  )
  expect(encodeFields(withNamedFields(set, pod))).toEqual({
    'f:metadata': { '.': {}, 'f:labels': { '.': {}, 'f:a': {} } },
    'f:spec': {
      '.': {},
      'f:containers': { '.': {}, 'k:{"name":"c"}': { 'f:image': {} } },
    },
  })
})

test('what has become atomic is owned as a whole', () => {
  const set = paths(['f:spec', 'f:nodeSelector', 'f:a'], ['f:spec', 'f:nodeName'])
  expect(reconciled(set, pod)).toEqual({ 'f:spec': { 'f:nodeSelector': {}, 'f:nodeName': {} } })
  const same = paths(['f:spec', 'f:nodeName'])
  expect(reconciled(same, pod)).toBe(same)
})

test.each<[string, unknown, string]>([
  ['an unknown field', { spec: { nope: 1 } }, '.spec.nope: field not declared in schema'],
  [
    'a text for a number',
    { spec: { priority: 'x' } },
    '.spec.priority: expected numeric (int or float), got string',
  ],
  [
    'a number for a text',
    { spec: { nodeName: 1 } },
    '.spec.nodeName: expected string, got &value.valueUnstructured{Value:1}',
  ],
  [
    'a text for a truth',
    { spec: { hostNetwork: 'x' } },
    '.spec.hostNetwork: expected boolean, got &{x}',
  ],
  ['a text for an object', { spec: 'x' }, '.spec: expected map, got &{x}'],
  [
    'an object for a list',
    { spec: { containers: {} } },
    '.spec.containers: expected list, got &{map[]}',
  ],
  [
    'a key twice',
    env('A', 'A'),
    '.spec.containers[name="c"].env: duplicate entries for key [name="A"]',
  ],
  [
    'nothing as an item',
    { spec: { containers: [null] } },
    '.spec.containers: element 0: associative list with keys may not have a null element',
  ],
  [
    'an object in a set',
    { metadata: { finalizers: [{}] } },
    '.metadata.finalizers: element 0: associative list without keys has an element ' +
      "that's a map type",
  ],
  [
    'two mistakes',
    { metadata: { name: 1 }, spec: 'x' },
    'errors:\n  .metadata.name: expected string, got &value.valueUnstructured{Value:1}\n' +
      '  .spec: expected map, got &{x}',
  ],
])('%s does not fit', (_name, value, message) => {
  expect(() => validateTyped(pod, value)).toThrow(new TypedError(message))
})

test('what stands for itself fits', () => {
  validateTyped(pod, {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', labels: { a: null } } },
    spec: { containers: [{ name: 'c', resources: { limits: { cpu: 1 } } }], priority: 1.5 },
  })
  validateTyped(custom, { any: [{ thing: 1 }] })
})
