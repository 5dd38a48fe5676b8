import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { expect, test } from 'vitest'
import {
  type BackendRow,
  backendKeyBytes,
  keyValueBytes,
  readBackendKey,
  readKeyValue,
  writeBackendKey,
  writeKeyValue,
} from '../../../src/mvcc/kvproto.ts'
import type { Revision } from '../../../src/mvcc/types.ts'

const big = Number.MAX_SAFE_INTEGER

function row(kv: Partial<BackendRow['kv']>, sub = 0, deleted = false): BackendRow {
  const numbers = { createRevision: 2 as Revision, modRevision: 3 as Revision, version: 1 }
  return { kv: { key: 'k', value: Buffer.alloc(0), ...numbers, lease: 0, ...kv }, sub, deleted }
}

const rows: readonly (readonly [string, BackendRow])[] = [
  ['small numbers', row({})],
  ['a value', row({ value: Buffer.from('value'), lease: 127 })],
  ['two bytes of length', row({ key: 'x'.repeat(128), value: Buffer.alloc(20_000, 7) })],
  ['a binary key', row({ key: '\0\xff\x80\n' })],
  ['2^31 and above', row({ createRevision: (2 ** 31) as Revision, version: 2 ** 35 + 1 })],
  ['2^53 - 1', row({ createRevision: big as Revision, modRevision: big as Revision, lease: big })],
  ['a lease of 63 bits', row({ lease: 2n ** 63n - 1n })],
  ['a negative lease', row({ lease: -5n })],
]

test.each(rows)('%s: as protobuf has it, and back', (_name, sample) => {
  const bytes = Buffer.alloc(keyValueBytes(sample) + 9, 0xee)
  expect(writeKeyValue(sample, bytes, 4)).toBe(bytes.length - 5)
  expect(bytes.subarray(4, -5).equals(reference(sample))).toBe(true)
  const read = readKeyValue(bytes, 4, bytes.length - 5)
  expect({ ...read, value: Buffer.from(read!.value) }).toEqual(sample.kv)
  for (let end = 5; end < bytes.length - 5; end += end < 300 ? 1 : 997) {
    const cut = readKeyValue(bytes, 4, end)
    expect(cut === undefined || cut.lease !== sample.kv.lease || isPrefix(cut)).toBe(true)
  }

  /** Cut between two fields, a message is whole again. */
  function isPrefix(cut: BackendRow['kv']): boolean {
    return keyValueBytes({ ...sample, kv: cut }) < keyValueBytes(sample)
  }
})

test('a tombstone has the key alone', () => {
  const sample = row({ modRevision: 9 as Revision }, 2, true)
  const bytes = Buffer.alloc(keyValueBytes(sample))
  writeKeyValue(sample, bytes, 0)
  expect(bytes.toString('hex')).toBe('0a016b')
  expect(readKeyValue(bytes)).toMatchObject({ key: 'k', version: 0, lease: 0 })
})

test('what is no message is none; unknown fields are passed over', () => {
  const hex = (text: string) => readKeyValue(Buffer.from(text, 'hex'))
  for (const wrong of [
    '0a',
    '0a05',
    '0a056b',
    '00',
    '0a016b00',
    '0f',
    '10ffffffffffffffffffff01',
  ]) {
    expect(hex(wrong), wrong).toBeUndefined()
  }
  expect(hex('0a016b7a02ffff780571000000000000000065000000001003')).toMatchObject({
    key: 'k',
    createRevision: 3,
  })
})

test('backend keys', () => {
  const write = (sample: BackendRow) => {
    const bytes = Buffer.alloc(backendKeyBytes(sample))
    writeBackendKey(sample, bytes, 0)
    return bytes
  }
  const put = write(row({ modRevision: (2 ** 40) as Revision }, 258))
  expect(put.toString('hex')).toBe('00000100000000005f0000000000000102')
  expect(readBackendKey(put)).toEqual({ main: 2 ** 40, sub: 258, deleted: false })
  const tombstone = write(row({}, 1, true))
  expect(tombstone.toString('hex')).toBe('00000000000000035f000000000000000174')
  expect(readBackendKey(tombstone)).toEqual({ main: 3, sub: 1, deleted: true })
  for (const wrong of ['', '00'.repeat(17), `${'ff'.repeat(8)}5f${'00'.repeat(8)}`]) {
    expect(readBackendKey(Buffer.from(wrong, 'hex'))).toBeUndefined()
  }
})

function reference({ kv }: BackendRow): Buffer {
  const writer = new BinaryWriter()
  writer.tag(1, WireType.LengthDelimited).bytes(Buffer.from(kv.key, 'latin1'))
  const numbers = [kv.createRevision, kv.modRevision, kv.version]
  for (const [at, number] of numbers.entries()) {
    if (number !== 0) writer.tag(at + 2, WireType.Varint).int64(number)
  }
  if (kv.value.length > 0) writer.tag(5, WireType.LengthDelimited).bytes(kv.value)
  if (kv.lease !== 0) writer.tag(6, WireType.Varint).int64(kv.lease)
  return Buffer.from(writer.finish())
}
