import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { dataLayout } from '../../../src/config/layout.ts'
import { saveFromDisk } from '../../../src/peer/snapshot-from-disk.ts'
import type { PreparedCluster } from '../../../src/supervisor/prepare.ts'
import { recordProcess, removeRunRecord } from '../../../src/supervisor/processes.ts'
import { put, TestCluster } from '../store/cluster.ts'

const root = mkdtempSync(join(tmpdir(), 'quorate-from-disk-'))
afterEach(() => rmSync(root, { recursive: true, force: true }))

test("a stopped peer's disk becomes a file that restore takes; a running one's does not", async () => {
  const layout = dataLayout(root)
  const prepared = { layout } as PreparedCluster
  const store = new TestCluster(['a'], { dataDir: layout.peer('a').store })
  const replica = await store.open('a')
  await store.leader()
  for (let n = 0; n < 30; n++) await replica.txn(put(`k${n}`, n % 2 === 0 ? '' : `${n}`))
  await replica.compact(10)
  const { revision } = replica.machine.mvcc
  const hashed = await replica.hashKv(0)
  await store.close()

  const file = join(root, 'saved.db')
  recordProcess(layout, 'a', process.pid, [])
  await expect(saveFromDisk(prepared, 'a', file)).rejects.toThrow('a is running; stop it first')
  removeRunRecord(layout, 'a')
  await expect(saveFromDisk(prepared, 'b', file)).rejects.toThrow('there is no store of b')
  expect(existsSync(file)).toBe(false)

  const saved = await saveFromDisk(prepared, 'a', file)
  expect(saved).toMatchObject({ file, revision, compactRevision: 10, stoppedBy: undefined })
  expect(saved.lastIndex).toBe(saved.appliedIndex)
  expect(hashed).toMatchObject({ hash: saved.hash })
})
