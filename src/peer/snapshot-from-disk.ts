import { existsSync } from 'node:fs'
import { writeEtcdSnapshot } from '../etcd/snapshot/write.ts'
import { freezeStore } from '../store/frozen.ts'
import { readStoppedStore } from '../store/stopped.ts'
import type { PreparedCluster } from '../supervisor/prepare.ts'
import { processState, readRunRecord } from '../supervisor/processes.ts'
import type { DiskSnapshotSummary } from '../supervisor/types.ts'
import { snapshotStatus } from './snapshot-files.ts'
import { writeWhole } from './whole-file.ts'

/**
 * Saves a snapshot of what a stopped peer has on its disk, which is not changed: the way out when
 * peers end because an entry can't be applied, or when no majority of them will ever be back.
 * @throws Error when the peer runs, has no store, or its disk is damaged.
 */
export async function saveFromDisk(
  { layout }: PreparedCluster,
  peer: string,
  file: string,
): Promise<DiskSnapshotSummary> {
  const record = readRunRecord(layout, peer)
  if (record !== undefined && processState(record) !== 'down') {
    throw new Error(`${peer} is running; stop it first, or save without --from-disk`)
  }
  const folder = layout.peer(peer).store
  if (!existsSync(folder)) throw new Error(`${folder}: there is no store of ${peer}`)
  const store = readStoppedStore(folder)
  const { appliedIndex, term, members, committed, lastIndex, failure } = store
  const frozen = freezeStore(store.machine, { appliedIndex, term, members })
  await writeWhole(file, (await writeEtcdSnapshot(frozen)).chunks)
  const summary = await snapshotStatus(file)
  return { ...summary, appliedIndex, committed, lastIndex, stoppedBy: failure?.message }
}
