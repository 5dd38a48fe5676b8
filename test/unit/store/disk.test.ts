import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { formatVersion, upgradeFormat } from '../../../src/store/format.ts'
import { createDisk, type Disk } from '../../../src/wal/disk.ts'
import { put, read, TestCluster, until } from './cluster.ts'

let cluster: TestCluster | undefined
const folders: string[] = []
afterEach(async () => {
  await cluster?.close()
  cluster = undefined
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'quorate-disk-'))
  folders.push(made)
  return made
}

/** A disk that is full from some moment on. */
function fillable(inner: Disk, isFull: () => boolean): Disk {
  return {
    ...inner,
    open(name) {
      const file = inner.open(name)
      return {
        ...file,
        write(data, position) {
          if (isFull()) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
          file.write(data, position)
        },
      }
    },
  }
}

test('a member whose log can not be written promises nothing more; the others go on', async () => {
  const failures: string[] = []
  let full = ''
  cluster = new TestCluster(['a', 'b', 'c'], {
    onDiskFailed: error => failures.push(String(error)),
  })
  for (const id of ['a', 'b', 'c']) {
    const disk = fillable(createDisk(folder()), () => full === id)
    await cluster.open(id, false, { disk, dataDir: undefined })
  }
  const leader = await cluster.leader()
  expect(await leader.txn(put('before'))).toMatchObject({ ok: true })
  full = leader.core.id
  const late = leader.txn(put('during'))
  await until('the failure', () => failures.length > 0)
  expect(failures).toEqual(['Error: ENOSPC: no space left'])
  expect(await late).toMatchObject({ ok: false })
  cluster.network.kill(leader.core.id)
  cluster.replicas.delete(leader.core.id)
  const next = await cluster.leader()
  expect(await read(next, 'before')).toBe('before')
  expect(await next.txn(put('after'))).toMatchObject({ ok: true })
})

test('before an older store is opened its files are copied, once', () => {
  const store = join(folder(), 'store')
  upgradeFormat(store, silentLogger)
  expect(readdirSync(store)).toEqual(['format'])
  expect(existsSync(`${store}.format-1`)).toBe(false)
  rmSync(join(store, 'format'))
  writeFileSync(join(store, 'wal-000000000001.log'), 'old')
  upgradeFormat(store, silentLogger)
  expect(readdirSync(`${store}.format-1`)).toEqual(['wal-000000000001.log'])
  upgradeFormat(store, silentLogger)
})

test('a store of a newer version is not opened', () => {
  const store = folder()
  writeFileSync(join(store, 'format'), `${formatVersion + 1}\n`)
  expect(() => upgradeFormat(store, silentLogger)).toThrow(/written by a newer version/)
})

test.each([
  ['at once', []],
  ['after ticks that were late for its sake', [90, 90, 90]],
])('a leader whose disk has become slow hands over: %s', async (_when, before) => {
  cluster = new TestCluster(['a', 'b', 'c'], { timings: { slowDiskMs: 100 } })
  let slow = ''
  let syncMs = 0
  for (const id of ['a', 'b', 'c']) {
    // A slow fsync is time that has passed for this member alone: the others are not held up.
    let lost = 0
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + lost }
    const disk = onSync(createDisk(folder()), () => {
      if (slow === id) lost += syncMs
    })
    await cluster.open(id, false, { disk, dataDir: undefined, clock })
  }
  const leader = await cluster.leader()
  slow = leader.core.id
  for (syncMs of [...before, 120, 120, 120, 120]) {
    await leader.txn(put('k'))
    const { now } = leader.core
    if (before.length > 0) await until('ticks', () => leader.core.now > now + 1)
  }
  await until('another leader', () => leader.core.leader !== null && leader.core.role !== 'leader')
})

/** Calls `hook` with each fsync. */
function onSync(inner: Disk, hook: () => void): Disk {
  return {
    ...inner,
    open(name) {
      const file = inner.open(name)
      return {
        ...file,
        sync() {
          file.sync()
          hook()
        },
      }
    },
  }
}
