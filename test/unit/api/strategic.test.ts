import { describe, expect, test } from 'vitest'
import { mergePatch } from '../../../src/api/patch/merge.ts'
import { PatchError, strategicMerge } from '../../../src/api/patch/strategic.ts'
import { typeOfKind } from '../../../src/api/schema/lookup.ts'

const podType = () => typeOfKind('v1', 'Pod')
const deploymentType = () => typeOfKind('apps/v1', 'Deployment')

const container = (name: string, rest: object = {}) => ({ name, ...rest })
const pod = (...containers: object[]) => ({ metadata: { name: 'p' }, spec: { containers } })
const names = (result: unknown) =>
  (result as { spec: { containers: { name: string }[] } }).spec.containers.map(one => one.name)

describe('strategic merge patch', () => {
  test('merges lists by their key and keeps the rest', () => {
    const result = strategicMerge(
      pod(container('a', { image: '1', env: [{ name: 'X', value: '1' }] }), container('b')),
      { spec: { containers: [{ name: 'a', image: '2', env: [{ name: 'Y', value: '2' }] }] } },
      podType(),
    )
    expect(result).toEqual(
      pod(
        container('a', {
          image: '2',
          env: [
            { name: 'X', value: '1' },
            { name: 'Y', value: '2' },
          ],
        }),
        container('b'),
      ),
    )
  })

  test('replaces atomic lists', () => {
    const before = { spec: { containers: [container('a', { command: ['x', 'y'] })] } }
    const patch = { spec: { containers: [{ name: 'a', command: ['z'] }] } }
    expect(strategicMerge(before, patch, podType())).toEqual({
      spec: { containers: [container('a', { command: ['z'] })] },
    })
  })

  test('$patch: delete takes an element out, null a field', () => {
    const result = strategicMerge(
      pod(container('a'), container('b')),
      { metadata: { name: null }, spec: { containers: [{ name: 'a', $patch: 'delete' }] } },
      podType(),
    )
    expect(result).toEqual({ metadata: {}, spec: { containers: [container('b')] } })
  })

  test('$patch: replace replaces a map or a list', () => {
    expect(
      strategicMerge(
        pod(container('a')),
        { spec: { $patch: 'replace', nodeName: 'n' } },
        podType(),
      ),
    ).toEqual({ metadata: { name: 'p' }, spec: { nodeName: 'n' } })
    const list = [{ name: 'z' }, { $patch: 'replace' }]
    expect(
      names(strategicMerge(pod(container('a')), { spec: { containers: list } }, podType())),
    ).toEqual(['z'])
  })

  test('$setElementOrder orders what it names and keeps the places of others', () => {
    const order = (...list: string[]) => list.map(name => ({ name }))
    const patch = {
      spec: { '$setElementOrder/containers': order('c', 'a'), containers: [{ name: 'c' }] },
    }
    const before = pod(container('a'), container('server'), container('b'))
    expect(names(strategicMerge(before, patch, podType()))).toEqual(['c', 'a', 'server', 'b'])
    const only = { spec: { '$setElementOrder/containers': order('b', 'a') } }
    expect(names(strategicMerge(pod(container('a'), container('b')), only, podType()))).toEqual([
      'b',
      'a',
    ])
  })

  test('$retainKeys drops what the new strategy does not have', () => {
    const before = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } }
    const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }
    expect(strategicMerge(before, patch, deploymentType())).toEqual({
      spec: { strategy: { type: 'Recreate' } },
    })
  })

  test('$deleteFromPrimitiveList and merging sets', () => {
    const before = { metadata: { finalizers: ['a', 'b'] } }
    const patch = {
      metadata: { '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['c'] },
    }
    expect(strategicMerge(before, patch, podType())).toEqual({
      metadata: { finalizers: ['b', 'c'] },
    })
  })

  test('nulls of a patch never reach a new object', () => {
    expect(
      strategicMerge({}, { spec: { a: null, securityContext: { runAsUser: null } } }, podType()),
    ).toEqual({ spec: { securityContext: {} } })
  })

  test('an element without its key is refused', () => {
    expect(() =>
      strategicMerge(pod(), { spec: { containers: [{ image: 'x' }] } }, podType()),
    ).toThrow(PatchError)
  })

  test('inputs stay as they were', () => {
    const before = pod(container('a', { image: '1' }))
    const copy = structuredClone(before)
    strategicMerge(before, { spec: { containers: [{ name: 'a', image: '2' }] } }, podType())
    expect(before).toEqual(copy)
  })
})

// Source: RFC 7396, appendix A.
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: 'foo' }, null, null],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('merge patch of %j by %j', (target, patch, result) => {
  expect(mergePatch(target, patch)).toEqual(result)
})
