import { describe, expect, test } from 'vitest'
import { applyJsonPatch, JsonPatchError } from '../../../src/api/patch/json-patch.ts'

/** Cases of RFC 6902, appendix A, and of evanphx/json-patch. */
describe('JSON patch', () => {
  test.each([
    [{ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { foo: 'bar', baz: 'qux' }],
    [{ foo: ['a', 'c'] }, [{ op: 'add', path: '/foo/1', value: 'b' }], { foo: ['a', 'b', 'c'] }],
    [{ foo: ['a'] }, [{ op: 'add', path: '/foo/-', value: ['b'] }], { foo: ['a', ['b']] }],
    [{ foo: ['a', 'b'] }, [{ op: 'remove', path: '/foo/-1' }], { foo: ['a'] }],
    [{ a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
    [{ a: 1 }, [{ op: 'replace', path: '/a', value: null }], { a: null }],
    [{ a: { b: 1 }, c: {} }, [{ op: 'move', from: '/a/b', path: '/c/d' }], { a: {}, c: { d: 1 } }],
    [{ a: [1, 2, 3] }, [{ op: 'move', from: '/a/0', path: '/a/2' }], { a: [2, 3, 1] }],
    [{ a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
    [{ 'a/b': 1, '~': 2 }, [{ op: 'test', path: '/a~1b', value: 1 }], { 'a/b': 1, '~': 2 }],
    [{ '~1': 1 }, [{ op: 'remove', path: '/~01' }], {}],
    [{}, [{ op: 'test', path: '/none', value: null }], {}],
    [{ a: 1 }, [{ op: 'add', path: '', value: { b: 2 } }], { b: 2 }],
    [{ d: {} }, [{ op: 'add', path: '/d/constructor', value: 1 }], { d: { constructor: 1 } }],
  ])('%j by %j', (document, patch, wanted) => {
    const before = structuredClone(document)
    expect(applyJsonPatch(document, patch)).toEqual(wanted)
    expect(document).toEqual(before)
  })

  test.each([
    [{ op: 'remove', path: '/none' }, 'doc is missing path'],
    [{ op: 'replace', path: '/none', value: 1 }, 'doc is missing path'],
    [{ op: 'add', path: '/list/5', value: 1 }, 'doc is missing path'],
    [{ op: 'add', path: '/list/01', value: 1 }, 'doc is missing path'],
    [{ op: 'add', path: '/none/x', value: 1 }, 'doc is missing path'],
    [{ op: 'remove', path: '/toString' }, 'doc is missing path'],
    [{ op: 'add', path: '/__proto__/polluted', value: 1 }, 'doc is missing path'],
    [{ op: 'add', path: '/constructor/prototype/polluted', value: 1 }, 'doc is missing path'],
    [{ op: 'test', path: '/list', value: [2] }, 'failed'],
    [{ op: 'add', path: '/x' }, 'operation missing value field'],
    [{ op: 'move', path: '/x' }, 'operation missing from field'],
    [{ op: 'add', value: 1 }, 'operation missing path field'],
    [{ op: 'jump', path: '/x' }, 'Unexpected kind: jump'],
    [null, 'an operation must be an object'],
  ])('%j is refused', (operation, why) => {
    const apply = () => applyJsonPatch({ list: [1] }, [operation])
    expect(apply).toThrow(JsonPatchError)
    expect(apply).toThrow(why)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test('copies add 3 MiB at most', () => {
    const doubling = Array.from({ length: 26 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }))
    expect(() => applyJsonPatch({ a: ['x'.repeat(1_000)] }, doubling)).toThrow(
      /Unable to complete the copy, the accumulated size increase of copy is \d+, exceeding the/,
    )
  })

  test('ten thousand insertions in front of a long list are refused, not carried out', () => {
    const document = { a: Array(700_000).fill(0) }
    const patch = Array.from({ length: 10_000 }, () => ({ op: 'add', path: '/a/0', value: 1 }))
    expect(() => applyJsonPatch(document, patch)).toThrow('moves too many items')
  })
})
