import { expect, test } from 'vitest'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createPrng } from '../../../src/kernel/prng.ts'
import { inRange } from '../../../src/mvcc/check.ts'
import { Mvcc } from '../../../src/mvcc/mvcc.ts'
import type { Op } from '../../../src/mvcc/types.ts'
import { Watchers } from '../../../src/store/watchers.ts'

const keyOf = (n: number) => `k${String(n).padStart(3, '0')}`

test.each([1, 2, 3])('each watch hears of all of its changes, in order, seed %i', seed => {
  const prng = createPrng(seed)
  const mvcc = new Mvcc()
  const later: (() => void)[] = []
  const watchers = new Watchers(
    () => mvcc,
    callback => later.push(callback),
    silentLogger,
  )
  const written: { readonly key: string; readonly mod: number }[] = []
  const watches: { key: string; rangeEnd?: string; from: number; heard: string[]; to: number }[] =
    []
  const begin = () => {
    const key = keyOf(prng.below(100))
    const rangeEnd = prng.chance(0.5) ? keyOf(50 + prng.below(60)) : undefined
    const past = prng.chance(0.5)
    const from = past ? Math.max(mvcc.floor, mvcc.revision - 20) : mvcc.revision + 1
    const watch = { key, rangeEnd, from, heard: [] as string[], to: from - 1 }
    watches.push(watch)
    watchers.add(
      { key, rangeEnd, startRevision: past ? from : undefined },
      {
        onBatch({ revision, events }) {
          watch.heard.push(...events.map(({ kv }) => `${kv.key}@${kv.modRevision}`))
          watch.to = Math.max(watch.to, revision)
        },
        onEnd: failure => expect(failure).toBeUndefined(),
      },
    )
  }
  for (let step = 0; step < 600; step++) {
    if (prng.chance(0.2)) begin()
    const puts = 1 + prng.below(3)
    for (let n = 0; n < puts; n++) {
      const op: Op = { type: 'put', key: keyOf(prng.below(110)), value: Buffer.from('v') }
      mvcc.txn({ compares: [], success: [op], failure: [] })
      written.push({ key: op.key, mod: mvcc.revision })
    }
    if (prng.chance(0.7)) watchers.flush()
    if (prng.chance(0.3)) later.shift()?.()
  }
  watchers.flush()
  for (let next = later.shift(); next !== undefined; next = later.shift()) next()
  for (const { key, rangeEnd, from, heard, to } of watches) {
    const wanted = written.filter(w => w.mod >= from && inRange(w.key, key, rangeEnd))
    expect(heard).toEqual(wanted.map(w => `${w.key}@${w.mod}`))
    expect(to).toBe(mvcc.revision)
  }
})

test('watches of one request are counted and cancelled one by one', () => {
  const mvcc = new Mvcc()
  const watchers = new Watchers(() => mvcc, queueMicrotask, silentLogger)
  const heard = [0, 0]
  const [first] = heard.map((_, n) =>
    watchers.add(
      { key: 'a' },
      {
        onBatch: ({ events }) => {
          heard[n]! += events.length
        },
        onEnd() {},
      },
    ),
  )
  const put: Op = { type: 'put', key: 'a', value: Buffer.from('v') }
  mvcc.txn({ compares: [], success: [put], failure: [] })
  watchers.flush()
  first!.cancel()
  first!.cancel()
  mvcc.txn({ compares: [], success: [put], failure: [] })
  watchers.flush()
  expect(heard).toEqual([1, 2])
  expect(watchers.size).toBe(1)
})

test('a watch whose handler throws ends alone', () => {
  const mvcc = new Mvcc()
  const watchers = new Watchers(() => mvcc, queueMicrotask, silentLogger)
  const ended: string[] = []
  let heard = 0
  for (const isBroken of [true, false]) {
    watchers.add(
      { key: 'a' },
      {
        onBatch: ({ events }) => {
          if (isBroken) throw new Error('no JSON')
          heard += events.length
        },
        onEnd: ({ message }) => {
          ended.push(message)
          throw new Error('neither')
        },
      },
    )
  }
  const put: Op = { type: 'put', key: 'a', value: Buffer.from('v') }
  for (let n = 0; n < 2; n++) {
    mvcc.txn({ compares: [], success: [put], failure: [] })
    watchers.flush()
  }
  expect(heard).toBe(2)
  expect(ended).toEqual(['the watch has failed'])
  expect(watchers.size).toBe(1)
  watchers.endAll('stopped')
  expect(ended).toEqual(['the watch has failed', 'stopped'])
})

test('many watches that are behind share the turns, and miss nothing', () => {
  const mvcc = new Mvcc()
  const later: (() => void)[] = []
  const watchers = new Watchers(
    () => mvcc,
    callback => later.push(callback),
    silentLogger,
  )
  const write = (key: string) => {
    const op: Op = { type: 'put', key, value: Buffer.from('v') }
    mvcc.txn({ compares: [], success: [op], failure: [] })
  }
  for (let n = 0; n < 3_000; n++) write(keyOf(n % 200))
  let inTurn = 0
  const heard = Array.from({ length: 500 }, () => [] as number[])
  for (const [n, own] of heard.entries()) {
    // Half of them want a key that is hardly ever written: looking for it costs as well.
    const key = n % 2 === 0 ? { key: 'k', rangeEnd: 'l' } : { key: keyOf(n % 200) }
    const request = { ...key, startRevision: 2 + n }
    const onBatch = ({ events }: { events: readonly { kv: { modRevision: number } }[] }) => {
      inTurn += 1 + events.length
      own.push(...events.map(({ kv }) => kv.modRevision))
    }
    watchers.add(request, { onBatch, onEnd: failure => expect(failure).toBeUndefined() })
  }
  let turns = 0
  for (let next = later.shift(); next !== undefined; next = later.shift()) {
    inTurn = 0
    if (turns++ % 50 === 0) write('k000')
    next()
    // Those that have caught up hear of a turn's end as well.
    expect(inTurn).toBeLessThan(2_000)
  }
  expect(turns).toBeGreaterThan(100)
  const all = mvcc.events({ key: 'k', rangeEnd: 'l', from: 0, eventsMax: 1e6, bytesMax: 1e9 })
  if (!all.ok) throw new Error(all.message)
  for (const [n, own] of heard.entries()) {
    const wanted = all.events.filter(({ kv }) => {
      return kv.modRevision >= 2 + n && (n % 2 === 0 || kv.key === keyOf(n % 200))
    })
    expect(own).toEqual(wanted.map(({ kv }) => kv.modRevision))
  }
})
