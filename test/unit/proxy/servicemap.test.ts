import { describe, expect, test } from 'vitest'
import type { EndpointSlice, Service } from '../../../src/api/objects.ts'
import { Balancer } from '../../../src/proxy/balancer.ts'
import { buildServiceMap, desiredListeners, diffListeners } from '../../../src/proxy/servicemap.ts'
import { fakeClock } from '../client/fakeclock.ts'

const service = (name: string, spec: Partial<Service['spec']>): Service => ({
  metadata: { name, namespace: 'default' },
  spec: { clusterIP: '127.1.0.1', ports: [{ port: 80 }], ...spec },
})
const slice = (
  name: string,
  endpoints: EndpointSlice['endpoints'],
  port = 8080,
): EndpointSlice => ({
  metadata: {
    name: `${name}-x`,
    namespace: 'default',
    labels: { 'kubernetes.io/service-name': name },
  },
  addressType: 'IPv4',
  endpoints,
  ports: [{ name: '', port, protocol: 'TCP' }],
})
const nodes = [
  { name: 'n1', address: '127.2.0.1' },
  { name: 'n2', address: '127.2.0.2' },
]

describe('service map', () => {
  test('has ready endpoints only, in a stable order, each once', () => {
    const slices = [
      slice('web', [
        { addresses: ['127.3.0.9'] },
        { addresses: ['127.3.0.2'], conditions: { ready: true } },
        { addresses: ['127.3.0.3'], conditions: { ready: false } },
        { addresses: ['127.3.0.4'], conditions: { ready: true, terminating: true } },
      ]),
      slice('web', [{ addresses: ['127.3.0.2'] }]),
      slice('other', [{ addresses: ['127.3.0.5'] }]),
    ]
    const entry = buildServiceMap([service('web', {})], slices).get('TCP default/web:')
    expect(entry?.backends.map(each => `${each.ip}:${each.port}`)).toEqual([
      '127.3.0.2:8080',
      '127.3.0.9:8080',
    ])
  })

  test('leaves out headless and external services, and joins ports by name', () => {
    const ports = [
      { name: 'a', port: 1 },
      { name: 'b', port: 2, protocol: 'UDP' as const },
    ]
    const services = [
      service('headless', { clusterIP: 'None' }),
      service('external', { type: 'ExternalName', externalName: 'x' }),
      service('two', { ports }),
    ]
    const two = slice('two', [{ addresses: ['127.3.0.2'] }])
    two.ports = [{ name: 'b', port: 53, protocol: 'UDP' }]
    const map = buildServiceMap(services, [two])
    expect([...map.keys()]).toEqual(['TCP default/two:a', 'UDP default/two:b'])
    expect(map.get('TCP default/two:a')?.backends).toEqual([])
    expect(map.get('UDP default/two:b')?.backends[0]?.port).toBe(53)
  })

  test('node ports listen on each node, never on every address; the difference is exact', () => {
    const spec = { type: 'NodePort' as const, ports: [{ port: 80, nodePort: 30080 }] }
    const before = desiredListeners(buildServiceMap([service('web', spec)], []), nodes)
    expect([...before.keys()]).toEqual([
      'TCP 127.1.0.1:80',
      'TCP 127.2.0.1:30080',
      'TCP 127.2.0.2:30080',
    ])
    const after = desiredListeners(buildServiceMap([service('web', {})], []), nodes)
    const diff = diffListeners(before, after)
    expect(diff.open).toEqual([])
    expect(diff.close.map(each => each.id)).toEqual(['TCP 127.2.0.1:30080', 'TCP 127.2.0.2:30080'])
  })

  test('round robin; affinity keeps a client until it expires or its endpoint goes', () => {
    const clock = fakeClock()
    const endpoints = ['127.3.0.2', '127.3.0.3', '127.3.0.4'].map(ip => ({ addresses: [ip] }))
    const entryOf = (spec: Partial<Service['spec']>, count = 3) =>
      buildServiceMap([service('web', spec)], [slice('web', endpoints.slice(0, count))]).get(
        'TCP default/web:',
      )!
    const first = (balancer: Balancer, entry = entryOf({})) =>
      balancer.order(entry, 'c', undefined)[0]!
    const plain = new Balancer(clock)
    const seen = [first(plain).ip, first(plain).ip, first(plain).ip]
    expect(new Set(seen).size).toBe(3)

    const sessionAffinityConfig = { clientIP: { timeoutSeconds: 10 } }
    const sticky = { sessionAffinity: 'ClientIP' as const, sessionAffinityConfig }
    const balancer = new Balancer(clock)
    const entry = entryOf(sticky)
    const own = balancer.order(entry, 'c', undefined)[2]!
    balancer.connected(entry, 'c', own)
    expect(first(balancer, entry)).toEqual(own)
    expect(first(balancer, entry)).toEqual(own)
    expect(first(balancer, entryOf(sticky, 1)).ip).toBe('127.3.0.2')
    clock.advance(11_000)
    expect(new Set([1, 2, 3].map(() => first(balancer, entry).ip)).size).toBe(3)
  })

  test('a Local external policy keeps node ports to endpoints of that node', () => {
    const spec = { externalTrafficPolicy: 'Local' as const }
    const endpoints = [
      { addresses: ['127.3.0.2'], nodeName: 'n1' },
      { addresses: ['127.3.0.3'], nodeName: 'n2' },
    ]
    const map = buildServiceMap([service('web', spec)], [slice('web', endpoints)])
    const entry = map.get('TCP default/web:')!
    const balancer = new Balancer(fakeClock())
    expect(balancer.order(entry, 'c', 'n2').map(each => each.ip)).toEqual(['127.3.0.3'])
    expect(balancer.order(entry, 'c', 'n3')).toEqual([])
    expect(balancer.order(entry, 'c', undefined)).toHaveLength(2)
  })
})
