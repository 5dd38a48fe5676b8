import { describe, expect, test } from 'vitest'
import { StatusError } from '../../../src/api/status.ts'
import { type DecodeJob, decodeBody } from '../../../src/apiserver/http/decode.ts'

/** Small bodies that once took minutes, gigabytes or the stack. The test's own time is the bound. */
const configMap = { apiVersion: 'v1', kind: 'ConfigMap' }
const json = 'application/json'
const yaml = 'application/yaml'
const protobuf = 'application/vnd.kubernetes.protobuf'

function decode(body: string | Uint8Array, type: string, more: Partial<DecodeJob> = {}) {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const job = { body: bytes, type, fieldValidation: 'Warn', expected: configMap, ...more }
  return decodeBody(job)
}

function refusal(body: string | Uint8Array, type: string, more: Partial<DecodeJob> = {}): string {
  try {
    decode(body, type, more)
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    expect(error.status.code).toBe(400)
    return error.message
  }
  throw new Error('not refused')
}

const nested = (levels: number) => `{"data":${'['.repeat(levels)}${']'.repeat(levels)}}`

/** `k8s\0`, and an envelope that says its object is a definition of schemas within schemas. */
function nestedProtobuf(levels: number): Buffer {
  let inner: Buffer = Buffer.alloc(0)
  const field = (number: number, data: Buffer) => {
    const length: number[] = []
    for (let rest = data.length; ; rest >>>= 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest)
      if (rest <= 127) break
    }
    return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), data])
  }
  // JSONSchemaProps.not is field 28: its tag takes two bytes.
  const tagged = (data: Buffer) => {
    const plain = field(1, data)
    return Buffer.concat([Buffer.from([0xe2, 0x01]), plain.subarray(1)])
  }
  for (let level = 0; level < levels; level++) inner = tagged(inner)
  const type = Buffer.concat([
    field(1, Buffer.from('apiextensions.k8s.io/v1')),
    field(2, Buffer.from('JSONSchemaProps')),
  ])
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, inner)])
}

describe('what would take the stack is a 400', () => {
  test.each([
    ['JSON lists', nested(100_000), json],
    ['JSON objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, json],
    ['YAML flow', nested(100_000), yaml],
    ['YAML blocks', `${'- '.repeat(100_000)}a`, yaml],
    ['protobuf', nestedProtobuf(3_000), protobuf],
  ])('%s', (_what, body, type) => {
    expect(refusal(body, type)).not.toContain('RangeError')
  })

  test('a patch too', () => {
    const more = { expected: undefined }
    expect(refusal(nested(100_000), 'application/merge-patch+json', more)).toContain(
      'exceeded max depth',
    )
  })

  test('in the words of upstream', () => {
    expect(refusal(nested(100_000), json)).toBe(
      'the object provided is unrecognized (must be of type ConfigMap): ' +
        "couldn't get version/kind; json parse error: invalid character '[' exceeded max depth " +
        '({"data":[[[[[[[[[[[[[[[[[[[[[[ ...)',
    )
  })
})

describe('YAML', () => {
  const lines = (count: number, line: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => line(at)).join('\n')

  test('200,000 keys are read in one pass, repeated ones are told', () => {
    const body = `kind: ConfigMap\ndata:\n${lines(60_000, at => `  k${at}: v`)}\n  k7: w\n`
    const { value, problems } = decode(body, yaml)
    expect(Object.keys((value as { data: object }).data)).toHaveLength(60_000)
    expect(problems).toEqual(['yaml: unmarshal errors:\n  line 60003: key "k7" already set in map'])
  })

  test('aliases are followed, in one pass', () => {
    const body = `data:\n  x: &a v\n${lines(20_000, at => `  k${at}: *a`)}\n`
    const { value } = decode(body, yaml)
    expect((value as { data: Record<string, string> }).data.k19999).toBe('v')
  })

  test.each([
    [
      'a bomb',
      lines(
        12,
        at =>
          `a${at}: &a${at} [${Array(9)
            .fill(`*a${at - 1}`)
            .join()}]`,
      ),
    ],
    ['a wide bomb', `a: &a [${'x,'.repeat(500)}x]\nb: [${Array(500).fill('*a').join()}]`],
    ['an alias of itself', 'a: &a [*a]'],
    ['an unknown alias', 'a: *b'],
    ['a key that is a list', '? [a]\n: b'],
    ['no YAML', 'a: [}'],
    ['a number without end', 'a: .inf'],
  ])('%s is a 400', (_what, body) => {
    expect(refusal(body.replace('*a-1', 'x'), yaml)).toContain('error converting YAML to JSON')
  })
})

describe('JSON', () => {
  test('repeated and unknown fields are told, a hundred at most', () => {
    const keys = Array.from({ length: 5_000 }, (_, at) => `"u${at}":1,"u${at}":2`).join()
    const { problems } = decode(`{${keys}}`, json)
    expect(problems.filter(one => one.startsWith('duplicate'))).toHaveLength(100)
    expect(problems.filter(one => one.startsWith('unknown'))).toHaveLength(100)
  })

  test('paths of repeated fields', () => {
    const body = '{"a":{"b":[0,{"c":1,"c":2}],"\\"}":1},"a":3,"\\u0061":4}'
    const { problems } = decode(body, json)
    expect(problems).toContain('duplicate field "a.b[1].c"')
    expect(problems).toContain('duplicate field "a"')
  })
})

test('protobuf of the wrong lengths is a 400', () => {
  for (const body of ['', 'k8s\0', 'k8s\0\x0a', 'k8s\0\x0a\xff\xff\xff\xff\xff', 'k8s\0\x09']) {
    expect(refusal(Buffer.from(body, 'latin1'), protobuf)).toBeTruthy()
  }
})
