import { expect, test } from 'vitest'
import {
  elementText,
  keyElement,
  parseElement,
  pathText,
  sortedElements,
  valueElement,
} from '../../../../src/api/fieldmanagement/element.ts'
import {
  difference,
  type FieldSet,
  hasPath,
  intersection,
  onlyMatching,
  pathsOf,
  recursiveDifference,
  setOfPaths,
  union,
} from '../../../../src/api/fieldmanagement/field-set.ts'
import { decodeFields, encodeFields } from '../../../../src/api/fieldmanagement/fields-v1.ts'

test.each([
  ['f:spec', 'f:spec', '.spec'],
  ['f:a.b/c', 'f:a.b/c', '.a.b/c'],
  ['f:', 'f:', '.'],
  ['k:{"name":"a"}', 'k:{"name":"a"}', '[name="a"]'],
  ['k:{ "protocol": "TCP", "port": 80 }', 'k:{"port":80,"protocol":"TCP"}', undefined],
  ['k:{"a":null,"b":true,"c":1.5}', 'k:{"a":null,"b":true,"c":1.5}', '[a=null,b=true,c=1.5]'],
  ['k:{"name":"a<b"}', 'k:{"name":"a\\u003cb"}', '[name="a<b"]'],
  ['v:"x"', 'v:"x"', '[="x"]'],
  ['v:1', 'v:1', '[=1]'],
  ['v: true', 'v:true', '[=true]'],
  ['i:3', 'i:3', '[3]'],
])('the element %s', (text, element, shown) => {
  expect(parseElement(text)).toBe(element)
  if (shown !== undefined) expect(elementText(element)).toBe(shown)
})

test.each(['', 'f', 'spec', 'k:', 'k:[]', 'k:"a"', 'k:{', 'v:', 'v:{', 'i:', 'i:x', 'i:1.5'])(
  '%j is no element',
  text => expect(() => parseElement(text)).toThrow(),
)

test('elements of types that are not known go', () => {
  expect(parseElement('x:y')).toBeUndefined()
  expect(decodeFields({ 'x:y': { 'f:a': {} }, 'f:b': {} })).toEqual({ 'f:b': {} })
})

test('elements have the order of FieldsV1', () => {
  const mixed = ['i:10', 'i:9', 'v:"b"', 'v:2', 'v:10', 'v:true', 'f:b', 'f:B', 'f:a']
  const keys = ['k:{"a":10}', 'k:{"a":9}', 'k:{"a":9,"b":1}', 'k:{"a":"x"}', 'k:{"A":"z"}']
  expect(sortedElements([...mixed, ...keys])).toEqual([
    ...['f:B', 'f:a', 'f:b'],
    ...['k:{"A":"z"}', 'k:{"a":9}', 'k:{"a":9,"b":1}', 'k:{"a":10}', 'k:{"a":"x"}'],
    ...['v:2', 'v:10', 'v:"b"', 'v:true', 'i:9', 'i:10'],
  ])
})

test('keys stand in the order of their names', () => {
  const keys = [
    ['protocol', 'TCP'],
    ['containerPort', 80],
  ] as const
  expect(keyElement(keys)).toBe('k:{"containerPort":80,"protocol":"TCP"}')
  expect(valueElement('a"b')).toBe('v:"a\\"b"')
  expect(pathText(['f:spec', keyElement([['name', 'c']]), 'f:image'])).toBe('.spec[name="c"].image')
})

/** `a.b.c` is a path of fields. */
const set = (...paths: string[]): FieldSet =>
  encodeFields(setOfPaths(paths.map(path => path.split('.').map(name => `f:${name}`))))

/** Members of a set in the same writing. */
const membersOf = (fields: FieldSet): string[] =>
  pathsOf(fields).map(path => path.map(element => element.slice(2)).join('.'))

test('a set is its JSON', () => {
  expect(set('a', 'a.b', 'c.d')).toEqual({ 'f:a': { '.': {}, 'f:b': {} }, 'f:c': { 'f:d': {} } })
  expect(membersOf(set('c.d', 'a.b', 'a'))).toEqual(['a', 'a.b', 'c.d'])
  expect(decodeFields({ '.': {}, 'f:a': { '.': {} } })).toEqual({ 'f:a': { '.': {} } })
  expect(decodeFields(undefined)).toEqual({})
  expect(JSON.stringify(encodeFields({ 'f:b': {}, 'f:a': { 'f:x': {}, '.': {} } }))).toBe(
    '{"f:a":{".":{},"f:x":{}},"f:b":{}}',
  )
})

test.each([[[]], ['x'], [{ 'f:a': 1 }], [{ 'f:a': { spec: {} } }]])('%j is no set', fields => {
  expect(() => decodeFields(fields)).toThrow()
})

test.each<[string, FieldSet, string[]]>([
  ['union', union(set('a', 'b.c'), set('b', 'b.c', 'd')), ['a', 'b', 'd', 'b.c']],
  ['union of parent and child', union(set('a'), set('a.b')), ['a', 'a.b']],
  ['union of child and parent', union(set('a.b'), set('a')), ['a', 'a.b']],
  ['intersection', intersection(set('a', 'a.b', 'c.d'), set('a.b', 'c', 'c.d')), ['a.b', 'c.d']],
  ['intersection with a parent', intersection(set('a.b'), set('a')), []],
  ['difference', difference(set('a', 'a.b', 'c'), set('a.b')), ['a', 'c']],
  ['child - parent', difference(set('a.b'), set('a')), ['a.b']],
  ['parent - child', difference(set('a'), set('a.b')), ['a']],
  ['parent and child - parent', difference(set('a', 'a.b'), set('a')), ['a.b']],
  ['recursive', recursiveDifference(set('a', 'a.b', 'c'), set('a')), ['c']],
  ['recursive below', recursiveDifference(set('a', 'a.b', 'a.c'), set('a.b')), ['a', 'a.c']],
  [
    'only what matches',
    onlyMatching(set('a.x.r', 'a.y.r.s', 'a.x.t', 'b'), [['f:a', '*', 'f:r']]),
    ['a.x.r', 'a.y.r.s'],
  ],
])('%s', (_name, result, members) => {
  expect(membersOf(result)).toEqual(members)
})

test('operations leave their arguments alone', () => {
  const left = set('a', 'a.b', 'c.d')
  const before = structuredClone(left)
  union(left, set('a.x', 'c'))
  difference(left, set('a', 'c.d'))
  recursiveDifference(left, set('a'))
  expect(left).toEqual(before)
})

test('a path is in a set when it is a member', () => {
  const fields = set('a', 'b.c')
  const found = (path: string) =>
    hasPath(
      fields,
      path.split('.').map(name => `f:${name}`),
    )
  expect(['a', 'b', 'b.c', 'd', 'a.x'].map(found)).toEqual([true, false, true, false, false])
  expect(hasPath(fields, [])).toBe(false)
})
