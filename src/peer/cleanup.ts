import { stopAllShims } from '../kubelet/runtime/process/stopshims.ts'
import { openCluster } from '../supervisor/prepare.ts'

/** Ends the pods of every peer of a data folder. Returns how many there were. */
export async function stopPods(dataRoot: string): Promise<number> {
  const { layout, config } = openCluster(dataRoot)
  let count = 0
  for (const peer of config.peers) count += await stopAllShims(layout.peer(peer.name).kubelet)
  return count
}
