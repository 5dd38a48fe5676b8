import { sleep } from '../kernel/clock.ts'
import { lastWords } from './last-words.ts'
import { PeerClients } from './peers.ts'
import type { PreparedCluster } from './prepare.ts'
import { hasQuorum, leaderOf, type PeerView } from './views.ts'

const pollMs = 50

/** What is still missing, in words; empty when the cluster is ready. */
export function missingForReady(views: readonly PeerView[], workers: readonly string[]): string[] {
  const missing = views.filter(view => !view.report).map(view => `${view.name} does not answer`)
  const leader = leaderOf(views)
  if (!leader || !hasQuorum(views)) return [...missing, 'no leader with a quorum']
  const reports = new Map(views.map(view => [view.name, view.report]))
  // What a leader on another machine has established is not known here.
  if (reports.get(leader.name)?.controlPlane.running === false)
    missing.push(`${leader.name}: leadership not established`)
  const { nodes } = reports.get(leader.name) ?? [...reports.values()].find(Boolean)!
  for (const view of views) {
    if (view.report && !view.report.ready) missing.push(`${view.name} is not ready`)
  }
  for (const name of workers) {
    const node = nodes.find(known => known.name === name)
    if (!node) missing.push(`node ${name} has not registered`)
    else if (!node.ready) missing.push(`node ${name} is NotReady`)
  }
  return missing
}

/**
 * Waits until every peer has joined, a leader is established and the nodes are Ready.
 * `onProgress` gets each new list of what is missing. @throws Error with that list on timeout.
 */
export async function waitUntilReady(
  cluster: PreparedCluster,
  timeoutMs: number,
  onProgress: (missing: readonly string[]) => void,
): Promise<void> {
  const workers = cluster.config.peers
    .filter(peer => peer.roles.includes('worker'))
    .map(peer => peer.name)
  const clients = new PeerClients(cluster)
  const deadline = performance.now() + timeoutMs
  let shown = ''
  try {
    for (;;) {
      const views = await clients.views()
      const missing = missingForReady(views, workers)
      if (missing.length === 0) return
      if (missing.join() !== shown) onProgress(missing)
      shown = missing.join()
      if (performance.now() > deadline) {
        throw new Error(
          `not ready after ${timeoutMs / 1000} s: ${missing.join('; ')}\n` +
            endings(cluster, views) +
            `The peers' logs are in ${cluster.layout.logs}`,
        )
      }
      await sleep(pollMs)
    }
  } finally {
    clients.close()
  }
}

/** A line for each peer that ended, with its reason. */
function endings({ layout }: PreparedCluster, views: readonly PeerView[]): string {
  return views
    .filter(view => view.role === 'down')
    .map(view => `${view.name} ended: ${lastWords(layout, view.name) ?? 'it did not say why'}\n`)
    .join('')
}
