import { beforeEach, describe, expect, test } from 'vitest'
import { SchedulerCache } from '../../../src/scheduler/cache.ts'
import { SchedulingQueue } from '../../../src/scheduler/queue.ts'
import { type FakeClock, fakeClock } from '../client/fakeclock.ts'
import { nodeOf, podOf, requesting } from './fixtures.ts'

describe('the queue', () => {
  let clock: FakeClock
  let queue: SchedulingQueue
  beforeEach(() => {
    clock = fakeClock()
    queue = new SchedulingQueue(clock)
  })
  const pop = async () => {
    const next = await queue.pop()
    if (!next) throw new Error('closed')
    return next
  }

  test('priority first, then age; a pod is in it once', async () => {
    for (const [name, priority] of Object.entries({ old: 0, young: 0, high: 1_000 })) {
      queue.add(name, podOf(name, { priority }))
      queue.add(name, podOf(name, { priority }))
    }
    expect(queue.lengths.active).toBe(3)
    const order = [await pop(), await pop(), await pop()].map(waiting => waiting.key)
    expect(order).toEqual(['high', 'old', 'young'])
  })

  test('the back-off doubles from 1 s to 10 s', async () => {
    queue.add('p', podOf('p'))
    for (const seconds of [1, 2, 4, 8, 10, 10]) {
      queue.retryLater(await pop())
      clock.advance(seconds * 1_000 - 1)
      expect(queue.lengths).toEqual({ active: 0, backoff: 1, unschedulable: 0 })
      clock.advance(1)
      expect(queue.lengths).toEqual({ active: 1, backoff: 0, unschedulable: 0 })
    }
  })

  test('what does not fit sleeps until something moves; its sleep counts as back-off', async () => {
    queue.add('p', podOf('p'))
    queue.retry(await pop(), queue.moves)
    clock.advance(60_000)
    expect(queue.lengths).toEqual({ active: 0, backoff: 0, unschedulable: 1 })
    queue.moveAll()
    expect(queue.lengths.active).toBe(1)
    queue.retry(await pop(), queue.moves)
    queue.moveAll()
    expect(queue.lengths.backoff).toBe(1)
  })

  test('a move during the attempt is not slept through', async () => {
    queue.add('p', podOf('p'))
    const waiting = await pop()
    const movesBefore = queue.moves
    queue.moveAll()
    queue.retry(waiting, movesBefore)
    expect(queue.lengths).toEqual({ active: 0, backoff: 1, unschedulable: 0 })
  })

  test('after five minutes it is tried whatever happened', async () => {
    queue.add('p', podOf('p'))
    queue.retry(await pop(), queue.moves)
    clock.advance(299_999)
    queue.flushOld()
    expect(queue.lengths.active).toBe(0)
    clock.advance(1)
    queue.flushOld()
    expect(queue.lengths.active).toBe(1)
  })

  test('a removed pod is nowhere, and its timer neither', async () => {
    for (const name of ['a', 'b', 'c']) queue.add(name, podOf(name))
    queue.retryLater(await pop())
    queue.retry(await pop(), queue.moves)
    for (const name of ['a', 'b', 'c']) queue.remove(name)
    expect(queue.lengths).toEqual({ active: 0, backoff: 0, unschedulable: 0 })
    expect(clock.pending).toBe(0)
  })

  test('closing ends a waiting pop, and takes nothing more', async () => {
    const waiting = queue.pop()
    queue.close()
    expect(await waiting).toBeUndefined()
    queue.add('p', podOf('p'))
    expect(queue.lengths.active).toBe(0)
  })
})

describe('the cache', () => {
  const used = (cache: SchedulerCache) =>
    Object.fromEntries(cache.nodes().map(node => [node.name, node.requested.get('cpu') ?? 0]))
  const pod = podOf('p', {}, requesting('1', '1Gi'))
  const bound = (nodeName: string) => ({ ...pod, spec: { ...pod.spec, nodeName } })
  let cache: SchedulerCache
  beforeEach(() => {
    cache = new SchedulerCache()
    cache.setNode(nodeOf('a'))
    cache.setNode(nodeOf('b'))
  })

  test('an assumed pod counts at once, and twice reserved it counts once', () => {
    cache.reserve(pod, 'a')
    cache.reserve(pod, 'a')
    expect(used(cache)).toEqual({ a: 1_000, b: 0 })
    expect(cache.isAssumed(pod.metadata.uid ?? '')).toBe(true)
  })

  test('forgotten when binding failed; forgetting again is harmless', () => {
    cache.reserve(pod, 'a')
    cache.unreserve(pod)
    cache.unreserve(pod)
    expect(used(cache)).toEqual({ a: 0, b: 0 })
  })

  test('what the API shows replaces what was assumed, also elsewhere', () => {
    cache.reserve(pod, 'a')
    cache.setPod(bound('b'))
    expect(used(cache)).toEqual({ a: 0, b: 1_000 })
    expect(cache.isAssumed(pod.metadata.uid ?? '')).toBe(false)
    cache.unreserve(pod)
    expect(used(cache)).toEqual({ a: 0, b: 1_000 })
  })

  test('pods outlive their node object: it may come back', () => {
    cache.setPod(bound('a'))
    cache.removeNode('a')
    expect(used(cache)).toEqual({ b: 0 })
    cache.setNode(nodeOf('a'))
    expect(used(cache)).toEqual({ a: 1_000, b: 0 })
    cache.removeNode('a')
    cache.removePod(pod.metadata.uid ?? '')
    cache.setNode(nodeOf('a'))
    expect(used(cache)).toEqual({ a: 0, b: 0 })
  })

  test('a pod that is seen before its node is counted when the node comes', () => {
    cache.setPod(bound('late'))
    cache.setNode(nodeOf('late'))
    expect(used(cache)).toEqual({ a: 0, b: 0, late: 1_000 })
  })
})
