import { expect, test } from 'vitest'
import { ResourceRegistry } from '../../src/api/resources/registry.ts'
import { row, statusOf } from '../../src/api/resources/row.ts'
import { until } from '../support/until.ts'
import { send, watch } from './requests.ts'
import { clusterForAll } from './support.ts'

/** What clients see of resources that have several versions, or come and go. */
const resources = new ResourceRegistry()
const api = clusterForAll({ resources })

const core = '/api/v1/namespaces/default/events'
const grouped = '/apis/events.k8s.io/v1/namespaces/default/events'
const eventTime = '2026-01-01T00:00:00.000000Z'
const event = (name: string, more: object = {}) => ({
  ...{ metadata: { name }, eventTime, regarding: { kind: 'Pod', name: 'p', namespace: 'default' } },
  ...{ reportingController: 'example.com/c', reportingInstance: 'i', action: 'a', reason: 'r' },
  ...{ type: 'Normal', note: 'hello', ...more },
})

test('an object is one, in whatever version it is written, read, patched and watched', async () => {
  expect(await send(api, 'POST', grouped, event('one'))).toMatchObject({
    ...{ code: 201, value: { apiVersion: 'events.k8s.io/v1', kind: 'Event', note: 'hello' } },
  })
  const { value } = await send(api, 'GET', `${core}/one`)
  expect(value).toMatchObject({ apiVersion: 'v1', message: 'hello', involvedObject: { name: 'p' } })
  const series = { count: 2, lastObservedTime: eventTime }
  const merge = { 'content-type': 'application/merge-patch+json' }
  const patched = await send(api, 'PATCH', `${grouped}/one`, { series }, merge)
  expect(patched).toMatchObject({ code: 200, value: { note: 'hello', series } })
  expect((await send(api, 'GET', core)).value.items[0]).toMatchObject({ message: 'hello', series })
  expect((await send(api, 'GET', grouped)).value).toMatchObject({
    ...{ apiVersion: 'events.k8s.io/v1', kind: 'EventList' },
    items: [{ note: 'hello', regarding: { name: 'p' } }],
  })
  for (const [path, apiVersion] of [
    [core, 'v1'],
    [grouped, 'events.k8s.io/v1'],
  ] as const) {
    const watching = await watch(api, `${path}?resourceVersion=0`)
    expect(await watching.take(1)).toMatchObject([{ type: 'ADDED', object: { apiVersion } }])
    watching.stop()
  }
})

// Source: pkg/apis/core/validation/events.go.
test.each([
  [{ eventTime: undefined }, 'eventTime: Required value'],
  [{ type: 'Odd' }, 'type: Invalid value: "": has invalid value: Odd'],
  [{ deprecatedCount: 1 }, 'count: Invalid value: "": needs to be unset'],
  [{ series: { count: 1 } }, 'series.count: Invalid value: "": should be at least 2'],
  [{ action: '' }, 'action: Required value'],
  [{ note: 'x'.repeat(1025) }, 'message: Invalid value: "": can have at most 1024 characters'],
])('the rules of the version that is asked for hold: %j', async (more, text) => {
  const answer = await send(api, 'POST', `${grouped}?dryRun=All`, event('wrong', more))
  expect(answer.code).toBe(422)
  expect(answer.value.message).toContain(text)
})

test('who asks for a group is told of that group', async () => {
  expect((await send(api, 'GET', `${grouped}/nothing`)).value).toMatchObject({
    message: 'events.events.k8s.io "nothing" not found',
    details: { group: 'events.k8s.io', kind: 'events' },
  })
  await send(api, 'POST', grouped, event('twice'))
  expect((await send(api, 'POST', grouped, event('twice'))).value.message).toBe(
    'events.events.k8s.io "twice" already exists',
  )
  const stale = { ...event('twice'), metadata: { name: 'twice', resourceVersion: '1' } }
  expect((await send(api, 'PUT', `${grouped}/twice`, stale)).value.message).toContain(
    'Operation cannot be fulfilled on events.events.k8s.io "twice": the object has been modified',
  )
  expect((await send(api, 'GET', `${core}/nothing`)).value.message).toBe(
    'events "nothing" not found',
  )
})

test('by events.k8s.io/v1 an event does not change what it says, by v1 it may', async () => {
  await send(api, 'POST', grouped, event('fixed'))
  const merge = { 'content-type': 'application/merge-patch+json' }
  const refused = await send(api, 'PATCH', `${grouped}/fixed`, { note: 'else' }, merge)
  expect(refused.value.message).toContain('message: Invalid value: "else": field is immutable')
  const taken = await send(api, 'PATCH', `${core}/fixed`, { message: 'else' }, merge)
  expect(taken).toMatchObject({ code: 200, value: { message: 'else' } })
})

/** A path that leads nowhere is answered by a text. */
async function codeOf(path: string): Promise<number> {
  const query = new URLSearchParams()
  return (await api.request({ method: 'GET', path, query, headers: {} })).status
}

/** A kind is a row: nothing else in the program knows of it. */
const widgets = row('example.com/v1', {
  ...{ resource: 'widgets', kind: 'Widget', prefix: 'example.com/widgets', shortNames: ['wi'] },
  ...{ status: true, generation: true, subresources: [statusOf('Widget')] },
  alsoServed: [{ group: 'example.com', version: 'v1beta1' }],
})

test('a kind that comes while the server runs is served by its row alone, until it goes', async () => {
  const path = '/apis/example.com/v1/namespaces/default/widgets'
  expect(await codeOf(path)).toBe(404)
  const etag = (await send(api, 'GET', '/openapi/v3')).value
  resources.add(widgets)
  const body = { metadata: { name: 'w' }, spec: { size: 1 }, status: { ignored: true } }
  const created = await send(api, 'POST', path, body)
  expect(created).toMatchObject({ code: 201, value: { metadata: { generation: 1 } } })
  const status = { ...created.value, spec: { size: 7 }, status: { ok: true } }
  const put = await send(api, 'PUT', `${path}/w/status`, status)
  expect(put.value).toMatchObject({ spec: { size: 1 }, status: { ok: true } })
  const older = (await send(api, 'GET', path.replace('v1', 'v1beta1'))).value
  expect(older).toMatchObject({ apiVersion: 'example.com/v1beta1', items: [{ spec: { size: 1 } }] })
  // The type of its items is the list's to say.
  expect(older.items[0]).not.toHaveProperty('apiVersion')
  const { value } = await send(api, 'GET', `${path.replace('v1', 'v1beta1')}/w`)
  expect(value).toMatchObject({ apiVersion: 'example.com/v1beta1', kind: 'Widget' })
  const discovered = await send(api, 'GET', '/apis/example.com/v1')
  expect(discovered.value.resources.map((one: { name: string }) => one.name)).toEqual([
    ...['widgets', 'widgets/status'],
  ])
  expect((await send(api, 'GET', '/apis')).value.groups).toContainEqual(
    expect.objectContaining({ name: 'example.com' }),
  )
  const documents = (await send(api, 'GET', '/openapi/v3')).value
  expect(Object.keys(documents.paths)).toContain('apis/example.com/v1')
  expect(Object.keys(etag.paths)).not.toContain('apis/example.com/v1')
  const watching = await watch(api, path)
  expect(await watching.take(1)).toMatchObject([{ type: 'ADDED' }])
  resources.remove(widgets)
  await until('the watch ends with its resource', () => watching.ended())
  expect(await codeOf(`${path}/w`)).toBe(404)
})
