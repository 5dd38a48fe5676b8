import { once } from 'node:events'
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs'
import { writeEtcdSnapshot } from '../etcd/snapshot/write.ts'
import { freezeStore } from '../store/frozen.ts'
import { readStoppedStore } from '../store/stopped.ts'
import type { PreparedCluster } from '../supervisor/prepare.ts'
import { processState, readRunRecord } from '../supervisor/processes.ts'
import type { DiskSnapshotSummary } from '../supervisor/types.ts'
import { snapshotStatus } from './snapshot-files.ts'

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
  await writeFile(file, freezeStore(store.machine, { appliedIndex, term, members }))
  const summary = await snapshotStatus(file)
  return { ...summary, appliedIndex, committed, lastIndex, stoppedBy: failure?.message }
}

/** The file gets its name when it is whole. */
async function writeFile(file: string, frozen: ReturnType<typeof freezeStore>): Promise<void> {
  const partial = `${file}.part`
  const output = createWriteStream(partial, { mode: 0o600 })
  try {
    const { chunks } = await writeEtcdSnapshot(frozen)
    for await (const chunk of chunks) {
      if (!output.write(chunk)) await once(output, 'drain')
    }
    output.end()
    await once(output, 'close')
    renameSync(partial, file)
  } catch (error) {
    output.destroy()
    rmSync(partial, { force: true })
    throw error
  }
}
