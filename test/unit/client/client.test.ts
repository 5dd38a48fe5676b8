import { describe, expect, test } from 'vitest'
import type { ApiResponse } from '../../../src/api/http.ts'
import { kinds } from '../../../src/api/kinds.ts'
import { isStatusReason, StatusError, serviceUnavailable } from '../../../src/api/status.ts'
import { createClient } from '../../../src/client/client.ts'
import { createRecorder } from '../../../src/client/recorder.ts'
import { TransportError } from '../../../src/client/types.ts'
import { FakeApi } from './fakeapi.ts'
import { fakeClock } from './fakeclock.ts'

const configMap = (name: string) => ({ metadata: { name, namespace: 'default' }, data: { a: '1' } })

function setUp(retryForMs = 5_000) {
  const api = new FakeApi()
  return { api, client: createClient(api, { userAgent: 'test/1', retryForMs }) }
}

const busy = (): ApiResponse => ({
  status: 503,
  headers: { 'retry-after': '1' },
  body: Buffer.from(JSON.stringify(serviceUnavailable('no leader').status)),
})

describe('Client', () => {
  test('creates, reads, changes and deletes', async () => {
    const { api, client } = setUp()
    const created = await client.create(kinds.configMaps, configMap('a'))
    expect(created.kind).toBe('ConfigMap')
    expect(created.apiVersion).toBe('v1')
    const patched = await client.patch(kinds.configMaps, 'default', 'a', {
      type: 'merge',
      body: { data: { b: '2' } },
    })
    expect(patched.data).toEqual({ a: '1', b: '2' })
    const stale = client.update(kinds.configMaps, created)
    await expect(stale).rejects.toSatisfy(error => isStatusReason(error, 'Conflict'))
    await client.delete(kinds.configMaps, 'default', 'a', { gracePeriodSeconds: 0 })
    const gone = client.get(kinds.configMaps, 'default', 'a')
    await expect(gone).rejects.toThrow('configmaps "a" not found')
    await expect(gone).rejects.toBeInstanceOf(StatusError)
    expect(api.requests[1]!.headers['content-type']).toBe('application/merge-patch+json')
    expect(api.requests[0]!.headers['user-agent']).toBe('test/1')
  })

  test('503 with Retry-After is repeated for any verb, without it is final', async () => {
    const { api, client } = setUp()
    api.intercept.push(busy, busy)
    await client.create(kinds.configMaps, configMap('a'))
    expect(api.log).toHaveLength(3)
    api.intercept.push(() => ({ ...busy(), headers: {} }))
    await expect(client.get(kinds.configMaps, 'default', 'a')).rejects.toThrow('no leader')
  })

  test('what surely was not sent is sent again; what may have been is not', async () => {
    const { api, client } = setUp()
    const lost = (sent: boolean) => () => Promise.reject(new TransportError('lost', { sent }))
    api.intercept.push(lost(false))
    await client.create(kinds.configMaps, configMap('a'))
    api.intercept.push(lost(true))
    const unknown = client.create(kinds.configMaps, configMap('b'))
    await expect(unknown).rejects.toBeInstanceOf(TransportError)
  })

  test('a fenced client marks its writes only', async () => {
    const { api, client } = setUp()
    const fenced = client.withFence(7)
    await fenced.create(kinds.configMaps, configMap('a'))
    await fenced.get(kinds.configMaps, 'default', 'a')
    await client.create(kinds.configMaps, configMap('b'))
    const marks = api.requests.map(request => request.headers['x-quorate-fence-term'])
    expect(marks).toEqual(['7', undefined, undefined])
  })

  test('a watch gives events in order and ends with its signal', async () => {
    const { client } = setUp()
    const stop = new AbortController()
    const seen: string[] = []
    const options = { resourceVersion: '100', signal: stop.signal }
    const watching = (async () => {
      for await (const event of client.watch(kinds.configMaps, options)) {
        seen.push(`${event.type} ${event.object.metadata.name}`)
        if (event.type === 'DELETED') stop.abort()
      }
    })()
    await client.create(kinds.configMaps, configMap('a'))
    await client.delete(kinds.configMaps, 'default', 'a')
    await watching
    expect(seen).toEqual(['ADDED a', 'DELETED a'])
  })

  test('an answer that is no Status is still told', async () => {
    const { api, client } = setUp()
    api.intercept.push(() => ({ status: 502, headers: {}, body: Buffer.from('bad gateway') }))
    await expect(client.raw('/version')).rejects.toThrow('bad gateway')
  })
})

describe('EventRecorder', () => {
  test('repeats are counted in one event', async () => {
    const { api, client } = setUp()
    const clock = fakeClock()
    const recorder = createRecorder(client, { component: 'kubelet', host: 'n1' }, clock)
    const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'p', namespace: 'x', uid: 'u' } }
    recorder.event(pod, 'Normal', 'Pulled', 'there', 'spec.containers{c}')
    recorder.event(pod, 'Warning', 'BackOff', 'again')
    await recorder.flush()
    clock.advance(5_000)
    recorder.event(pod, 'Normal', 'Pulled', 'there', 'spec.containers{c}')
    await recorder.flush()
    const events = [...api.objects.values()]
    expect(events).toHaveLength(2)
    expect(events[0]).toMatchObject({
      count: 2,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:05Z',
      involvedObject: { kind: 'Pod', name: 'p', uid: 'u', fieldPath: 'spec.containers{c}' },
      source: { component: 'kubelet', host: 'n1' },
    })
  })

  test('never throws, and writes anew when the old event has expired', async () => {
    const { api, client } = setUp(0)
    const recorder = createRecorder(client, { component: 'c' })
    const node = { kind: 'Node', apiVersion: 'v1', metadata: { name: 'n1', uid: 'u' } }
    api.intercept.push(() => Promise.reject(new TransportError('down', { sent: false })))
    recorder.event(node, 'Normal', 'Starting', 'lost')
    recorder.event(node, 'Normal', 'Starting', 'kept')
    await recorder.flush()
    expect(api.objects.size).toBe(1)
    api.objects.clear()
    recorder.event(node, 'Normal', 'Starting', 'kept')
    await recorder.flush()
    expect([...api.objects.values()][0]).toMatchObject({ count: 1, involvedObject: { uid: 'n1' } })
  })
})
