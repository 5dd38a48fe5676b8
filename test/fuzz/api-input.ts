import { stringify } from 'yaml'
import type { Prng } from '../../src/kernel/prng.ts'
import { encodeRequest, type Request, upgrades } from './http-input.ts'
import { mutate, pick } from './mutate.ts'
import { metadataOf, mutate as mutateObject, samples } from './objects.ts'
import type { Sample } from './samples/sample.ts'

/** Where the objects of the fuzzer are; nothing else is written. */
export const namespace = 'fuzz'
/** Kinds of which one valid object makes controllers and kubelets work for hours. */
const working = new Set(['Deployment', 'ReplicaSet', 'Node', 'Namespace'])

const types = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  patch: 'application/json-patch+json',
} as const

const queries = [
  ...[
    '',
    '',
    '',
    'watch=1&resourceVersion=1&timeoutSeconds=1',
    'watch=true&allowWatchBookmarks=true',
  ],
  ...['limit=1', 'limit=2&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0'],
  ...[
    'labelSelector=a in (b,c),!d',
    'labelSelector=a=b',
    'fieldSelector=metadata.name=x,spec.x!=y',
  ],
  ...[
    'resourceVersion=0&resourceVersionMatch=NotOlderThan',
    'fieldManager=x&fieldValidation=Strict',
  ],
  ...['gracePeriodSeconds=0&propagationPolicy=Orphan', 'pretty=true', 'timeoutSeconds=1'],
  ...['sendInitialEvents=true&watch=1&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'],
]

const others = [
  ...['/api', '/apis', '/version', '/healthz', '/readyz?verbose', '/livez/ping', '/openapi/v2'],
  ...[
    '/openapi/v3/api/v1',
    '/metrics',
    '/apis/apps/v1',
    '/api/v1/pods',
    '/api/v1/componentstatuses',
  ],
  ...['/quorate/v1/ca', '/apis/apps/v1/watch/deployments', '/api/v1/watch/pods'],
]

/** What comes to the API's port. */
export function apiInput(prng: Prng): Buffer {
  const draw = prng.next()
  if (draw < 0.15) return encodeRequest({ method: 'GET', target: pick(others, prng) }, prng)
  if (draw < 0.25) return encodeRequest(upgrade(prng), prng)
  if (draw < 0.28) return encodeRequest(join(prng), prng)
  return encodeRequest(aboutObject(prng), prng)
}

function upgrade(prng: Prng): Request {
  const verb = pick(['exec', 'attach', 'portforward', 'log', 'x'], prng)
  const query = pick(
    ['command=true&stdout=1&container=c', 'ports=80', '', 'stdin=true&tty=1'],
    prng,
  )
  const name = pick(['well-behaved', 'nobody', '%00'], prng)
  const target = `/api/v1/namespaces/default/pods/${name}/${verb}?${query}`
  return { method: pick(['GET', 'POST'], prng), target, headers: pick(upgrades, prng) }
}

/** The one path that strangers may post to. */
function join(prng: Prng): Request {
  const csr = '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----'
  const valid = {
    token: 'abcdef.0123456789abcdef',
    name: 'x',
    role: 'worker',
    csrs: { kubelet: csr },
  }
  const headers = { 'content-type': types.json }
  const body = Buffer.from(JSON.stringify(mutateObject(valid, prng)))
  return { method: 'POST', target: '/quorate/v1/join', headers, body }
}

function aboutObject(prng: Prng): Request {
  const sample = pick(samples, prng)
  const collection = sample.path.replace('/namespaces/default/', `/namespaces/${namespace}/`)
  const name = `fuzz-${prng.below(5)}`
  const own = `${collection}/${name}`
  const query = queryOf(sample, prng)
  const [method, path, type] = pick(
    [
      ['POST', collection, pick([types.json, types.yaml, types.protobuf], prng)],
      ['PUT', own, pick([types.json, types.yaml, types.protobuf], prng)],
      ['PUT', `${own}/${pick(['status', 'scale', 'binding', 'x'], prng)}`, types.json],
      ['PATCH', own, pick([types.merge, types.strategic, types.patch], prng)],
      ['PATCH', `${own}/status`, pick([types.merge, types.strategic, types.patch], prng)],
      ['DELETE', own, types.json],
      ['GET', own, types.json],
      ['GET', collection, types.json],
    ] as const,
    prng,
  )
  const target = query === '' ? path : `${path}?${encodeURI(query)}`
  if (method === 'GET') return { method, target }
  return {
    method,
    target,
    headers: { 'content-type': type },
    body: bodyOf(sample, name, type, prng),
  }
}

function queryOf(sample: Sample, prng: Prng): string {
  const query = pick(queries, prng)
  if (!working.has(sample.kind)) return query
  return query === '' ? 'dryRun=All' : `${query}&dryRun=All`
}

function bodyOf(sample: Sample, name: string, type: string, prng: Prng): Buffer {
  const apiVersion = /^\/apis?\/([^/]+\/v1|v1)/.exec(sample.path)?.[1]
  const valid = { apiVersion, kind: sample.kind, metadata: metadataOf(name), ...sample.object }
  const object: unknown = prng.chance(0.2) ? valid : mutateObject(valid, prng)
  if (type === types.protobuf) return protobuf(sample.kind, name, prng)
  if (type === types.patch) return jsonPatch(name, prng)
  const text = type === types.yaml ? yaml(object, prng) : json(object, prng)
  const bytes = Buffer.from(text)
  return prng.chance(0.2) ? mutate(bytes, prng) : bytes
}

function json(object: unknown, prng: Prng): string {
  const text = JSON.stringify(object)
  const draw = prng.next()
  if (draw > 0.05) return text
  const depth = prng.below(20_000)
  const nested = `${'['.repeat(depth)}${']'.repeat(prng.below(depth + 1))}`
  return draw > 0.02 ? `{"spec":${nested},"metadata":{}}` : `{"metadata":${text},${text.slice(1)}`
}

const oddYaml = [
  ...['a: &a [*a]', '{a: &a [x, x], b: &b [*a, *a, *a], c: &c [*b, *b, *b], d: [*c, *c, *c]}'],
  ...[
    '!!binary "%%%"',
    '? [a, b]\n: c',
    '- - - -',
    '---\n---\n',
    '%YAML 9.9\n---\na: b',
    'a: !<x> b',
  ],
  ...['<<: {a: b}\na: c', '.inf', '0x7fffffffffffffffff', 'a: 2001-99-99', '\t- a', '"\\ud800"'],
]

function yaml(object: unknown, prng: Prng): string {
  if (prng.chance(0.1)) return pick(oddYaml, prng)
  const text = stringify(JSON.parse(JSON.stringify(object)))
  return prng.chance(0.1) ? `${text}\n---\n${text}` : text
}

function jsonPatch(name: string, prng: Prng): Buffer {
  const valid = [
    { op: 'add', path: '/metadata/labels/x', value: 'y' },
    { op: 'test', path: '/metadata/name', value: name },
    { op: 'copy', from: '/metadata', path: '/spec/x' },
    { op: 'move', from: '/metadata/labels/a', path: '/metadata/annotations/~1~0' },
    { op: 'remove', path: '/spec/containers/0' },
  ]
  return Buffer.from(JSON.stringify(mutateObject(valid, prng)))
}

/** The envelope of `runtime.Unknown` with an object that has metadata, data and a nested message. */
function protobuf(kind: string, name: string, prng: Prng): Buffer {
  const text = (number: number, value: string) => bytes(number, Buffer.from(value))
  const version = kind === 'Lease' ? 'coordination.k8s.io/v1' : 'v1'
  const meta = bytes(1, Buffer.concat([text(1, name), text(3, namespace), text(7, '')]))
  const data = bytes(2, Buffer.concat([text(1, 'key'), text(2, 'value')]))
  const raw = Buffer.concat([meta, data, Buffer.of(0x18, prng.below(128))])
  const unknown = Buffer.concat([
    bytes(1, Buffer.concat([text(1, version), text(2, kind)])),
    bytes(2, prng.chance(0.3) ? raw : mutate(raw, prng)),
    text(4, 'application/json'),
  ])
  const body = Buffer.concat([Buffer.from('k8s\0', 'latin1'), unknown])
  return prng.chance(0.5) ? body : mutate(body, prng)
}

/** Field `number` of wire type 2; short ones only. */
function bytes(number: number, value: Uint8Array): Buffer {
  const length = [value.length & 0x7f]
  if (value.length > 0x7f) {
    length[0] = (value.length & 0x7f) | 0x80
    length.push(value.length >> 7)
  }
  return Buffer.concat([Buffer.of((number << 3) | 2, ...length), value])
}
