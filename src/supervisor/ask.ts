import { AdminClient } from '../admin/client.ts'
import type { Fault, FaultDone } from '../admin/types.ts'
import { formatAddress } from '../config/ports.ts'
import { systemClock } from '../kernel/clock.ts'
import { runFault } from './faults.ts'
import { adminTls } from './peers.ts'
import type { PreparedCluster } from './prepare.ts'
import { runningSupervisor } from './supervisor.ts'

/**
 * A fault by way of the supervisor, whose timeline every dashboard reads; without one, done here.
 * @throws Error as runFault
 */
export async function askFault(cluster: PreparedCluster, fault: Fault): Promise<FaultDone> {
  const askedAt = systemClock.wall()
  if (runningSupervisor(cluster.layout) === undefined) return runFault(cluster, fault)
  const client = new AdminClient(formatAddress(cluster.config.supervisor), adminTls(cluster.layout))
  try {
    return await client.fault(fault, askedAt)
  } finally {
    client.close()
  }
}
