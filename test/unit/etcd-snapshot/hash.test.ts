import { describe, expect, test } from 'vitest'
import { createPrng } from '../../../src/kernel/prng.ts'
import { crc32c } from '../../../src/mvcc/crc32c.ts'
import { hashKvOf } from '../../../src/mvcc/hashkv.ts'
import {
  backendKeyBytes,
  keyValueBytes,
  writeBackendKey,
  writeKeyValue,
} from '../../../src/mvcc/kvproto.ts'
import type { RevisionRow } from '../../../src/mvcc/types.ts'
import { Model, randomWorkload } from './model.ts'

describe('crc32c', () => {
  // Source: RFC 3720 B.4, and the check value of the catalogue of CRCs.
  test.each([
    ['123456789', Buffer.from('123456789'), 0xe3069283],
    ['nothing', Buffer.alloc(0), 0],
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['ascending', Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e],
  ])('%s', (_name, bytes, wanted) => {
    expect(crc32c(bytes)).toBe(wanted)
  })

  test('any length, place and division gives the sum of the slow way', () => {
    const prng = createPrng(3)
    const bytes = Buffer.from(Array.from({ length: 400 }, () => prng.below(256)))
    for (let round = 0; round < 500; round++) {
      const from = prng.below(100)
      const end = from + prng.below(300)
      const cut = from + prng.below(end - from + 1)
      const whole = slow(bytes.subarray(from, end))
      expect(crc32c(bytes.subarray(from, end))).toBe(whole)
      expect(crc32c(bytes.subarray(cut, end), crc32c(bytes.subarray(from, cut)))).toBe(whole)
    }
  })

  function slow(bytes: Buffer): number {
    let sum = 0xffffffff
    for (const byte of bytes) {
      sum ^= byte
      for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1
    }
    return ~sum >>> 0
  }
})

describe('HashKV', () => {
  const slices = (rows: readonly RevisionRow[]) =>
    async function* () {
      for (let at = 0; at < rows.length; at += 50) yield rows.slice(at, at + 50)
    }

  /** The rule as it is written down: keep what is in force at the revision, or all if nothing is. */
  function slow(model: Model, revision: number): number {
    const kept = new Set(model.at(revision).map(kv => `${kv.key} ${kv.modRevision}`))
    const parts = [Buffer.from('key')]
    for (const row of model.rows) {
      const { key, modRevision } = row.kv
      if (modRevision > revision) break
      const old = modRevision <= model.compactRevision
      if (old && (row.deleted || (kept.size > 0 && !kept.has(`${key} ${modRevision}`)))) continue
      const bytes = Buffer.alloc(backendKeyBytes(row) + keyValueBytes(row))
      writeKeyValue(row, bytes, writeBackendKey(row, bytes, 0))
      parts.push(bytes)
    }
    return crc32c(Buffer.concat(parts))
  }

  test.each(Array.from({ length: 12 }, (_, seed) => seed))('seed %i', async seed => {
    const prng = createPrng(seed)
    const model = new Model()
    randomWorkload(model, prng, 200, 40)
    if (seed % 3 > 0) model.compact(50 + prng.below(100))
    if (seed % 3 > 1) randomWorkload(model, prng, 100, 40)
    if (seed % 4 === 0) model.txn(model.liveKeys().map(key => ({ key })))
    const { compactRevision } = model
    for (const back of [0, 1, 5, 30]) {
      const revision = model.revision - back
      const found = await hashKvOf(slices(model.rows), { revision, compactRevision })
      expect(found, `at ${revision}`).toBe(slow(model, revision))
    }
  })

  test('a tombstone at the compaction does not count: old members have removed it', async () => {
    const model = new Model()
    model.txn([
      { key: 'a', value: Buffer.from('1') },
      { key: 'b', value: Buffer.from('2') },
    ])
    model.txn([{ key: 'a' }])
    model.compact(3)
    expect(model.rows.map(row => row.deleted)).toEqual([false, true])
    const span = { revision: 3, compactRevision: 3 }
    const without = await hashKvOf(slices(model.rows.slice(0, 1)), span)
    expect(await hashKvOf(slices(model.rows), span)).toBe(without)
  })
})
