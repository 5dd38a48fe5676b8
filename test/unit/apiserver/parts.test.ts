import { describe, expect, test } from 'vitest'
import { pods } from '../../../src/api/resources/pods.ts'
import { ResourceRegistry } from '../../../src/api/resources/registry.ts'
import type { KubeObject } from '../../../src/api/types.ts'
import { parseRoute, verbOf } from '../../../src/apiserver/filters/request-info.ts'
import { negotiate } from '../../../src/apiserver/http/format.ts'
import { listBody, sliceItemsMax } from '../../../src/apiserver/http/respond.ts'
import { checkPreconditions, deletionOf } from '../../../src/apiserver/registry/delete.ts'
import { generateName } from '../../../src/apiserver/registry/metadata.ts'
import { WatchStream } from '../../../src/apiserver/registry/watch-stream.ts'
import { Codec, encodeObject } from '../../../src/apiserver/storage/codec.ts'
import { bytesOf, objectOf } from '../../../src/apiserver/storage/entry.ts'
import { storeFailure } from '../../../src/apiserver/storage/failures.ts'
import type { StoreFailure } from '../../../src/store/types.ts'

const resources = new ResourceRegistry()

describe('failures of the store', () => {
  test.each<[StoreFailure['why'], number, string, number | undefined]>([
    ['unavailable', 503, 'ServiceUnavailable', 1],
    ['unknown', 504, 'Timeout', undefined],
    ['fenced', 409, 'Conflict', undefined],
    ['too-large', 413, 'RequestEntityTooLarge', undefined],
    ['compacted', 410, 'Expired', undefined],
    ['no-space', 500, 'InternalError', undefined],
  ])('%s is %i %s', (why, code, reason, retryAfterSeconds) => {
    const { status } = storeFailure({ ok: false, why, message: 'm' })
    expect(status).toMatchObject({ code, reason })
    expect(status.details?.retryAfterSeconds).toBe(retryAfterSeconds)
  })
})

describe('entries', () => {
  const pod = { metadata: { name: 'a', namespace: 'n', resourceVersion: '3' }, spec: { x: 'ä' } }

  test('the version is spliced into the stored bytes', () => {
    const value = encodeObject(pods, pod)
    expect(value.toString()).toBe(
      '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"n"},' +
        '"spec":{"x":"ä","containers":null},"status":{}}',
    )
    const entry = new Codec().readEntry(pods, '/registry/pods/n/a', value, 7)
    expect(entry).toMatchObject({ namespace: 'n', name: 'a', revision: 7 })
    expect(JSON.parse(bytesOf(entry).toString()).metadata.resourceVersion).toBe('7')
    expect(objectOf(entry, 9).metadata.resourceVersion).toBe('9')
  })

  test('what another program stored in another order is encoded anew', () => {
    const value = Buffer.from(
      '{"apiVersion":"v1","metadata":{"uid":"u","name":"resourceVersion"},"kind":"Pod"}',
    )
    const entry = new Codec().readEntry(pods, '/registry/pods/n/a', value, 7)
    expect(JSON.parse(bytesOf(entry).toString())).toEqual({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { resourceVersion: '7', name: 'resourceVersion', uid: 'u' },
      spec: { containers: null },
      status: {},
    })
  })
})

describe('paths', () => {
  test.each([
    ['/api/v1/pods', { resource: 'pods', namespace: '', name: '' }],
    [
      '/api/v1/namespaces/a/pods/b/log',
      { resource: 'pods', namespace: 'a', name: 'b', subresource: 'log' },
    ],
    ['/api/v1/namespaces', { resource: 'namespaces', name: '' }],
    ['/api/v1/namespaces/a', { resource: 'namespaces', namespace: '', name: 'a' }],
    ['/api/v1/namespaces/a/status', { resource: 'namespaces', name: 'a', subresource: 'status' }],
    [
      '/api/v1/namespaces/a/finalize',
      { resource: 'namespaces', name: 'a', subresource: 'finalize' },
    ],
    [
      '/apis/apps/v1/namespaces/a/deployments/b/scale',
      { group: 'apps', resource: 'deployments', subresource: 'scale' },
    ],
    ['/api/v1/nodes/n%2F1', { resource: 'nodes', name: 'n/1' }],
  ])('%s', (path, route) => {
    expect(parseRoute(path, resources)).toMatchObject(route)
  })

  test.each(['/', '/version', '/api', '/api/v1', '/apis/apps/v1', '/api/v1/pods/x', '/api/v1/%'])(
    '%s is no resource',
    path => {
      expect(parseRoute(path, resources)).toBeUndefined()
    },
  )

  test('verbs', () => {
    const route = parseRoute('/api/v1/pods', resources)!
    expect(verbOf('GET', route, new URLSearchParams())).toBe('list')
    expect(verbOf('GET', route, new URLSearchParams('watch=1'))).toBe('watch')
    expect(verbOf('DELETE', route, new URLSearchParams())).toBe('deletecollection')
    expect(verbOf('GET', parseRoute('/api/v1/nodes/n', resources)!, new URLSearchParams())).toBe(
      'get',
    )
  })
})

test.each([
  [undefined, 'object'],
  ['*/*', 'object'],
  ['application/vnd.kubernetes.protobuf,application/json', 'object'],
  ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json', 'table'],
  ['application/json;as=Table;v=v9;g=meta.k8s.io, application/json', 'object'],
  ['application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', 'metadata'],
])('Accept %s gives %s', (header, shape) => {
  expect(negotiate(header).shape).toBe(shape)
})

test('Accept of what is not made is 406', () => {
  expect(negotiate('application/vnd.kubernetes.protobuf').encoding).toBe('protobuf')
  // A table has no such form, and neither has a custom resource.
  for (const [header, hasProtobuf] of [
    ['application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1', true],
    ['application/vnd.kubernetes.protobuf', false],
  ] as const) {
    expect(() => negotiate(header, hasProtobuf)).toThrow('only the following media types')
  }
})

test('long lists come in slices that join to one document', async () => {
  const items = Array.from({ length: sliceItemsMax * 2 + 5 }, (_, at) => at)
  const body = listBody('{"items":[', items, one => Buffer.from(String(one)))
  const pieces: string[] = []
  for await (const piece of body as AsyncIterable<Uint8Array>)
    pieces.push(Buffer.from(piece).toString())
  expect(pieces).toHaveLength(3)
  expect(JSON.parse(pieces.join(''))).toEqual({ items })
})

describe('deletion', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const pod = (more: object = {}, spec: object = { nodeName: 'n' }): KubeObject => ({
    metadata: { name: 'a', uid: 'u', ...more },
    spec,
    status: {},
  })

  test.each([
    ['without a node', pod({}, {}), {}, 'remove'],
    ['with grace 0', pod(), { gracePeriodSeconds: 0 }, 'remove'],
    ['that has ended', { ...pod(), status: { phase: 'Succeeded' } }, {}, 'remove'],
  ])('of a pod %s is final', (_name, object, options, result) => {
    expect(deletionOf(pods, object, options, now)).toBe(result)
  })

  test('of a running pod gives it its time, and later only less', () => {
    const marked = deletionOf(pods, pod(), { gracePeriodSeconds: 20 }, now)
    const first = { deletionTimestamp: '2026-01-01T00:00:20Z', deletionGracePeriodSeconds: 20 }
    expect(marked).toMatchObject({ metadata: first })
    expect(deletionOf(pods, pod(first), { gracePeriodSeconds: 60 }, now)).toMatchObject({
      metadata: first,
    })
    expect(deletionOf(pods, pod(first), { gracePeriodSeconds: 5 }, now)).toMatchObject({
      metadata: { deletionTimestamp: '2026-01-01T00:00:05Z', deletionGracePeriodSeconds: 5 },
    })
  })

  test.each([1e15, 10n ** 18n])('a pod that asks for %d seconds has a date all the same', ask => {
    const spec = { nodeName: 'n', terminationGracePeriodSeconds: ask as number }
    const marked = deletionOf(pods, pod({}, spec), {}, now)
    expect(marked).toMatchObject({ metadata: { deletionGracePeriodSeconds: 2 ** 31 - 1 } })
  })

  test('foreground and orphan leave a finalizer to wait for', () => {
    const foreground = deletionOf(pods, pod({}, {}), { propagationPolicy: 'Foreground' }, now)
    expect(foreground).toMatchObject({
      metadata: { finalizers: ['foregroundDeletion'], deletionGracePeriodSeconds: 0 },
    })
    const orphan = deletionOf(
      pods,
      pod({ finalizers: ['x/y'] }, {}),
      { propagationPolicy: 'Orphan' },
      now,
    )
    expect(orphan).toMatchObject({ metadata: { finalizers: ['x/y', 'orphan'] } })
    expect(
      deletionOf(
        pods,
        pod({ finalizers: ['orphan'] }, {}),
        { propagationPolicy: 'Background' },
        now,
      ),
    ).toBe('remove')
  })

  test('preconditions hold', () => {
    expect(() => checkPreconditions(pods, pod(), { preconditions: { uid: 'other' } })).toThrow(
      'Operation cannot be fulfilled on Pod "a": the UID in the precondition (other) does not ' +
        'match the UID in record (u). The object might have been deleted and then recreated',
    )
  })
})

test('a client that does not read is cut off, one that reads gets all that waited at once', async () => {
  const stream = new WatchStream()
  let ended = false
  stream.onEnd(() => {
    ended = true
  })
  stream.push(Buffer.from('a\n'))
  stream.push(Buffer.from('b\n'))
  const pieces = stream[Symbol.asyncIterator]()
  expect(Buffer.from((await pieces.next()).value ?? []).toString()).toBe('a\nb\n')
  const piece = Buffer.alloc(1024 * 1024)
  for (let at = 0; at < 17; at++) stream.push(piece)
  expect(ended).toBe(true)
})

test('a state larger than what may wait goes out as it is read, and changes after it', async () => {
  const stream = new WatchStream()
  const line = Buffer.alloc(100_000, 'x')
  let made = 0
  const lines = function* () {
    for (; made < 400; made++) yield line
    yield Buffer.from('the end of the state\n')
  }
  stream.begin(lines())
  stream.push(Buffer.from('a change\n'))
  const pieces = stream[Symbol.asyncIterator]()
  let bytes = 0
  let last = ''
  for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) {
    bytes += piece.value.length
    expect(piece.value.length).toBeLessThan((1 << 20) + line.length)
    // Nothing is made that is not asked for.
    expect(made * line.length).toBeLessThanOrEqual(bytes)
    last = Buffer.from(piece.value).toString().slice(-30)
    if (last.endsWith('a change\n')) stream.end()
  }
  expect(bytes).toBe(400 * line.length + 30)
  expect(last).toBe('the end of the state\na change\n')
})

test('generated names are short, and end in five letters', () => {
  expect(generateName('web-')).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  expect(generateName('x'.repeat(100))).toHaveLength(63)
})
