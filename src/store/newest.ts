import { errorMessage } from '../kernel/result.ts'
import type { MvccOptions } from '../mvcc/mvcc.ts'
import type { Disk } from '../wal/disk.ts'
import { framedBytes } from '../wal/frame.ts'
import { listSnapshots, readSnapshot } from '../wal/snapshot.ts'
import { type Recovered, WalDamagedError } from '../wal/wal.ts'
import type { Machine } from './machine.ts'
import { type SnapshotPoint, SnapshotReader } from './snapshots.ts'

/** The state that a snapshot holds. */
export interface StoredState {
  readonly point: SnapshotPoint
  readonly machine: Machine
}

/**
 * The state of the newest snapshot of a disk; undefined when there is none.
 * @throws WalDamagedError when it can't be read: an older one is not the state that was promised.
 */
export function readNewest(disk: Disk, options?: MvccOptions): StoredState | undefined {
  const newest = listSnapshots(disk).at(-1)
  if (newest === undefined) return undefined
  const reader = new SnapshotReader(options)
  let offset = 0
  try {
    for (const slice of readSnapshot(disk, newest.name)) {
      reader.add(slice)
      offset += framedBytes(slice.length)
    }
    reader.done()
  } catch (error) {
    if (error instanceof WalDamagedError) throw error
    throw new WalDamagedError(newest.name, offset, errorMessage(error))
  }
  const { point, machine } = reader
  if (point === undefined) throw new WalDamagedError(newest.name, 0, 'it is empty')
  return { point, machine }
}

/**
 * A log that goes on where a snapshot ends, and has what was known to be committed.
 * @throws WalDamagedError when segments or a snapshot are gone: no crash explains that.
 */
export function checkLog(point: SnapshotPoint, recovered: Recovered): void {
  const { entries, hardState, reset, end } = recovered
  const first = entries[0]?.index ?? (reset?.index ?? 0) + 1
  if (first > point.index + 1) {
    const message = `the log begins at ${first}, the newest snapshot is at ${point.index}`
    throw new WalDamagedError('snapshot', 0, message)
  }
  const last = Math.max(point.index, entries.at(-1)?.index ?? 0)
  if (hardState.commit <= last) return
  const message = `it ends with entry ${last}, and entry ${hardState.commit} was committed`
  throw new WalDamagedError(end.file, end.offset, message)
}
