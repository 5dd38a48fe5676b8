import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, signalGroup } from './pids.ts'
import { type ContainerRecord, shimFiles } from './protocol.ts'
import { readShimRecord, ShimClient } from './shimclient.ts'

/** Folders below the data folder in which a shim's record may lie. */
const depthMax = 6

/**
 * Ends every pod that was started below `dataDir`, whether or not a kubelet still runs: TERM, then
 * KILL after `graceMs`. For `down`. @returns the number of shims that were alive.
 */
export async function stopAllShims(dataDir: string, graceMs = 1_000): Promise<number> {
  const folders = findShims(dataDir, 0)
  const stopped = await Promise.all(folders.map(folder => stopShim(folder, graceMs)))
  return stopped.filter(Boolean).length
}

/** Ends one pod's shim and its containers; true when the shim was alive. */
export async function stopShim(folder: string, graceMs: number): Promise<boolean> {
  const { pid, pidStart, socket } = readShimRecord(folder)
  const wasAlive = isAlive(pid, pidStart)
  if (wasAlive) {
    try {
      const ignore = { onChange: () => undefined, onClose: () => undefined }
      const client = await ShimClient.connect(socket, ignore)
      await client.request({ op: 'shutdown', graceMs })
      client.close()
      return true
    } catch {
      signalGroup(pid, 'SIGKILL')
    }
  }
  killLeftovers(folder)
  return wasAlive
}

/** KILLs a shim that does not answer, and its containers with it. */
export function killShim(folder: string): void {
  const { pid, pidStart } = readShimRecord(folder)
  if (isAlive(pid, pidStart)) signalGroup(pid, 'SIGKILL')
  killLeftovers(folder)
}

/** KILLs the containers whose shim is gone. */
export function killLeftovers(folder: string): void {
  for (const container of readState(folder)) {
    const { pid, pidStart } = container
    if (container.state === 'exited' || pid === undefined || !pidStart) continue
    if (isAlive(pid, pidStart)) signalGroup(pid, 'SIGKILL')
  }
}

/** The containers as the shim wrote them last. */
export function readState(folder: string): ContainerRecord[] {
  const file = join(folder, shimFiles.state)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
}

function findShims(folder: string, depth: number): string[] {
  let entries: Dirent[]
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
  if (entries.some(entry => entry.name === shimFiles.shim)) return [folder]
  if (depth === depthMax) return []
  const folders = entries.filter(entry => entry.isDirectory())
  return folders.flatMap(entry => findShims(join(folder, entry.name), depth + 1))
}
