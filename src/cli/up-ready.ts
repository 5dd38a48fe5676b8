import { relative } from 'node:path'
import { formatAddress } from '../config/ports.ts'
import type { PreparedCluster } from '../supervisor/prepare.ts'
import { processState, readRunRecord } from '../supervisor/processes.ts'
import { waitUntilReady } from '../supervisor/ready.ts'
import { supervisorProcess } from '../supervisor/supervisor.ts'
import { UsageError } from './types.ts'

/** Waits until the cluster is ready, and tells how to use it. @throws Error when it is not. */
export async function ready(
  cluster: PreparedCluster,
  options: { readonly timeout: number },
  alive: () => void = () => {},
): Promise<void> {
  const began = performance.now()
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1)
  await waitUntilReady(cluster, options.timeout * 1000, missing => {
    alive()
    process.stderr.write(`[${seconds()} s] waiting: ${missing.join('; ')}\n`)
  })
  const { config } = cluster
  const data = dataFlag(cluster)
  process.stdout.write(
    `ready after ${seconds()} s: ${config.peers.length} peers, ` +
      `API https://${formatAddress(config.loadBalancer)}\n` +
      `  eval "$(npx quorate env${data})"    kubectl get nodes -o wide\n` +
      `  npx quorate tui${data}              the dashboard\n` +
      `  npx quorate down${data}             stop\n`,
  )
}

/** Of the verbs for this cluster; none for the default folder. */
export function dataFlag({ layout }: PreparedCluster): string {
  const shown = relative(process.cwd(), layout.root) || '.'
  return shown === '.quorate' ? '' : ` --data ${shown}`
}

/** A supervisor that died has said why in its log. */
export function supervisorAlive(cluster: PreparedCluster): void {
  const record = readRunRecord(cluster.layout, supervisorProcess)
  if (record && processState(record) !== 'down') return
  const log = cluster.layout.logFile(supervisorProcess)
  throw new UsageError(`the supervisor ended; see ${log}`)
}
