import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { Mvcc } from '../../../src/mvcc/mvcc.ts'
import type { EntryNotAppliedError } from '../../../src/store/not-applied.ts'
import { readStoppedStore } from '../../../src/store/stopped.ts'
import { put, TestCluster, until } from './cluster.ts'

let cluster: TestCluster | undefined
const folders: string[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  await cluster?.close()
  cluster = undefined
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'quorate-stopped-'))
  folders.push(made)
  return made
}

/** A write of this key can't be applied: by whichever member, and whenever. */
function breakOn(key: string): void {
  const { txnSteps } = Mvcc.prototype
  vi.spyOn(Mvcc.prototype, 'txnSteps').mockImplementation(function* (this: Mvcc, request) {
    const op = request.success.at(-1)
    if (op?.type !== 'put' || op.key !== key) return yield* txnSteps.call(this, request)
    // Half of it is done before it throws.
    yield* txnSteps.call(this, { ...request, success: request.success.slice(0, -1) })
    throw new Error('an invariant is broken')
  })
}

function filesOf(directory: string): Record<string, string> {
  const names = readdirSync(directory).sort()
  return Object.fromEntries(names.map(name => [name, readFileSync(join(directory, name), 'hex')]))
}

test('an entry that can not be applied is named, at each start, and has a way out', async () => {
  const dataDir = folder()
  const failures: EntryNotAppliedError[] = []
  const onNotApplied = (error: EntryNotAppliedError) => failures.push(error)
  cluster = new TestCluster(['a'], { dataDir, snapshotEveryEntries: 40, onNotApplied })
  const replica = await cluster.open('a')
  await cluster.leader()
  for (let n = 0; n < 100; n++) expect(await replica.txn(put(`k${n}`))).toMatchObject({ ok: true })
  await replica.compact(50)
  const { revision } = replica.machine.mvcc
  const { index } = replica.appliedPoint
  breakOn('poison')
  const request = put('poison')
  const half = { ...request.success[0]!, key: 'half' } as (typeof request.success)[0]
  const lost = replica.txn({ ...request, success: [half, ...request.success] })
  await until('the failure', () => failures.length === 1)
  expect(failures[0]).toMatchObject({ index: index + 1 })
  expect(failures[0]!.message).toBe(
    `entry ${index + 1} of term ${failures[0]!.term} can not be applied: an invariant is broken`,
  )
  expect(await lost).toMatchObject({ ok: false })
  await cluster.stop('a')
  await cluster.open('a')
  await until('the same failure', () => failures.length === 2)
  expect(failures[1]).toMatchObject({ index: index + 1 })
  await cluster.stop('a')

  const before = filesOf(dataDir)
  const store = readStoppedStore(dataDir)
  expect(filesOf(dataDir)).toEqual(before)
  expect(store).toMatchObject({ appliedIndex: index, failure: { index: index + 1 } })
  expect(store.machine.mvcc.revision).toBe(revision)
  const all = store.machine.mvcc.range({ type: 'range', key: '\0', rangeEnd: '\0' })
  expect(all).toMatchObject({ range: { count: 100 } })
  vi.restoreAllMocks()
  const mended = readStoppedStore(dataDir)
  expect(mended).toMatchObject({ failure: undefined })
  expect(mended.lastIndex).toBeGreaterThan(index)
  expect(mended.machine.mvcc.revision).toBe(revision + 1)
})

test('the state on the disk of a stopped member is the one that it had', async () => {
  const dataDir = folder()
  cluster = new TestCluster(['a'], { dataDir, snapshotEveryEntries: 30 })
  const replica = await cluster.open('a')
  await cluster.leader()
  await until('its record', () => replica.members()[0]?.name === 'a')
  for (let n = 0; n < 95; n++) await replica.txn(put(`k${n % 9}`, n % 3 === 0 ? '' : `${n}`))
  // Above the last snapshot: whether it is there depends on the log.
  const joiner = { id: 'b', peerUrls: ['https://127.0.0.1:1'], isLearner: true }
  expect(await replica.memberAdd(joiner)).toMatchObject({ ok: true })
  const hash = replica.machine.hash()
  const { index } = replica.appliedPoint
  await cluster.stop('a')
  const copy = join(folder(), 'store')
  cpSync(dataDir, copy, { recursive: true })
  const store = readStoppedStore(copy)
  expect(store.machine.hash()).toBe(hash)
  expect(store).toMatchObject({ appliedIndex: index, lastIndex: index, failure: undefined })
  expect(store.members).toMatchObject([
    { id: 'a', name: 'a', isLearner: false },
    { id: 'b', isLearner: true },
  ])
})

test('a folder without a store, or without its snapshot, is refused', async () => {
  const dataDir = folder()
  expect(() => readStoppedStore(join(dataDir, 'none'))).toThrow('ENOENT')
  cluster = new TestCluster(['a'], { dataDir, snapshotEveryEntries: 20, walSegmentBytes: 1_024 })
  const replica = await cluster.open('a')
  await cluster.leader()
  for (let n = 0; n < 90; n++) await replica.txn(put(`k${n}`))
  await until('a snapshot', () => readdirSync(dataDir).some(name => name.endsWith('.snap')))
  await cluster.stop('a')
  for (const name of readdirSync(dataDir)) {
    if (name.endsWith('.snap')) rmSync(join(dataDir, name))
  }
  expect(() => readStoppedStore(dataDir)).toThrow(/the log begins at \d+, it is at 0/)
})
