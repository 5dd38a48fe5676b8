import { expect, test } from 'vitest'
import { send } from './requests.ts'
import { clusterForAll } from './support.ts'

/** Small requests that stopped a peer for minutes, or were our fault and are the client's. */
const configMaps = '/api/v1/namespaces/default/configmaps'

const api = clusterForAll()

async function raw(method: 'POST' | 'PATCH', path: string, type: string, body: string) {
  const { status, body: answer } = await api.request({
    method,
    path,
    query: new URLSearchParams(),
    headers: { 'content-type': type },
    body: Buffer.from(body),
  })
  return { code: status, value: JSON.parse(Buffer.from(answer as Uint8Array).toString()) }
}

test('a JSON patch copies 3 MB at most: 422, as upstream', async () => {
  await send(api, 'POST', configMaps, { metadata: { name: 'copied' }, data: { a: 'x' } })
  const copies = Array.from({ length: 26 }, (_, at) => ({
    op: 'copy',
    from: '/metadata/annotations',
    path: `/metadata/annotations/k${at}`,
  }))
  const patch = [{ op: 'add', path: '/metadata/annotations', value: { a: 'x'.repeat(100) } }]
  const answer = await raw(
    'PATCH',
    `${configMaps}/copied`,
    'application/json-patch+json',
    JSON.stringify([...patch, ...copies]),
  )
  expect(answer).toMatchObject({
    code: 422,
    value: { message: 'the server rejected our request due to an error in our request' },
  })
})

test('a JSON patch has 10,000 operations at most: 413, as upstream', async () => {
  const operations = Array(10_001).fill({ op: 'test', path: '/kind', value: 'ConfigMap' })
  const answer = await raw(
    'PATCH',
    `${configMaps}/copied`,
    'application/json-patch+json',
    JSON.stringify(operations),
  )
  expect(answer).toMatchObject({ code: 413, value: { reason: 'RequestEntityTooLarge' } })
  expect(answer.value.message).toContain(
    'The allowed maximum operations in a JSON patch is 10000, got 10001',
  )
})

test.each([
  ['application/json', `{"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ['application/yaml', `{"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ['application/yaml', 'a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n'.repeat(1) + 'd: *d'],
  [
    'application/yaml',
    `data:\n${Array.from({ length: 20_000 }, (_, at) => `  k${at}: 1`).join('\n')}`,
  ],
])('%s: a hostile body is a 400', async (type, body) => {
  expect((await raw('POST', configMaps, type, body)).code).toBe(400)
})

test('a warning that no header can carry is left out, others go as they are', async () => {
  const body = { metadata: { name: 'warned' }, 'a\nb': 1, größe: 1, plain: 1 }
  const answer = await send(api, 'POST', configMaps, body)
  expect(answer.code).toBe(201)
  expect(Buffer.from(answer.headers.warning ?? '', 'latin1').toString()).toBe(
    '299 - "unknown field \\"größe\\"", 299 - "unknown field \\"plain\\""',
  )
})

test.each([
  ['not base64 of JSON', 'abc', 'continue key is not valid: '],
  ['null', 'bnVsbA', 'server does not recognize this encoded version ""'],
  ['a negative version', btoa('{"v":"meta.k8s.io/v1","rv":-5,"start":"a"}'), 'incorrect encoded'],
  ['no start', btoa('{"v":"meta.k8s.io/v1","rv":5,"start":""}'), 'encoded start key empty'],
])('a continue token of %s is a 400', async (_what, token, text) => {
  const answer = await send(
    api,
    'GET',
    `${configMaps}?limit=1&continue=${encodeURIComponent(token)}`,
  )
  expect(answer).toMatchObject({ code: 400, value: { message: expect.stringContaining(text) } })
  expect(answer.value.message).toMatch(/^invalid continue token: /)
})

test('integers of 64 bits keep their digits, through every way in and out', async () => {
  const revisions = '/apis/apps/v1/namespaces/default/controllerrevisions'
  const big = '9007199254740993'
  const text = `{"metadata":{"name":"big"},"revision":${big},"data":{"n":-${big},"f":1.5}}`
  const created = await api.request({
    method: 'POST',
    path: revisions,
    query: new URLSearchParams(),
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(text),
  })
  expect(created.status).toBe(201)
  expect(Buffer.from(created.body as Uint8Array).toString()).toContain(`"revision":${big}`)
  const path = `${revisions}/big`
  await send(api, 'PATCH', path, { metadata: { labels: { a: 'b' } } })
  for (const accept of ['application/json', 'application/json;as=Table;v=v1;g=meta.k8s.io']) {
    const query = new URLSearchParams({ includeObject: 'Object' })
    const read = await api.request({ method: 'GET', path, query, headers: { accept } })
    const answer = Buffer.from(read.body as Uint8Array).toString()
    expect(answer).toContain(`"revision":${big}`)
    expect(answer).toContain(`"n":-${big}`)
  }
})
