import { PassThrough } from 'node:stream'
import { beforeAll, describe, expect, test } from 'vitest'
import { ResourceRegistry } from '../../src/api/resources/registry.ts'
import { attributesOf } from '../../src/apiserver/filters/attributes.ts'
import { handlerChain } from '../../src/apiserver/filters/chain.ts'
import { Metrics } from '../../src/apiserver/http/metrics.ts'
import { serveUpgrade } from '../../src/apiserver/streams/upgrade.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { send } from './requests.ts'
import { clusterForAll, systemUser } from './support.ts'

/**
 * What kube-apiserver 1.35.4 answered to the same requests, word for word, where a text is given
 * whole; of the others the source is named.
 */
const api = clusterForAll()

const namespace = '/api/v1/namespaces/default'
const services = `${namespace}/services`
const dry = 'dryRun=All'
const ports = [{ port: 80 }]
const service = (spec: object, name = 'v') => ({ metadata: { name }, spec })
const onlyBalanced = "may only be used when `type` is 'LoadBalancer'"
const notExternal = 'may not be set for ExternalName services'

describe('a service that makes no sense', () => {
  test.each([
    [
      { ports, externalTrafficPolicy: 'Local' },
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ],
    [{ ports, loadBalancerClass: 'ex.io/x' }, `spec.loadBalancerClass: Forbidden: ${onlyBalanced}`],
    [
      { ports, type: 'LoadBalancer', loadBalancerSourceRanges: ['x'] },
      'spec.LoadBalancerSourceRanges[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      {
        ports,
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } },
      },
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400',
    ],
    [
      { ports, ipFamilyPolicy: 'RequireDualStack' },
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ],
    [
      { ports, ipFamilies: ['IPv6'] },
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    ],
    [
      { ports: [{ port: 80, appProtocol: 'a b' }] },
      `spec.ports[0].appProtocol: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
    // Source of the rest: pkg/apis/core/validation/validation.go ValidateService.
    [
      { type: 'ExternalName', externalName: 'a.io', clusterIP: '10.96.0.9' },
      `spec.clusterIPs: Forbidden: ${notExternal}`,
    ],
    [
      { type: 'ExternalName', externalName: 'a.io', ipFamilies: ['IPv4'] },
      `spec.ipFamilies: Forbidden: ${notExternal}`,
    ],
    [
      { ports, allocateLoadBalancerNodePorts: true },
      `spec.allocateLoadBalancerNodePorts: Forbidden: ${onlyBalanced}`,
    ],
    [
      { ports, healthCheckNodePort: 30_001 },
      "spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
  ])('%j', async (spec, text) => {
    const answer = await send(api, 'POST', `${services}?${dry}`, service(spec))
    expect(answer).toMatchObject({
      code: 422,
      value: { message: `Service "v" is invalid: ${text}` },
    })
  })
})

test('a service that changes its type loses what only the old one had', async () => {
  await send(api, 'POST', services, service({ ports, type: 'LoadBalancer' }, 'moves'))
  const own = `${services}/moves`
  const to = async (spec: object) => (await send(api, 'PATCH', own, { spec })).value.spec
  const plain = await to({ type: 'ClusterIP' })
  for (const field of ['externalTrafficPolicy', 'allocateLoadBalancerNodePorts']) {
    expect(plain).not.toHaveProperty(field)
  }
  expect(plain.ports[0]).not.toHaveProperty('nodePort')
  // Recorded: "to node port", "to external name".
  expect(await to({ type: 'NodePort' })).toMatchObject({ externalTrafficPolicy: 'Cluster' })
  expect(await to({ type: 'ExternalName', externalName: 'x.io' })).toEqual({
    ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
    type: 'ExternalName',
    sessionAffinity: 'None',
    externalName: 'x.io',
  })
})

test('what the client changes with the type is not dropped, but judged', async () => {
  await send(api, 'POST', services, service({ ports, type: 'LoadBalancer' }, 'judged'))
  const spec = { type: 'ClusterIP', externalTrafficPolicy: 'Local' }
  expect((await send(api, 'PATCH', `${services}/judged`, { spec })).code).toBe(422)
})

test('at most all pods are unavailable', async () => {
  const template = {
    metadata: { labels: { a: 'b' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  }
  const strategy = { rollingUpdate: { maxUnavailable: '150%' } }
  const spec = { selector: { matchLabels: { a: 'b' } }, template, strategy }
  const path = `/apis/apps/v1/namespaces/default/deployments?${dry}`
  const answer = await send(api, 'POST', path, { metadata: { name: 'w' }, spec })
  expect(answer.value.message).toBe(
    'Deployment.apps "w" is invalid: spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "150%": must not be greater than 100%',
  )
})

describe('a pod', () => {
  const pods = `${namespace}/pods`
  const containers = [{ name: 'c', image: 'i' }]
  beforeAll(async () => {
    const spec = {
      containers,
      activeDeadlineSeconds: 50,
      tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }],
    }
    await send(api, 'POST', pods, { metadata: { name: 'p' }, spec })
    await send(api, 'POST', pods, { metadata: { name: 'free' }, spec: { containers } })
  })

  // Source: ValidatePodUpdate.
  test.each([
    [60, 'Invalid value: 60: must be less than or equal to previous value'],
    [null, 'Invalid value: null: must not update from a positive integer to nil value'],
  ])('has its deadline lowered only: %s', async (activeDeadlineSeconds, text) => {
    const answer = await send(api, 'PATCH', `${pods}/p`, { spec: { activeDeadlineSeconds } })
    expect(answer.value.message).toBe(`Pod "p" is invalid: spec.activeDeadlineSeconds: ${text}`)
  })

  test('may be given a deadline, a lower one, and more patience', async () => {
    const patch = (name: string, spec: object) => send(api, 'PATCH', `${pods}/${name}`, { spec })
    expect((await patch('p', { activeDeadlineSeconds: 40 })).code).toBe(200)
    expect((await patch('free', { activeDeadlineSeconds: 40 })).code).toBe(200)
    const { spec } = (await send(api, 'GET', `${pods}/p`)).value
    const tolerations = spec.tolerations.map((one: object) => ({ ...one, tolerationSeconds: 9 }))
    expect((await patch('p', { tolerations })).code).toBe(200)
  })

  test.each([
    { terminationGracePeriodSeconds: 5 },
    { ephemeralContainers: [{ name: 'e', image: 'i' }] },
  ])('does not change by its main resource: %j', async spec => {
    const answer = await send(api, 'PATCH', `${pods}/p`, { spec })
    expect(answer.code).toBe(422)
    expect(answer.value.message).toContain('pod updates may not change fields other than')
  })

  // Source: ValidatePodLogOptions.
  test.each([
    ['tailLines=-1', 422, 'tailLines: Invalid value: -1: must be greater than or equal to 0'],
    ['limitBytes=0', 422, 'limitBytes: Invalid value: 0: must be greater than 0'],
    ['sinceSeconds=0', 422, 'sinceSeconds: Invalid value: 0: must be greater than 0'],
    ['tailLines=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 422, 'at most one of `sinceTime` or'],
    ['sinceTime=yesterday', 422, 'sinceTime: Invalid value: "yesterday"'],
  ])('has a log, but not with %s', async (query, code, text) => {
    const answer = await send(api, 'GET', `${pods}/p/log?${query}`)
    expect(answer.code).toBe(code)
    expect(answer.value.message).toContain(text)
  })
})

describe('options', () => {
  const configMaps = `${namespace}/configmaps`
  const maps = (query: string) => `${configMaps}?${query}`
  const body = { metadata: { name: 'o' } }
  test.each([
    ['GET', maps('limit=x'), undefined, 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['GET', maps('timeoutSeconds=x'), undefined, 400, 'strconv.ParseInt: parsing "x"'],
    ['GET', maps('watch=1&timeoutSeconds=1.5'), undefined, 400, 'strconv.ParseInt'],
    [
      'GET',
      maps('sendInitialEvents=true'),
      undefined,
      422,
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
    ],
    [
      'GET',
      maps('resourceVersion=x'),
      undefined,
      400,
      'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
    ],
    [
      'POST',
      maps('dryRun=Some'),
      body,
      422,
      'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
    ],
    ['POST', maps('fieldValidation=Some'), body, 422, 'fieldValidation: Unsupported value: "Some"'],
    [
      'DELETE',
      `${configMaps}/o`,
      { propagationPolicy: 'Nope' },
      422,
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Nope": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    [
      'DELETE',
      `${configMaps}/o`,
      { propagationPolicy: 'Orphan', orphanDependents: true },
      422,
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    ],
    ['DELETE', `${configMaps}/o?gracePeriodSeconds=x`, undefined, 400, 'strconv.ParseInt'],
    ['DELETE', `${configMaps}/o`, { gracePeriodSeconds: 1e15 }, 422, 'gracePeriodSeconds'],
    [
      'POST',
      configMaps,
      { metadata: { name: 'o', resourceVersion: '5' } },
      400,
      'resourceVersion should not be set on objects to be created',
    ],
    [
      'PUT',
      `${configMaps}/kube`,
      { metadata: null },
      400,
      'the name of the object (kube based on URL) was undeterminable: name must be provided',
    ],
    [
      'PUT',
      `${configMaps}/kube`,
      { metadata: { name: 'kube', namespace: 'x' } },
      400,
      'the namespace of the object (x) does not match the namespace on the request (default)',
    ],
  ] as const)('%s %s %j', async (method, path, object, code, text) => {
    const answer = await send(api, method, path, object)
    expect(answer.code).toBe(code)
    expect(answer.value.message).toContain(text)
  })

  test('a dry run of a new object with a version passes, as recorded', async () => {
    const object = { metadata: { name: 'o', resourceVersion: '5' } }
    expect((await send(api, 'POST', maps('dryRun=All'), object)).code).toBe(201)
  })
})

test.each([
  ['Impersonate-User', 'jane', 'users "jane" is forbidden'],
  ['impersonate-group', 'devs', 'groups "devs" is forbidden'],
  ['Impersonate-Uid', '7', 'uids "7" is forbidden'],
  ['Impersonate-Extra-Scopes', 'x', 'userextras is forbidden'],
  ['Impersonate-Whatever', 'x', 'users "x" is forbidden'],
])('nobody is taken for himself who asks to be somebody else: %s', async (header, value, text) => {
  const answer = await send(api, 'GET', services, undefined, { [header]: value })
  expect(answer).toMatchObject({ code: 403, value: { reason: 'Forbidden' } })
  expect(answer.value.message).toContain(text)
  expect(answer.value.message).toContain(`User "${systemUser.name}" cannot impersonate resource`)
})

test('nor by way of an upgraded connection', async () => {
  const socket = new PassThrough()
  const written: Buffer[] = []
  const request = {
    method: 'GET',
    path: `${namespace}/pods/p/exec`,
    query: new URLSearchParams(),
    headers: { 'impersonate-user': 'jane' },
  } as const
  const nowhere = {} as Parameters<typeof serveUpgrade>[0]
  const admin = { name: 'admin', groups: ['system:masters'] }
  socket.on('data', piece => written.push(piece))
  const metrics = new Metrics(
    () => 0,
    () => () => Promise.resolve(),
  )
  const filters = handlerChain({ metrics, logger: silentLogger, clock: systemClock })
  const attributes = attributesOf(new ResourceRegistry(), request, admin, false)
  await serveUpgrade(nowhere, filters, attributes, socket, Buffer.alloc(0))
  await expect.poll(() => Buffer.concat(written).toString()).toMatch(/^HTTP\/1\.1 403 /)
})

// Recorded, word for word.
describe('metadata and bodies', () => {
  const configMaps = `${namespace}/configmaps?${dry}`
  const owner = (uid: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    name: 'p',
    uid,
    controller: true,
  })
  const unqualified = 'name is neither a standard finalizer name nor is it fully qualified'
  test.each([
    [
      { finalizers: ['nodomain'] },
      `metadata.finalizers[0]: Invalid value: "nodomain": ${unqualified}`,
    ],
    [
      { ownerReferences: [{ kind: 'Pod' }] },
      '[metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty, metadata.ownerReferences.name: Invalid value: "": must not be empty, metadata.ownerReferences.uid: Invalid value: "": must not be empty]',
    ],
    [
      { ownerReferences: [owner('u1'), owner('u2')] },
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u1","controller":true},{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u2","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for Pod/p and Pod/p',
    ],
  ])('%j', async (metadata, text) => {
    const answer = await send(api, 'POST', configMaps, { metadata: { name: 'a', ...metadata } })
    expect(answer.value.message).toBe(`ConfigMap "a" is invalid: ${text}`)
  })

  test.each([
    ['=x', "found '=', expected: !, identifier, or 'end of string'"],
    [',', "found ',', expected: !, identifier, or 'end of string'"],
    [
      'n<x',
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    [
      'a toString b',
      "unable to parse requirement: found 'toString', expected: in, notin, =, ==, !=, gt, lt",
    ],
  ])('label selector %s', async (selector, text) => {
    const url = `${namespace}/configmaps?labelSelector=${encodeURIComponent(selector)}`
    expect(await send(api, 'GET', url)).toMatchObject({ code: 400, value: { message: text } })
  })

  test('a field selector of what is not selectable', async () => {
    const url = `${namespace}/configmaps?fieldSelector=data%3Dx`
    expect((await send(api, 'GET', url)).value.message).toBe(
      '"data" is not a known field selector: only "metadata.name", "metadata.namespace"',
    )
  })

  test('an empty body', async () => {
    const { body } = await api.request({
      method: 'POST',
      path: `${namespace}/configmaps`,
      query: new URLSearchParams(),
      headers: { 'content-type': 'application/json' },
    })
    expect(JSON.parse(Buffer.from(body as Uint8Array).toString()).message).toBe(
      "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
    )
  })

  test('a patch of the uid', async () => {
    await send(api, 'POST', `${namespace}/configmaps`, { metadata: { name: 'imm' } })
    const stale = { metadata: { uid: 'x', resourceVersion: '1' } }
    const lost = await send(api, 'PATCH', `${namespace}/configmaps/imm`, stale)
    expect(lost).toMatchObject({ code: 409, value: { reason: 'Conflict' } })
    const patch = { metadata: { uid: 'x' } }
    expect(await send(api, 'PATCH', `${namespace}/configmaps/imm`, patch)).toMatchObject({
      code: 422,
      value: {
        message: 'ConfigMap "imm" is invalid: metadata.uid: Invalid value: "x": field is immutable',
      },
    })
  })
})
