import assert from 'node:assert/strict'
import { must } from '../../src/kernel/assert.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { createPrng, type Prng } from '../../src/kernel/prng.ts'
import type { Entry } from '../../src/raft/types.ts'
import { openReplica } from '../../src/store/open.ts'
import type { Replica } from '../../src/store/replica.ts'
import type { Disk, DiskFile } from '../../src/wal/disk.ts'
import { findLaterFrame } from '../../src/wal/frame.ts'
import { WalDamagedError } from '../../src/wal/wal.ts'
import { MemoryNetwork, put, TestCluster } from '../unit/store/cluster.ts'
import { mutate, pick } from './mutate.ts'
import type { Session, Target } from './target.ts'

type Files = ReadonlyMap<string, Buffer>

const segmentBytes = 4096

/**
 * The disk of a member that had acknowledged writes: bits are flipped, files are cut, removed,
 * repeated and exchanged. It opens with everything that it had, or says where the damage is; only
 * the last write of the log may be taken for one that a crash has torn.
 */
export const disk: Target = {
  name: 'disk',
  async open(prng) {
    const files = new Map<string, Buffer>()
    const options = {
      disk: memoryDisk(files),
      dataDir: undefined,
      walSegmentBytes: segmentBytes,
      snapshotEveryEntries: 40,
    }
    const cluster = new TestCluster(['a'], options)
    await cluster.openAll()
    const leader = await cluster.leader()
    for (let n = 0, count = 30 + prng.below(60); n < count; n++) {
      const text = 'x'.repeat(prng.chance(0.1) ? prng.below(3_000) : prng.below(100))
      const result = await leader.txn(put(`${n}${text}`))
      assert.ok(result.ok)
    }
    await cluster.close()
    const whole = logOf(await reopen(copyOf(files)))
    return new DiskSession(files, whole)
  },
}

class DiskSession implements Session {
  readonly #files: Files
  /** What the member had: index and bytes of each entry that is still in its log. */
  readonly #whole: readonly Entry[]
  #opened = 0
  #refused = 0

  constructor(files: Files, whole: readonly Entry[]) {
    this.#files = files
    this.#whole = whole
  }

  async knock(prng: Prng): Promise<void> {
    const files = copyOf(this.#files)
    const damage = pick(damages, prng)
    const mayTear = damage(files, prng)
    let found: readonly Entry[]
    try {
      found = logOf(await reopen(files))
    } catch (error) {
      assert.ok(error instanceof WalDamagedError, `${damage.name}: ${(error as Error).stack}`)
      assert.match(error.message, /(?:wal-|snapshot)\S* is damaged at offset \d+: ./)
      this.#refused++
      return
    }
    this.#opened++
    this.#check(found, mayTear, damage.name)
  }

  async inspect(): Promise<void> {
    assert.ok(
      this.#opened > 0 && this.#refused > 0,
      'damage that is found, and damage that is none',
    )
    assert.deepEqual(logOf(await reopen(copyOf(this.#files))), this.#whole)
  }

  async close(): Promise<void> {}

  #check(found: readonly Entry[], mayTear: boolean, what: string): void {
    const last = must(this.#whole.at(-1), 'an entry')
    const byIndex = new Map(this.#whole.map(entry => [entry.index, entry]))
    for (const entry of found) {
      const had = byIndex.get(entry.index)
      // What lies before the snapshot is kept for others, or not.
      if (had !== undefined) assert.deepEqual(entry, had, `${what}: another entry`)
      assert.ok(entry.index <= last.index, `${what}: an entry that never was`)
    }
    if (!mayTear)
      assert.equal(found.at(-1)?.index, last.index, `${what}: entries are lost silently`)
  }
}

/** Damages the files; returns whether it may look like a torn last write. */
type Damage = (files: Map<string, Buffer>, prng: Prng) => boolean

const damages: readonly Damage[] = [
  function flipBits(files, prng) {
    const name = pick(logsAndSnapshots(files), prng)
    const bytes = must(files.get(name), name)
    let mayTear = false
    for (let times = 1 + prng.below(3); times > 0; times--) {
      const at = prng.below(bytes.length)
      mayTear ||= at >= lastFrameOf(name, bytes, files)
      bytes[at]! ^= 1 << prng.below(8)
    }
    return mayTear
  },
  function mutateBytes(files, prng) {
    const name = pick(logsAndSnapshots(files), prng)
    files.set(name, mutate(must(files.get(name), name), prng))
    return name === lastLog(files)
  },
  function cut(files, prng) {
    const name = pick(logsAndSnapshots(files), prng)
    const bytes = must(files.get(name), name)
    files.set(name, bytes.subarray(0, prng.below(bytes.length)))
    return name === lastLog(files)
  },
  function zeroTail(files, prng) {
    const name = pick(logsAndSnapshots(files), prng)
    const bytes = must(files.get(name), name)
    bytes.fill(0, prng.below(bytes.length))
    return name === lastLog(files)
  },
  function remove(files, prng) {
    const name = pick(logsAndSnapshots(files), prng)
    const isLast = name === lastLog(files)
    files.delete(name)
    return isLast
  },
  function repeat(files, prng) {
    const names = logsAndSnapshots(files)
    const [from, to] = [pick(names, prng), pick(names, prng)]
    files.set(to, Buffer.from(must(files.get(from), from)))
    return false
  },
  function exchange(files, prng) {
    const names = logsAndSnapshots(files)
    const [left, right] = [pick(names, prng), pick(names, prng)]
    const bytes = must(files.get(left), left)
    files.set(left, must(files.get(right), right))
    files.set(right, bytes)
    return false
  },
  function addSegment(files, prng) {
    const sequence = Number(/\d+/.exec(lastLog(files))) + 1
    const name = `wal-${String(sequence).padStart(12, '0')}.log`
    files.set(name, Buffer.from(must(files.get(pick(logsAndSnapshots(files), prng)), 'a file')))
    return false
  },
]

function logsAndSnapshots(files: Files): string[] {
  return [...files.keys()].filter(name => /^(?:wal-|snapshot-)/.test(name)).sort()
}

function lastLog(files: Files): string {
  return must(
    [...files.keys()]
      .filter(name => name.startsWith('wal-'))
      .sort()
      .at(-1),
    'a log',
  )
}

/** Where the last frame of the log begins, if the file is the one that holds it. */
function lastFrameOf(name: string, bytes: Buffer, files: Files): number {
  if (name !== lastLog(files)) return Number.POSITIVE_INFINITY
  const seed = Number(/\d+/.exec(name))
  let at = 0
  for (let frame = -1; ; frame++) {
    const next = findLaterFrame(bytes, at === 0 && frame < 0 ? 0 : at + 8, frame, seed)
    if (next === undefined) return at
    at = next
  }
}

/** The member as it would start, before it has said a word. */
function reopen(files: Map<string, Buffer>): Promise<Replica> {
  return openReplica({
    ...{ id: 'a', members: [{ id: 'a', name: 'a' }], disk: memoryDisk(files) },
    ...{ channel: new MemoryNetwork().channel('a'), clock: systemClock, prng: createPrng(1) },
    ...{ logger: silentLogger, walSegmentBytes: segmentBytes },
  })
}

function logOf({ core: { log } }: Replica): Entry[] {
  const entries: Entry[] = []
  for (let index = log.offset + 1; index <= log.last; index++) {
    const { data, ...entry } = must(log.get(index), `entry ${index}`)
    entries.push({ ...entry, data: Buffer.from(data) })
  }
  return entries
}

function copyOf(files: Files): Map<string, Buffer> {
  return new Map([...files].map(([name, bytes]) => [name, Buffer.from(bytes)]))
}

/** A directory in memory; what is written is there at once. */
function memoryDisk(files: Map<string, Buffer>): Disk {
  const bytesOf = (name: string) => files.get(name) ?? Buffer.alloc(0)
  const open = (name: string): DiskFile => {
    files.set(name, bytesOf(name))
    return {
      size: () => bytesOf(name).length,
      write(data, position) {
        const before = bytesOf(name)
        const bytes = Buffer.alloc(Math.max(before.length, position + data.length))
        bytes.set(before)
        bytes.set(data, position)
        files.set(name, bytes)
      },
      read: (position, length) => bytesOf(name).subarray(position, position + length),
      sync() {},
      close() {},
    }
  }
  return {
    list: () => [...files.keys()],
    open,
    rename(from, to) {
      files.set(to, bytesOf(from))
      files.delete(from)
    },
    remove: name => void files.delete(name),
    syncDirectory() {},
  }
}
