import { afterAll, describe, expect, test } from 'vitest'
import { type Meta, readMeta, writeMeta } from '../../../src/etcd/bolt/format.ts'
import { openBolt } from '../../../src/etcd/bolt/read.ts'
import type { KeyedValue } from '../../../src/etcd/bolt/source.ts'
import { createPrng, type Prng } from '../../../src/kernel/prng.ts'
import { boltBytes, dump, hexOf, putFile, source, temporaryFolder } from './support.ts'

const folder = temporaryFolder()
afterAll(folder.remove)

/** Sorted entries with different keys, sizes drawn from `sizes`. */
function randomEntries(prng: Prng, count: number, keyMax: number, valueMax: number): KeyedValue[] {
  const made = new Map<string, KeyedValue>()
  while (made.size < count) {
    const key = randomBytes(prng, 1 + prng.below(keyMax))
    made.set(hexOf(key), { key, value: randomBytes(prng, prng.below(valueMax + 1)) })
  }
  return [...made.values()].sort((left, right) => Buffer.compare(left.key, right.key))
}

function randomBytes(prng: Prng, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at++) bytes[at] = prng.below(256)
  return bytes
}

const expected = (entries: readonly KeyedValue[]) =>
  entries.map(({ key, value }) => [hexOf(key), hexOf(value)])

describe('what was written is read', () => {
  test.each([
    ['no bucket', {}],
    ['an empty bucket', { empty: [] }],
    ['an inline bucket', { small: [{ key: Buffer.from('a'), value: Buffer.from('1') }] }],
  ] as [string, Record<string, KeyedValue[]>][])('%s', async (name, buckets) => {
    const sources = Object.entries(buckets).map(([bucket, entries]) => source(bucket, entries))
    const path = putFile(folder.path, name, await boltBytes(sources))
    const wanted = Object.entries(buckets).map(([bucket, entries]) => [bucket, expected(entries)])
    expect(await dump(path)).toEqual(Object.fromEntries(wanted))
  })

  const shapes = [
    { count: 300, keyMax: 20, valueMax: 60 },
    { count: 5000, keyMax: 8, valueMax: 30 },
    { count: 400, keyMax: 3000, valueMax: 10 },
    { count: 200, keyMax: 30, valueMax: 9000 },
    { count: 6, keyMax: 10, valueMax: 2_000_000 },
    { count: 40, keyMax: 32_768, valueMax: 100 },
  ]
  test.each(
    shapes.flatMap((shape, at) => [1, 2, 3].map(seed => ({ ...shape, seed: seed + 10 * at }))),
  )('seed $seed: $count entries, keys to $keyMax, values to $valueMax', async shape => {
    const prng = createPrng(shape.seed)
    const buckets: Record<string, KeyedValue[]> = {}
    for (const name of ['zz', 'a', 'm\xff', 'key']) {
      const count = name === 'key' ? shape.count : prng.below(shape.count)
      buckets[name] = randomEntries(prng, count, shape.keyMax, shape.valueMax)
    }
    const names = Object.keys(buckets)
    const sources = names.map(name => source(name, buckets[name]!, 1 + prng.below(300)))
    const path = putFile(folder.path, `seed-${shape.seed}`, await boltBytes(sources))
    const read = await dump(path)
    expect(Object.keys(read)).toEqual(['a', 'key', 'm\xff', 'zz'])
    for (const name of names) expect(read[name]).toEqual(expected(buckets[name]!))
  })

  test('thousands of buckets make a tree of their own', async () => {
    const sources = Array.from({ length: 3000 }, (_, at) => source(`bucket-${at}`, []))
    const path = putFile(folder.path, 'many', await boltBytes(sources))
    expect(Object.keys(await dump(path))).toHaveLength(3000)
  })
})

test('keys out of order are refused before a byte is written', async () => {
  const entry = (key: string) => ({ key: Buffer.from(key), value: Buffer.alloc(0) })
  await expect(boltBytes([source('x', [entry('b'), entry('a')])])).rejects.toThrow(
    'bucket x: key 61 is out of order',
  )
  await expect(boltBytes([source('x', [entry('a'), entry('a')])])).rejects.toThrow('out of order')
  await expect(boltBytes([source('x', [entry('')])])).rejects.toThrow('a key of 0 bytes')
})

test('rows that change between the passes are refused', async () => {
  const prng = createPrng(5)
  const entries = randomEntries(prng, 500, 20, 50)
  let pass = 0
  const moving = {
    ...source('moving', entries),
    slices: () => [pass++ === 0 ? entries : entries.slice(1)],
  }
  await expect(boltBytes([moving])).rejects.toThrow('no longer those that were laid out')
})

describe('damage', () => {
  async function healthy(): Promise<Buffer> {
    return boltBytes([source('key', randomEntries(createPrng(9), 2000, 17, 300))])
  }

  test('one broken meta is survived, two are not', async () => {
    const bytes = await healthy()
    bytes[16]! ^= 1
    const survived = await dump(putFile(folder.path, 'meta0', bytes))
    expect(survived.key).toHaveLength(2000)
    bytes[4096 + 60]! ^= 1
    await expect(openBolt(putFile(folder.path, 'meta01', bytes))).rejects.toThrow(
      /meta01: not a bbolt database, or both of its metas are damaged \(page 0: no magic/,
    )
  })

  test('the meta of the later transaction is in force', async () => {
    const bytes = await healthy()
    const meta = readMeta(bytes.subarray(4096, 8192)) as Meta
    writeMeta(bytes, 0, { ...meta, root: 2, transaction: 0 })
    expect((await dump(putFile(folder.path, 'older', bytes))).key).toHaveLength(2000)
    writeMeta(bytes, 0, { ...meta, root: 2, transaction: 2 })
    await expect(dump(putFile(folder.path, 'newer', bytes))).rejects.toThrow(
      'newer: page 2: a freelist page, where a branch or leaf should be',
    )
  })

  test('a file that is cut off, and one of something else', async () => {
    const bytes = await healthy()
    const cut = putFile(folder.path, 'cut', bytes.subarray(0, bytes.length - 5000))
    await expect(openBolt(cut)).rejects.toThrow(/cut: \d+ bytes, where its \d+ pages take \d+/)
    const foreign = putFile(folder.path, 'foreign', Buffer.from('SQLite format 3\0'.repeat(999)))
    await expect(openBolt(foreign)).rejects.toThrow('foreign: not a bbolt database')
    await expect(openBolt(putFile(folder.path, 'none', Buffer.alloc(0)))).rejects.toThrow('none:')
  })

  test.each(Array.from({ length: 150 }, (_, seed) => seed))(
    'seed %i: a flipped structure is named or harmless, and never hangs',
    async seed => {
      const prng = createPrng(seed)
      const bytes = await cached()
      const pages = bytes.length / 4096
      const page = 3 + prng.below(pages - 3)
      const flipped = Buffer.from(bytes)
      // Headers and elements: flips of keys and values are what the hash of a snapshot finds.
      flipped[page * 4096 + prng.below(200)]! ^= 1 << prng.below(8)
      const path = putFile(folder.path, `flip-${seed % 4}`, flipped)
      const outcome = await dump(path).catch((error: Error) => error)
      if (outcome instanceof Error) {
        expect(outcome.name).toBe('BoltDamagedError')
        expect(outcome.message).toMatch(/flip-\d: page \d+: /)
      }
    },
  )
  let bytes: Promise<Buffer> | undefined
  function cached(): Promise<Buffer> {
    bytes ??= healthy()
    return bytes
  }
})
