import { sleep } from '../kernel/clock.ts'
import { PeerClients } from '../supervisor/peers.ts'
import type { PreparedCluster } from '../supervisor/prepare.ts'
import { hasQuorum, leaderOf, type PeerView } from '../supervisor/views.ts'

const pollMs = 250

/** One line per change, for pipes and files: role, term and leader of each peer. */
export async function watchLines(cluster: PreparedCluster, stop: Promise<void>): Promise<void> {
  const clients = new PeerClients(cluster)
  let running = true
  void stop.then(() => {
    running = false
  })
  const shown = new Map<string, string>()
  try {
    while (running) {
      const views = await clients.views()
      for (const [name, line] of lines(views)) {
        if (shown.get(name) === line) continue
        shown.set(name, line)
        process.stdout.write(`${new Date().toISOString()} info ${name} ${line}\n`)
      }
      await Promise.race([sleep(pollMs), stop])
    }
  } finally {
    clients.close()
  }
}

function lines(views: readonly PeerView[]): Map<string, string> {
  const leader = leaderOf(views)
  const result = new Map<string, string>()
  result.set(
    'cluster',
    `quorum=${hasQuorum(views)} term=${leader?.term ?? '-'} leader=${leader?.name ?? '-'}`,
  )
  for (const view of views) {
    result.set(view.name, `role=${view.role} term=${view.report?.term ?? '-'}`)
  }
  return result
}
