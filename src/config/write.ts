import { formatAddress } from './ports.ts'
import type { ClusterConfig } from './types.ts'

/** The configuration as a file that parseConfig reads back to the same. */
export function formatConfig(config: ClusterConfig): string {
  const file = {
    ...config,
    loadBalancer: formatAddress(config.loadBalancer),
    supervisor: formatAddress(config.supervisor),
    peers: config.peers.map(peer => ({
      ...peer,
      mesh: formatAddress(peer.mesh),
      api: formatAddress(peer.api),
      etcd: formatAddress(peer.etcd),
      admin: formatAddress(peer.admin),
    })),
  }
  return `${JSON.stringify(file, null, 2)}\n`
}
