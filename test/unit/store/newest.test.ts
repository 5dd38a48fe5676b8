import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Machine } from '../../../src/store/machine.ts'
import { checkLog, readNewest } from '../../../src/store/newest.ts'
import { packSnapshot } from '../../../src/store/snapshots.ts'
import { createDisk } from '../../../src/wal/disk.ts'
import { SnapshotWriter } from '../../../src/wal/snapshot.ts'
import { type Recovered, WalDamagedError } from '../../../src/wal/wal.ts'

const membership = { voters: ['a'], learners: [] }
const pointAt = (index: number) => ({ index, term: 1, membership })
const entry = (index: number) =>
  ({ index, term: 1, kind: 'command', data: Buffer.from('x') }) as const
const recovered = (from: number, to: number, commit: number): Recovered => ({
  hardState: { term: 1, vote: null, commit },
  entries: Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => entry(from + at)),
  tornBytes: 0,
  end: { file: 'wal-000000000007.log', offset: 64 },
})

test('a log that goes on where its snapshot ends', () => {
  expect(() => checkLog(pointAt(0), recovered(1, 0, 0))).not.toThrow()
  expect(() => checkLog(pointAt(9), recovered(5, 12, 12))).not.toThrow()
  expect(() => checkLog(pointAt(9), recovered(1, 0, 9))).not.toThrow()
})

test('what was committed is gone: the snapshot, or the end of the log', () => {
  const text = 'wal-000000000007.log is damaged at offset 64: it ends with entry'
  expect(() => checkLog(pointAt(0), recovered(1, 0, 9))).toThrow(text)
  expect(() => checkLog(pointAt(9), recovered(8, 10, 11))).toThrow(text)
  expect(() => checkLog(pointAt(5), recovered(7, 9, 8))).toThrow(WalDamagedError)
})

test('a snapshot whose slices are no state is damage with file and offset', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-newest-'))
  const slices = [...packSnapshot(pointAt(7), new Machine())]
  const odd = [...slices.slice(0, 1), Buffer.of(0xc1), Buffer.from('no slice'), Buffer.of(0x91, 1)]
  try {
    for (const [n, wrong] of odd.slice(1).entries()) {
      const disk = createDisk(directory)
      const writer = new SnapshotWriter(disk, 7 + n, 1)
      writer.write(slices[0]!)
      writer.write(wrong)
      writer.finishAtOnce()
      expect(() => readNewest(disk)).toThrow(/snapshot-\S+ is damaged at offset [1-9]\d*: /)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})
