import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nextIncarnation } from '../../../src/store/incarnation.ts'
import { createDisk } from '../../../src/wal/disk.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'incarnation-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('every start has a higher number, also the second', () => {
  const disk = createDisk(folder)
  expect([1, 2, 3, 4, 5].map(() => nextIncarnation(disk))).toEqual([1, 2, 3, 4, 5])
})

test('a torn write leaves the number before it', () => {
  const disk = createDisk(folder)
  nextIncarnation(disk)
  nextIncarnation(disk)
  writeFileSync(join(folder, 'incarnation'), `0000000${'\x00'.repeat(9)}000000000000001\n`)
  expect(nextIncarnation(disk)).toBe(2)
})
