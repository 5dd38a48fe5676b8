import { expect, test } from 'vitest'
import { send } from './requests.ts'
import { clusterForAll } from './support.ts'

/** What kube-apiserver 1.35.4 answers whatever the kind: recorded, word for word. */
const api = clusterForAll()

const namespace = '/api/v1/namespaces/default'
const maps = `${namespace}/configmaps`
const map = (name: string, more: object = {}) => ({ metadata: { name, ...more }, data: { a: '1' } })

test('what was not stored has no version, what is in a list no type of its own', async () => {
  const dry = await send(api, 'POST', `${maps}?dryRun=All`, map('dry'))
  expect(dry.value.metadata).not.toHaveProperty('resourceVersion')
  await send(api, 'POST', maps, map('listed'))
  const [item] = (await send(api, 'GET', maps)).value.items
  expect(Object.keys(item)).toEqual(['metadata', 'data'])
  expect(item.metadata).toHaveProperty('resourceVersion')
})

test('an answer to a DELETE says no code, and who comes too early that it is being done', async () => {
  await send(api, 'POST', maps, map('gone'))
  const { value } = await send(api, 'DELETE', `${maps}/gone`)
  expect(Object.keys(value)).toEqual(['kind', 'apiVersion', 'metadata', 'status', 'details'])
  await send(api, 'POST', maps, map('kept', { finalizers: ['example.com/f'] }))
  await send(api, 'DELETE', `${maps}/kept`)
  expect((await send(api, 'POST', maps, map('kept'))).value).toMatchObject({
    ...{ code: 409, message: 'object is being deleted: configmaps "kept" already exists' },
  })
})

test.each([
  ['uid', 'UID', 'deleted and then recreated'],
  ['resourceVersion', 'ResourceVersion', 'modified'],
])('the precondition %s of a DELETE', async (field, name, fate) => {
  const { value } = await send(api, 'POST', maps, map(`pre-${name.toLowerCase()}`))
  const path = `${maps}/${value.metadata.name}`
  const answer = await send(api, 'DELETE', path, { preconditions: { [field]: '9' } })
  expect(answer.value).toMatchObject({
    code: 409,
    message:
      `Operation cannot be fulfilled on ConfigMap "${value.metadata.name}": ` +
      `the ${name} in the precondition (9) does not match the ${name} in record ` +
      `(${value.metadata[field]}). The object might have been ${fate}`,
    details: { kind: 'ConfigMap' },
  })
})

test('a kind that nobody knows, and a type that nobody makes or takes', async () => {
  const other = { ...map('other'), kind: 'Other', apiVersion: 'v1' }
  expect((await send(api, 'POST', `${maps}?dryRun=All`, other)).value.message).toBe(
    'Other in version "v1" cannot be handled as a ConfigMap: no kind "Other" is registered ' +
      'for version "v1" in scheme "pkg/runtime/scheme.go:111"',
  )
  const types =
    'application/json, application/yaml, application/vnd.kubernetes.protobuf, ' +
    'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'
  expect((await send(api, 'GET', maps, undefined, { accept: 'text/html' })).value).toMatchObject({
    ...{ code: 406, message: `406: Not Acceptable\n\nAvailable representations: ${types}` },
  })
  const wrong = { 'content-type': 'application/json' }
  expect((await send(api, 'PATCH', `${maps}/listed`, {}, wrong)).value).toMatchObject({
    ...{ code: 415, message: '415: Unsupported Media Type', details: {} },
  })
})

test('who can not be answered has changed nothing', async () => {
  const html = { accept: 'text/html' }
  expect((await send(api, 'POST', maps, map('unseen'), html)).code).toBe(406)
  expect((await send(api, 'GET', `${maps}/unseen`)).code).toBe(404)
  const pod = { metadata: { name: 's' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  await send(api, 'POST', `${namespace}/pods`, pod)
  const merge = { 'content-type': 'application/merge-patch+json', ...html }
  const patched = { status: { message: 'unseen' } }
  expect((await send(api, 'PATCH', `${namespace}/pods/s/status`, patched, merge)).code).toBe(406)
  expect((await send(api, 'GET', `${namespace}/pods/s`)).value.status.message).toBeUndefined()
})

test('the options of a DELETE come in the version of their resource as well', async () => {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases'
  for (const [name, apiVersion, code] of [
    ['a', 'v1', 200],
    ['b', 'coordination.k8s.io/v1', 200],
    ['c', 'apps/v1', 400],
  ] as const) {
    await send(api, 'POST', leases, { metadata: { name } })
    const options = { apiVersion, kind: 'DeleteOptions', gracePeriodSeconds: 0 }
    expect((await send(api, 'DELETE', `${leases}/${name}`, options)).code).toBe(code)
  }
})

test('every answer of a version that goes says so, refusals too', async () => {
  const text = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
  const endpoints = `${namespace}/endpoints`
  for (const path of [endpoints, `${endpoints}/nothing`]) {
    expect((await send(api, 'GET', path)).headers.warning).toBe(text)
  }
  const body = { metadata: { name: 'e' }, foo: 1 }
  const created = await send(api, 'POST', `${endpoints}?dryRun=All&fieldValidation=Warn`, body)
  expect(created.headers.warning).toBe(`${text}, 299 - "unknown field \\"foo\\""`)
  expect((await send(api, 'GET', maps)).headers.warning).toBeUndefined()
})

test('a pod that is bound is the same generation', async () => {
  const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  await send(api, 'POST', `${namespace}/pods`, pod)
  const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } }
  expect((await send(api, 'POST', `${namespace}/pods/p/binding`, binding)).code).toBe(201)
  const { value } = await send(api, 'GET', `${namespace}/pods/p`)
  expect(value).toMatchObject({ metadata: { generation: 1 }, spec: { nodeName: 'n' } })
})

test.each([
  [{}, 'spec.selector: Required value'],
  [
    { selector: { matchLabels: { a: 'b c' } } },
    'spec.selector: Invalid value: {"matchLabels":{"a":"b c"}}: invalid label selector',
  ],
  [
    { selector: { matchLabels: {} } },
    'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
  ],
  [
    { template: { metadata: { labels: { x: 'y' } } } },
    'Invalid value: {"x":"y"}: `selector` does not match template `labels`',
  ],
])('a deployment that selects nothing of its own: %j', async (spec, text) => {
  const path = '/apis/apps/v1/namespaces/default/deployments?dryRun=All'
  const answer = await send(api, 'POST', path, { metadata: { name: 'd' }, spec })
  expect(answer.code).toBe(422)
  expect(answer.value.message).toContain(text)
})

test('a field of an embedded struct is told as Go tells it, and as JSON has it', async () => {
  const pod = (probe: object) => ({
    metadata: { name: 'q' },
    spec: { containers: [{ name: 'c', image: 'i', livenessProbe: probe }] },
  })
  const pods = `${namespace}/pods?dryRun=All&fieldValidation=Strict`
  expect((await send(api, 'POST', pods, pod({ httpGet: [] }))).value.message).toContain(
    'Go struct field Probe.spec.containers.livenessProbe.ProbeHandler.httpGet of type v1.HTTPGet',
  )
  const unknown = await send(api, 'POST', pods, pod({ httpGet: { port: 1, foo: 1 } }))
  expect(unknown.value.message).toContain(
    'unknown field "spec.containers[0].livenessProbe.httpGet.foo"',
  )
})
