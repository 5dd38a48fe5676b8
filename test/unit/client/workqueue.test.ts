import { describe, expect, test } from 'vitest'
import { runWorkers, WorkQueue } from '../../../src/client/workqueue.ts'
import { fakeClock } from './fakeclock.ts'

describe('WorkQueue', () => {
  test('hands out keys in order, each once', async () => {
    const queue = new WorkQueue()
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key)
    expect(queue.length).toBe(3)
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(['a', 'b', 'c'])
  })

  test('a key added while in work comes again after done, and not before', async () => {
    const queue = new WorkQueue()
    queue.add('a')
    await queue.get()
    queue.add('a')
    queue.add('a')
    expect(queue.length).toBe(0)
    queue.done('a')
    expect(queue.length).toBe(1)
    expect(await queue.get()).toBe('a')
    queue.done('a')
    expect(queue.length).toBe(0)
  })

  test('a key given to a waiting taker counts as in work', async () => {
    const queue = new WorkQueue()
    const taken = queue.get()
    queue.add('a')
    queue.add('a')
    expect(await taken).toBe('a')
    expect(queue.length).toBe(0)
    queue.done('a')
    expect(queue.length).toBe(1)
  })

  test('the earliest of several delays holds', () => {
    const clock = fakeClock()
    const queue = new WorkQueue(clock)
    queue.addAfter('a', 100)
    queue.addAfter('a', 10)
    queue.addAfter('a', 50)
    clock.advance(9)
    expect(queue.length).toBe(0)
    clock.advance(1)
    expect(queue.length).toBe(1)
    clock.advance(200)
    expect(queue.length).toBe(1)
  })

  test('failures double from 5 ms to 1,000 s; forget starts again', async () => {
    const clock = fakeClock()
    const queue = new WorkQueue(clock)
    const delays: number[] = []
    for (let failure = 0; failure < 20; failure++) {
      queue.addRateLimited('a')
      const before = clock.now()
      clock.runNext()
      delays.push(clock.now() - before)
      queue.done((await queue.get())!)
    }
    expect(delays.slice(0, 4)).toEqual([5, 10, 20, 40])
    expect(delays.at(-1)).toBe(1_000_000)
    expect(queue.retries('a')).toBe(20)
    queue.forget('a')
    expect(queue.retries('a')).toBe(0)
  })

  test('shutDown releases takers and cancels delays', async () => {
    const clock = fakeClock()
    const queue = new WorkQueue(clock)
    const taken = queue.get()
    queue.addAfter('a', 10)
    queue.shutDown()
    expect(await taken).toBeUndefined()
    expect(await queue.get()).toBeUndefined()
    expect(clock.pending).toBe(0)
    queue.add('b')
    expect(queue.length).toBe(0)
  })

  test('runWorkers never works on one key twice at a time, and repeats what failed', async () => {
    const queue = new WorkQueue()
    const inWork = new Set<string>()
    const worked: string[] = []
    let failures = 0
    const running = runWorkers(
      queue,
      4,
      async key => {
        expect(inWork.has(key)).toBe(false)
        inWork.add(key)
        await new Promise(setImmediate)
        inWork.delete(key)
        if (key === 'bad' && failures++ < 2) throw new Error('not yet')
        worked.push(key)
        if (worked.length === 3) queue.shutDown()
      },
      () => undefined,
    )
    for (const key of ['bad', 'x', 'y', 'bad']) queue.add(key)
    await running
    expect(worked.sort()).toEqual(['bad', 'x', 'y'])
  })
})
