import { describe, expect, test } from 'vitest'
import { decodeAs } from '../../../src/api/schema/decode.ts'
import { openApiNameOf, typeByName } from '../../../src/api/schema/lookup.ts'
import { decodeProtobuf } from '../../../src/api/schema/protobuf.ts'
import { encodeProtobuf, hasProtobuf, watchFrame } from '../../../src/api/schema/protobuf-encode.ts'
import { asWritten } from '../../../src/api/schema/written.ts'
import { must } from '../../../src/kernel/assert.ts'
import { samples } from '../../fuzz/objects.ts'

const apiVersionOf = (path: string) => /^\/apis?\/((?:[a-z0-9.]+\/)?v\d[a-z0-9]*)/.exec(path)?.[1]

describe('what was written is read again', () => {
  test.each(samples.map(sample => [sample.kind, sample] as const))('%s', (kind, sample) => {
    const apiVersion = must(apiVersionOf(sample.path), sample.path)
    if (!hasProtobuf(apiVersion, kind)) return
    const type = must(typeByName(openApiNameOf(apiVersion, kind)), kind)
    const metadata = { name: 'a', creationTimestamp: '2026-01-02T03:04:05Z', ...meta(sample) }
    const object = { ...structuredClone(sample.object), apiVersion, kind, metadata }
    const decoded = decodeAs(type, object, []) as Record<string, unknown>
    const again = decodeProtobuf(encodeProtobuf(decoded))
    asWritten(type, decoded)
    asWritten(type, again)
    expect(again).toEqual(decoded)
  })

  const meta = ({ object }: (typeof samples)[number]) => object.metadata as object | undefined
})

test('numbers of every size, and what is neither text nor number', () => {
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'ä', generation: 2 ** 40 } },
    spec: { containers: [{ name: 'c', resources: { limits: { cpu: '100m' } } }], priority: -5 },
    status: { startTime: '1969-12-31T23:59:59Z' },
  }
  expect(decodeProtobuf(encodeProtobuf(pod))).toMatchObject(pod)
  const lease = {
    ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: {} },
    spec: { renewTime: '2026-01-02T03:04:05.000001Z' },
  }
  expect(decodeProtobuf(encodeProtobuf(lease))).toEqual(lease)
})

test('a frame of a watch says its length', () => {
  const frame = watchFrame('ADDED', Buffer.from('abc'))
  expect(frame.readUInt32BE(0)).toBe(frame.length - 4)
})

test('definitions have another form than their JSON, which is not made', () => {
  expect(hasProtobuf('apiextensions.k8s.io/v1', 'CustomResourceDefinition')).toBe(false)
  expect(hasProtobuf('example.com/v1', 'Widget')).toBe(false)
})
