import { createHash } from 'node:crypto'
import type { ClusterConfig, Networks } from '../config/types.ts'
import { listeners } from './sockets.ts'

/** Second bytes of 127/8 that clusters may take: low ones are left to people's own use. */
const firstBlock = 64
const blocks = 128

/**
 * The networks of a new cluster. On Linux any program may bind any address of 127/8, so that the
 * process runtime gets real addresses without root: a /16 that nothing else listens in.
 * ```
 * 127.N.0.0/18 nodes   127.N.64.0/18 pods   127.N.128.0/17 services
 * ```
 */
export function chooseNetworks(config: ClusterConfig, dataRoot: string): Networks {
  if (config.networks !== 'auto') return config.networks
  if (config.runtime === 'cri') {
    return { nodes: '10.77.0.0/16', pods: '10.244.0.0/16', services: '10.96.0.0/12' }
  }
  const used = new Set(listeners().map(listener => listener.host.split('.').slice(0, 2).join('.')))
  // The folder decides where the search begins: the same cluster comes back to the same addresses.
  const start = createHash('sha256').update(dataRoot).digest().readUInt32LE(0) % blocks
  for (let n = 0; n < blocks; n++) {
    const block = `127.${firstBlock + ((start + n) % blocks)}`
    if (used.has(block)) continue
    return { nodes: `${block}.0.0/18`, pods: `${block}.64.0/18`, services: `${block}.128.0/17` }
  }
  throw new Error(
    'no /16 of 127.0.0.0/8 is free for nodes, pods and services; stop another cluster ' +
      'or set "networks" in the configuration',
  )
}
