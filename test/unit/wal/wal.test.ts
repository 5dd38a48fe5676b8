import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Entry } from '../../../src/raft/types.ts'
import { createDisk } from '../../../src/wal/disk.ts'
import { framedBytes, frameHeaderBytes, readFrame, sealFrame } from '../../../src/wal/frame.ts'
import {
  listSnapshots,
  readSnapshot,
  removeOldSnapshots,
  removeUnfinishedSnapshots,
  SnapshotWriter,
} from '../../../src/wal/snapshot.ts'
import { Wal, WalDamagedError } from '../../../src/wal/wal.ts'
import { until } from '../../support/until.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'quorate-wal-'))
})
// A segment may still be on its way to the disk, made ahead in the background.
afterEach(() =>
  until('the folder is removed', () => {
    rmSync(directory, { recursive: true, force: true })
    return true
  }),
)

const segmentBytes = 4096
const open = () => Wal.open(createDisk(directory), { segmentBytes })
const state = (term: number, commit = 0) => ({ term, vote: 'b', commit })
const segments = () =>
  readdirSync(directory)
    .filter(name => name.startsWith('wal-'))
    .sort()
const file = (at: number) => path.join(directory, segments().at(at)!)

function entry(index: number, term = 1, text = `entry ${index}`): Entry {
  return { index, term, kind: 'command', data: Buffer.from(text) }
}

function range(from: number, to: number, term = 1, bytes = 0): Entry[] {
  const text = 'x'.repeat(bytes)
  return Array.from({ length: to - from + 1 }, (_, at) => entry(from + at, term, text || undefined))
}

const texts = (entries: readonly Entry[]) =>
  entries.map(({ index, term, data }) => `${index}/${term} ${Buffer.from(data)}`)

test('what was appended is read again', () => {
  const { wal, recovered } = open()
  expect(recovered).toMatchObject({ entries: [], hardState: { term: 0, vote: null, commit: 0 } })
  wal.append(state(1), range(1, 3))
  wal.append(undefined, [{ ...entry(4), kind: 'noop', data: Buffer.alloc(0) }])
  wal.append(state(2, 3), [])
  wal.close()
  const again = open().recovered
  expect(texts(again.entries)).toEqual(['1/1 entry 1', '2/1 entry 2', '3/1 entry 3', '4/1 '])
  expect(again.entries[3]?.kind).toBe('noop')
  expect(again.hardState).toEqual(state(2, 3))
})

test('an entry replaces those at its index and above, also in another segment', () => {
  const { wal } = open()
  wal.append(state(1), range(1, 3, 1, 1000))
  wal.append(state(2), range(2, 4, 2, 1000))
  wal.append(state(3), [entry(3, 3, 'new')])
  wal.close()
  expect(segments().length).toBeGreaterThan(1)
  const { entries } = open().recovered
  expect(entries.map(({ index, term }) => `${index}/${term}`)).toEqual(['1/1', '2/2', '3/3'])
})

test('many entries are one fsync', () => {
  const { wal } = open()
  const before = wal.fsyncs
  wal.append(state(1), range(1, 50))
  expect(wal.fsyncs - before).toBe(1)
})

test('a batch larger than a segment gets one of its size', () => {
  const { wal } = open()
  wal.append(state(1), [entry(1, 1, 'y'.repeat(20_000))])
  wal.close()
  expect(open().recovered.entries[0]?.data).toHaveLength(20_000)
  expect(statSync(file(-1)).size).toBeGreaterThan(20_000)
})

/** The end of what is written in a segment. */
function endOf(name: string): number {
  const data = readFileSync(name)
  let end = data.length
  while (end > 0 && data[end - 1] === 0) end--
  return end
}

test.each([1, 5, 20])('a last write that is torn %i bytes short is dropped', short => {
  const { wal } = open()
  wal.append(state(1), range(1, 2))
  wal.append(undefined, [entry(3)])
  wal.close()
  const data = readFileSync(file(-1))
  data.fill(0, endOf(file(-1)) - short)
  writeFileSync(file(-1), data)
  const { wal: again, recovered } = open()
  expect(recovered.entries).toHaveLength(2)
  expect(recovered.tornBytes).toBeGreaterThan(0)
  again.append(undefined, [entry(3, 2, 'other')])
  again.close()
  expect(texts(open().recovered.entries).at(-1)).toBe('3/2 other')
})

test('a flipped bit before the last write is damage, with file and offset', () => {
  const { wal } = open()
  wal.append(state(1), range(1, 2))
  wal.append(undefined, [entry(3)])
  wal.close()
  const data = readFileSync(file(-1))
  const at = data.indexOf('entry 1')
  data[at]! ^= 4
  writeFileSync(file(-1), data)
  let thrown: unknown
  try {
    open()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(WalDamagedError)
  expect(thrown).toMatchObject({ file: segments().at(-1) })
  expect((thrown as WalDamagedError).offset).toBeLessThan(at)
})

test('a torn end in an older segment, a missing segment: damage', () => {
  const { wal } = open()
  for (let index = 1; index < 20; index++) wal.append(state(1), [entry(index, 1, 'z'.repeat(900))])
  wal.close()
  const saved = readFileSync(file(1))
  const data = Buffer.from(saved)
  data.fill(0, endOf(file(1)) - 100, endOf(file(1)) - 50)
  writeFileSync(file(1), data)
  expect(open).toThrow(/damaged at offset/)
  rmSync(file(1))
  expect(open).toThrow(/is missing/)
})

test('segments whose entries a snapshot holds are removed', async () => {
  const { wal } = open()
  for (let index = 1; index < 40; index++) wal.append(state(1), [entry(index, 1, 'z'.repeat(900))])
  const before = segments().length
  wal.compact(30)
  await until('segments are removed', () => segments().length < before)
  wal.close()
  const { entries, hardState } = open().recovered
  expect(entries[0]!.index).toBeLessThanOrEqual(31)
  expect(entries.at(-1)!.index).toBe(39)
  expect(hardState).toEqual(state(1))
})

test('a reset voids what was before it', () => {
  const { wal } = open()
  wal.append(state(1), range(1, 9))
  wal.reset(20, 3, state(3, 20))
  wal.append(undefined, [entry(21, 3)])
  wal.close()
  const { entries, reset, hardState } = open().recovered
  expect(texts(entries)).toEqual(['21/3 entry 21'])
  expect(reset).toEqual({ index: 20, term: 3 })
  expect(hardState).toEqual(state(3, 20))
})

test('snapshots: slices, the newest, unfinished and damaged ones', async () => {
  const disk = createDisk(directory)
  for (const index of [5, 12]) {
    const writer = new SnapshotWriter(disk, index, 2)
    for (const slice of ['one', 'two', '']) writer.write(Buffer.from(slice + index))
    if (index === 5) writer.finishAtOnce()
    else expect(await new Promise(resolve => writer.finish(resolve))).toBeUndefined()
  }
  new SnapshotWriter(disk, 99, 2).write(Buffer.from('unfinished'))
  expect(listSnapshots(disk).map(({ index }) => index)).toEqual([5, 12])
  removeOldSnapshots(disk)
  await disk.settle?.()
  const unfinished = () => disk.list().filter(name => name.endsWith('.tmp'))
  expect(unfinished()).toHaveLength(1)
  removeUnfinishedSnapshots(disk)
  expect(unfinished()).toHaveLength(0)
  const [{ name } = { name: '' }, ...others] = listSnapshots(disk)
  expect(others).toEqual([])
  expect([...readSnapshot(disk, name)].map(String)).toEqual(['one12', 'two12', '12'])
  const data = readFileSync(path.join(directory, name))
  writeFileSync(path.join(directory, name), data.subarray(0, data.length - 40))
  expect(() => [...readSnapshot(disk, name)]).toThrow(/damaged/)
  data[20]! ^= 1
  writeFileSync(path.join(directory, name), data)
  expect(() => [...readSnapshot(disk, name)]).toThrow(/damaged at offset 0/)
  appendFileSync(path.join(directory, 'other'), 'x')
})

// Found by the simulator, seed 654: the file ended within the padding of its last whole frame.
test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'a file cut within the padding of its last frame: %i',
  length => {
    const { wal } = open()
    wal.append(state(1), [entry(1, 1, 'x'.repeat(length))])
    wal.close()
    const segment = file(-1)
    const written = readFileSync(segment)
    let end = written.length
    while (end > 0 && written[end - 1] === 0) end--
    truncateSync(segment, end)
    const again = open()
    expect(again.recovered.entries.length).toBeLessThanOrEqual(1)
    const next = again.recovered.entries.length + 1
    again.wal.append(undefined, [entry(next, 1, 'after')])
    again.wal.close()
    expect(open().recovered.entries.at(-1)?.index).toBe(next)
  },
)

test("another segment's file in the place of the last one is damage, not a segment unborn", () => {
  const { wal } = open()
  for (let index = 1; index <= 12; index++) wal.append(state(1), range(index, index, 1, 700))
  wal.close()
  expect(segments().length).toBeGreaterThan(2)
  writeFileSync(file(-1), readFileSync(file(0)))
  expect(open).toThrow(WalDamagedError)
  expect(open).toThrow(/wal-\d+\.log is damaged at offset 0: no frame can be read/)
})

const u48 = [1, 0, 0, 0, 0, 0]
test.each([
  ['an unknown record', [9]],
  ['an unknown record', [9, ...u48, ...u48, 0, 0]],
  ['an entry of an unknown kind', [1, 9, ...u48, ...u48, 0, 0, 0, 0]],
  ['a record is longer than its frame', [1, 1, ...u48, ...u48, 255, 255, 255, 255]],
  ['a record is longer than its frame', [2, ...u48, ...u48, 200, 0, 65]],
  ['outside buffer bounds', [3, 1]],
])('%s under a checksum that is right is damage', (text, bytes) => {
  const { wal } = open()
  wal.append(state(1), range(1, 2))
  wal.close()
  const data = readFileSync(file(0))
  const frame = Buffer.alloc(framedBytes(bytes.length))
  frame.set(bytes, frameHeaderBytes)
  sealFrame(frame, bytes.length, 2, 1)
  data.set(frame, findEnd(data))
  writeFileSync(file(0), data)
  expect(open).toThrow(WalDamagedError)
  expect(open).toThrow(text)
})

/** Where the next frame goes: frames 0 and 1 are the head, and the entries. */
function findEnd(data: Buffer): number {
  const head = framedBytes(readFrame(data, 0, 0, 1)!.length)
  return head + framedBytes(readFrame(data, head, 1, 1)!.length)
}
