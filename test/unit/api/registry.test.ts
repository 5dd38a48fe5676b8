import { expect, test } from 'vitest'
import { toServed, toStored } from '../../../src/api/resources/convert.ts'
import { events } from '../../../src/api/resources/core.ts'
import { ResourceRegistry } from '../../../src/api/resources/registry.ts'
import { row } from '../../../src/api/resources/row.ts'

const widgets = row('example.com/v1', {
  ...{ resource: 'widgets', kind: 'Widget', prefix: 'example.com/widgets' },
  alsoServed: [{ group: 'example.com', version: 'v1beta1' }],
})

test('a row that comes is served in all its versions, and not any more when it goes', () => {
  const registry = new ResourceRegistry()
  const heard: string[] = []
  const stop = registry.onChange(({ resource }, isThere) => heard.push(`${resource} ${isThere}`))
  const before = registry.generation
  registry.add(widgets)
  expect(registry.find('example.com', 'v1', 'widgets')?.row).toBe(widgets)
  expect(registry.find('example.com', 'v1beta1', 'widgets')?.served.version).toBe('v1beta1')
  expect(registry.groupVersions().get('example.com')).toEqual(['v1', 'v1beta1'])
  expect(registry.servedIn('example.com', 'v1beta1').map(({ row }) => row)).toEqual([widgets])
  expect(registry.generation).not.toBe(before)
  registry.remove(widgets)
  stop()
  registry.add(widgets)
  expect(heard).toEqual(['widgets true', 'widgets false'])
})

test.each([
  ['a path that is served', row('example.com/v1', { resource: 'widgets', kind: 'Other' })],
  ['the place of another resource', row('a.b/v1', { resource: 'x', kind: 'X', prefix: 'pods' })],
  ['a part of it', row('a.b/v1', { resource: 'x', kind: 'X', prefix: 'services/specs/x' })],
  ['all of it', row('a.b/v1', { resource: 'x', kind: 'X', prefix: 'services' })],
])('no row takes %s', (_what, other) => {
  const registry = new ResourceRegistry()
  registry.add(widgets)
  expect(() => registry.add(other)).toThrow()
  expect(registry.rows).not.toContain(other)
})

test('an event has two versions, and loses nothing between them', () => {
  const [served] = events.alsoServed
  const stored = {
    ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' } },
    involvedObject: { kind: 'Pod', name: 'p' },
    ...{ message: 'm', reason: 'r', type: 'Normal', count: 2, source: { component: 'c' } },
    ...{ firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:00:01Z' },
    ...{ reportingComponent: 'x', reportingInstance: 'y', action: 'a' },
  }
  const asked = toServed(served!, structuredClone(stored))
  expect(asked).toMatchObject({
    ...{ apiVersion: 'events.k8s.io/v1', regarding: { name: 'p' }, note: 'm', deprecatedCount: 2 },
    reportingController: 'x',
  })
  expect(asked).not.toHaveProperty('message')
  expect(toStored(events, served!, asked)).toEqual(stored)
})
