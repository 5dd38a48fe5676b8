import { describe, expect, test } from 'vitest'
import { type Answer, send } from './requests.ts'
import { clusterForAll } from './support.ts'

/** Server-side apply and managedFields through the API. Source: apiserver handlers/patch.go. */
const api = clusterForAll()

const maps = '/api/v1/namespaces/default/configmaps'
const deployments = '/apis/apps/v1/namespaces/default/deployments'
const applyType = { 'content-type': 'application/apply-patch+yaml' }

const map = (name: string, data: object, metadata: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data },
})
const deployment = (name: string, spec: object) => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec },
})
const whole = {
  replicas: 2,
  selector: { matchLabels: { a: 'b' } },
  template: {
    metadata: { labels: { a: 'b' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  },
}

function apply(url: string, object: unknown, query: string): Promise<Answer> {
  return send(api, 'PATCH', `${url}?${query}`, object, applyType)
}

const by = (manager: string, more = '') => `fieldManager=${manager}${more}`

/** `manager operation subresource` of each entry. */
function managers({ value }: Answer): string[] {
  const entries: Record<string, string>[] = value.metadata.managedFields ?? []
  return entries.map(({ manager, operation, subresource = '' }) =>
    `${manager} ${operation} ${subresource}`.trim(),
  )
}

test('what is applied and not there is made', async () => {
  const made = await apply(`${maps}/made`, map('made', { a: '1' }), by('x'))
  expect(made.code).toBe(201)
  expect(managers(made)).toEqual(['x Apply'])
  const again = await apply(`${maps}/made`, map('made', { a: '1' }), by('x'))
  expect(again).toMatchObject({ code: 200, value: made.value })
  const read = await send(api, 'GET', `${maps}/made`)
  expect(read.value).toEqual(made.value)
})

test('a dry run makes nothing', async () => {
  const dry = await apply(`${maps}/dry`, map('dry', {}), by('x', '&dryRun=All'))
  expect(dry.code).toBe(201)
  expect((await send(api, 'GET', `${maps}/dry`)).code).toBe(404)
})

test('what others own is refused, and taken by force', async () => {
  await apply(`${maps}/two`, map('two', { a: '1' }), by('x'))
  const refused = await apply(`${maps}/two`, map('two', { a: '2' }), by('y'))
  expect(refused).toMatchObject({
    code: 409,
    value: {
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "x": .data.a',
      details: { causes: [{ reason: 'FieldManagerConflict', field: '.data.a' }] },
    },
  })
  const forced = await apply(`${maps}/two`, map('two', { a: '2' }), by('y', '&force=true'))
  expect(forced).toMatchObject({ code: 200, value: { data: { a: '2' } } })
  expect(managers(forced)).toEqual(['y Apply'])
})

test('YAML is applied, and keys that are there twice are told of', async () => {
  const text =
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: "1"\n  a: "2"\n'
  const yaml = async (query: string) => {
    const response = await api.request({
      method: 'PATCH',
      path: `${maps}/yaml`,
      query: new URLSearchParams(query),
      headers: applyType,
      body: Buffer.from(text),
    })
    return { code: response.status, warning: response.headers.warning }
  }
  expect((await yaml(by('x', '&fieldValidation=Strict'))).code).toBe(400)
  const warned = await yaml(by('x'))
  expect(warned.code).toBe(201)
  expect(warned.warning).toContain('already set in map')
  const read = await send(api, 'GET', `${maps}/yaml`)
  expect(read.value.data).toEqual({ a: '2' })
})

describe('an apply that makes no sense', () => {
  test.each<[string, string, unknown, string, number, string]>([
    [
      'without a manager',
      maps,
      map('no', {}),
      '',
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ],
    [
      'of a long manager',
      maps,
      map('no', {}),
      by('m'.repeat(129)),
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
    ],
    [
      'of another kind',
      maps,
      { ...map('no', {}), kind: 'Secret' },
      by('x'),
      400,
      'invalid object type: /v1, Kind=Secret',
    ],
    [
      'of managers',
      maps,
      map('no', {}, { managedFields: [] }),
      by('x'),
      400,
      'metadata.managedFields must be nil',
    ],
    [
      'of a list',
      maps,
      [],
      by('x'),
      400,
      'error decoding YAML: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
    [
      'with a uid',
      maps,
      map('no', {}, { uid: 'u' }),
      by('x'),
      409,
      'Operation cannot be fulfilled on configmaps "no": uid mismatch: the provided object ' +
        'specified uid u, and no existing object was found',
    ],
    [
      'under another name',
      maps,
      map('other', {}),
      by('x'),
      400,
      'the name of the object (other) does not match the name on the URL (no)',
    ],
    [
      'to a status that is not there',
      `${deployments}`,
      deployment('no', {}),
      by('x'),
      422,
      'Deployment.apps "no" is invalid',
    ],
    [
      'of an unknown field',
      deployments,
      deployment('no', { nope: 1 }),
      by('x'),
      500,
      'failed to create typed patch object (/no; apps/v1, Kind=Deployment): ' +
        '.spec.nope: field not declared in schema',
    ],
    [
      'of a quantity that is none',
      deployments,
      deployment('no', {
        template: { spec: { containers: [{ name: 'c', resources: { limits: { cpu: 'x' } } }] } },
      }),
      by('x'),
      500,
      'failed to convert new object (/no; apps/v1, Kind=Deployment) to proper version: ',
    ],
  ])('%s', async (_name, url, object, query, code, message) => {
    const answer = await apply(`${url}/no`, object, query)
    expect(answer.value.message).toContain(message)
    expect(answer.code).toBe(code)
  })

  test('other patches are not forced', async () => {
    await send(api, 'POST', maps, map('forced', {}))
    const answer = await send(api, 'PATCH', `${maps}/forced?force=true`, {})
    expect(answer.value.message).toContain('force: Forbidden: may not be specified for non-apply')
  })

  test('CBOR is behind a gate that is off', async () => {
    const type = { 'content-type': 'application/apply-patch+cbor' }
    const answer = await send(api, 'PATCH', `${maps}/no?${by('x')}`, {}, type)
    expect(answer.code).toBe(415)
  })

  test('a part of what is not there is not made', async () => {
    const answer = await apply(`${deployments}/no/status`, deployment('no', {}), by('x'))
    expect(answer.code).toBe(404)
  })
})

test('every write says who owns what', async () => {
  const agent = { 'user-agent': 'kubectl/v1.35 (linux)' }
  const made = await send(api, 'POST', maps, map('owned', { a: '1' }), agent)
  expect(managers(made)).toEqual(['kubectl Update'])
  const put = await send(api, 'PUT', `${maps}/owned?${by('put')}`, map('owned', { a: '1', b: '1' }))
  expect(managers(put)).toEqual(['kubectl Update', 'put Update'])
  const ops = [{ op: 'add', path: '/data/c', value: '1' }]
  const type = { 'content-type': 'application/json-patch+json' }
  const patched = await send(api, 'PATCH', `${maps}/owned?${by('json')}`, ops, type)
  expect(managers(patched)).toEqual(['json Update', 'kubectl Update', 'put Update'])
  const cleared = await send(api, 'PATCH', `${maps}/owned`, { metadata: { managedFields: [] } })
  expect(cleared.value.metadata).not.toHaveProperty('managedFields')
})

test('a scale moves the replicas from owner to owner', async () => {
  await apply(`${deployments}/scaled`, deployment('scaled', whole), by('x'))
  const url = `${deployments}/scaled/scale`
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'scaled' } }
  const refused = await apply(url, { ...scale, spec: { replicas: 5 } }, by('y'))
  expect(refused.value.message).toBe(
    'Apply failed with 1 conflict: conflict with "x": .spec.replicas',
  )
  const scaled = await send(api, 'PATCH', `${url}?${by('z')}`, { spec: { replicas: 3 } })
  expect(scaled).toMatchObject({ code: 200, value: { spec: { replicas: 3 } } })
  const read = await send(api, 'GET', `${deployments}/scaled`)
  expect(managers(read)).toEqual(['x Apply', 'z Update scale'])
  expect(read.value.metadata.managedFields[0].fieldsV1['f:spec']).not.toHaveProperty('f:replicas')
})

test('a status is owned apart', async () => {
  await apply(`${deployments}/st`, deployment('st', whole), by('x'))
  const object = { ...deployment('st', whole), status: { replicas: 1 } }
  const answer = await apply(`${deployments}/st/status`, object, by('y'))
  expect(managers(answer)).toEqual(['x Apply', 'y Apply status'])
  expect(answer.value.metadata.managedFields[1].fieldsV1).toEqual({
    'f:status': { 'f:replicas': {} },
  })
})
