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
            { name: 'Y', value: '2' },
            { name: 'X', value: '1' },
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

  // Source: kubernetes.io, "Update API Objects in Place Using kubectl patch": the added container
  // comes first. strategicpatch/patch.go mergeSlice, normalizeElementOrder.
  test('without an order what is new comes first, what is there keeps its place', () => {
    const before = pod(container('a'), container('b'), container('c'))
    const add = (...list: string[]) => ({ spec: { containers: list.map(name => ({ name })) } })
    expect(names(strategicMerge(before, add('n'), podType()))).toEqual(['n', 'a', 'b', 'c'])
    expect(names(strategicMerge(before, add('b', 'n'), podType()))).toEqual(['a', 'b', 'n', 'c'])
  })

  test('$patch: delete takes out all that have the key', () => {
    const ports = [
      { containerPort: 80, protocol: 'TCP' },
      { containerPort: 81 },
      { containerPort: 80, protocol: 'UDP' },
    ]
    const gone = { name: 'a', ports: [{ containerPort: 80, $patch: 'delete' }] }
    const result = strategicMerge(
      pod(container('a', { ports })),
      { spec: { containers: [gone] } },
      podType(),
    )
    expect(result).toEqual(pod(container('a', { ports: [{ containerPort: 81 }] })))
  })

  test('of a repeated name in an order the first place counts', () => {
    const order = ['b', 'a', 'b'].map(name => ({ name }))
    const patch = { spec: { '$setElementOrder/containers': order } }
    expect(names(strategicMerge(pod(container('a'), container('b')), patch, podType()))).toEqual([
      'b',
      'a',
    ])
  })

  test.each([
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    [
      ['a', 'x'],
      ['a', 'b'],
    ],
  ])('a patch of %j in the order of %j is refused', (list, order) => {
    const named = (all: string[]) => all.map(name => ({ name }))
    const spec = { containers: named(list), '$setElementOrder/containers': named(order) }
    expect(() => strategicMerge(pod(container('a')), { spec }, podType())).toThrow(
      "doesn't match $setElementOrder list",
    )
  })

  test('what is to go need not be in the order', () => {
    const spec = {
      containers: [{ name: 'b' }, { name: 'a', $patch: 'delete' }],
      '$setElementOrder/containers': [{ name: 'b' }],
    }
    const before = pod(container('a'), container('b'))
    expect(names(strategicMerge(before, { spec }, podType()))).toEqual(['b'])
  })

  test('directives never reach an object, however deep', () => {
    const inner = { name: 'a', env: [{ name: 'X', $patch: 'delete' }, { name: 'Y' }] }
    const spec = { containers: [inner], securityContext: { $patch: 'replace', runAsUser: 1 } }
    expect(strategicMerge({}, { spec }, podType())).toEqual({
      spec: {
        containers: [{ name: 'a', env: [{ name: 'Y' }] }],
        securityContext: { runAsUser: 1 },
      },
    })
  })

  test('keys of clients are keys like any other', () => {
    const type = typeOfKind('v1', 'ConfigMap')
    const patch = JSON.parse('{"data":{"__proto__":"p","constructor":"c"}}')
    const result = strategicMerge({ data: { a: 'b' } }, patch, type) as { data: object }
    expect(Object.entries(result.data)).toEqual([
      ['a', 'b'],
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ])
    expect(mergePatch({ data: { a: 'b' } }, patch)).toEqual(result)
  })

  test('merges long lists in one pass', () => {
    const list = Array.from({ length: 100_000 }, (_, at) => ({ name: `c${at}` }))
    const patch = { spec: { containers: list } }
    expect(names(strategicMerge(pod(...list), patch, podType()))).toHaveLength(100_000)
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
      metadata: { finalizers: ['c', 'b'] },
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
