import { describe, expect, test } from 'vitest'
import { DecodeError, decodeAs } from '../../../src/api/schema/decode.ts'
import { duplicateFields } from '../../../src/api/schema/duplicates.ts'
import { typeOfKind } from '../../../src/api/schema/lookup.ts'
import { decodeProtobuf, ProtobufError } from '../../../src/api/schema/protobuf.ts'

describe('strict decoding', () => {
  const decode = (kind: string, value: Record<string, unknown>) => {
    const unknown: string[] = []
    const type = typeOfKind(kind === 'Deployment' ? 'apps/v1' : 'v1', kind)
    if (type === undefined) throw new Error(`no schema of ${kind}: run the build`)
    return { object: decodeAs(type, value, unknown), unknown }
  }

  test('drops and reports unknown fields, drops nulls', () => {
    const { object, unknown } = decode('Pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', labels: null, foo: 1 },
      spec: { containers: [{ name: 'c', imagee: 'x' }], restartPolicy: null },
    })
    expect(unknown).toEqual(['metadata.foo', 'spec.containers[0].imagee'])
    expect(object).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a' },
      spec: { containers: [{ name: 'c' }] },
    })
  })

  test('makes quantities and times canonical, knows embedded structs', () => {
    const { object, unknown } = decode('Pod', {
      metadata: { creationTimestamp: '2026-01-01T02:00:00.5+02:00' },
      spec: {
        volumes: [{ name: 'v', configMap: { name: 'c', optional: true } }],
        containers: [
          {
            name: 'c',
            resources: { limits: { cpu: 0.5, memory: '1024Mi' } },
            livenessProbe: { httpGet: { port: 'http' }, periodSeconds: 3 },
            env: [{ name: 'a', valueFrom: { configMapKeyRef: { name: 'x', key: 'y' } } }],
          },
        ],
      },
    })
    expect(unknown).toEqual([])
    expect(object).toMatchObject({
      metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { containers: [{ resources: { limits: { cpu: '500m', memory: '1Gi' } } }] },
    })
  })

  test.each([
    [
      'Deployment',
      { spec: { replicas: 'two' } },
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'Deployment',
      { spec: { replicas: 1.5 } },
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'Pod',
      { metadata: { labels: { a: 1 } } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      'Pod',
      { spec: { containers: {} } },
      'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    ['Secret', { data: { a: '%' } }, 'illegal base64 data at input byte 0'],
    [
      'Pod',
      { spec: { containers: [{ resources: { limits: { cpu: 'x' } } }] } },
      'quantities must match the regular expression',
    ],
  ])('refuses wrong types of %s', (kind, value, text) => {
    expect(() => decode(kind, value)).toThrow(DecodeError)
    expect(() => decode(kind, value)).toThrow(text)
  })
})

test.each([
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
  ['2026-01-02T03:04:05.9+02:00', '2026-01-02T01:04:05Z'],
  ['2026-02-30T00:00:00Z', undefined],
  ['2026-99-99T99:99:99Z', undefined],
  ['2026-01-02T24:00:00Z', undefined],
  ['0000-01-01T00:00:00+01:00', undefined],
  ['2026-junk.123456Z', undefined],
])('the time %s is %s', (given, wanted) => {
  const lease = typeOfKind('coordination.k8s.io/v1', 'Lease')!
  const pod = typeOfKind('v1', 'Pod')!
  const read = () => decodeAs(lease, { spec: { renewTime: given } }, [])
  const readTime = () => decodeAs(pod, { status: { startTime: given } }, [])
  if (wanted === undefined) {
    expect(read).toThrow(DecodeError)
    expect(readTime).toThrow('parsing time ')
  } else expect(readTime()).toMatchObject({ status: { startTime: wanted } })
})

test('finds keys that JSON has twice', () => {
  expect(duplicateFields('{"a":1,"b":{"c":1,"c":2},"a":[{"x":1,"x":2},{"x":3}]}')).toEqual([
    'b.c',
    'a',
    'a[0].x',
  ])
  expect(duplicateFields('{"a":"{\\"a\\":1}", "b" : [ ] , "c":{ }, "d":-1.5e3}')).toEqual([])
  expect(duplicateFields('{"a":1,"\\u0061":2}')).toEqual(['a'])
})

describe('protobuf', () => {
  const field = (number: number, data: Buffer | string) => {
    const bytes = Buffer.from(data)
    return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
  }
  const unknown = (apiVersion: string, kind: string, raw: Buffer) =>
    Buffer.concat([
      Buffer.from('k8s\0'),
      field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])),
      field(2, raw),
      field(3, ''),
    ])

  test('decodes as the same client would have sent JSON', () => {
    // As client-go sends it: empty strings, an empty timestamp and zeros are all present.
    const metadata = Buffer.concat([
      field(1, 'web'),
      field(2, ''),
      Buffer.from([7 << 3, 0]),
      field(8, ''),
      field(11, Buffer.concat([field(1, 'app'), field(2, 'web')])),
    ])
    const spec = Buffer.from([1 << 3, 0])
    const raw = Buffer.concat([field(1, metadata), field(2, spec), field(3, '')])
    expect(decodeProtobuf(unknown('apps/v1', 'Deployment', raw))).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: { replicas: 0 },
      status: {},
    })
  })

  test('bytes are base64', () => {
    const data = field(2, Buffer.concat([field(1, 'k'), field(2, 'hello')]))
    expect(decodeProtobuf(unknown('v1', 'Secret', data)).data).toEqual({ k: 'aGVsbG8=' })
  })

  test.each([
    ['no magic', Buffer.from('{}')],
    ['a kind without schema', unknown('v9', 'Nothing', Buffer.alloc(0))],
    ['a cut message', unknown('v1', 'Pod', Buffer.from([10, 99]))],
  ])('refuses %s', (_name, bytes) => {
    expect(() => decodeProtobuf(bytes)).toThrow(ProtobufError)
  })
})
