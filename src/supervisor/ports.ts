import type { Address, ClusterConfig } from '../config/types.ts'
import { bindProblem, portHolder } from './sockets.ts'

/** Every address that the named processes will bind, with the configuration key it comes from. */
function addressesOf(config: ClusterConfig, processes: readonly string[]): [string, Address][] {
  const claims: [string, Address][] = []
  if (processes.includes('load-balancer')) claims.push(['loadBalancer', config.loadBalancer])
  if (processes.includes('supervisor')) claims.push(['supervisor', config.supervisor])
  for (const [index, peer] of config.peers.entries()) {
    if (!processes.includes(peer.name)) continue
    const services = peer.roles.includes('control-plane')
      ? (['api', 'mesh', 'admin'] as const)
      : (['mesh', 'admin'] as const)
    for (const service of services) claims.push([`peers[${index}].${service}`, peer[service]])
  }
  return claims
}

/**
 * Finds taken ports before anything is started.
 * @throws Error naming key, holder and how to choose another.
 */
export async function checkPorts(
  config: ClusterConfig,
  processes: readonly string[],
): Promise<void> {
  const problems: string[] = []
  for (const [key, { host, port }] of addressesOf(config, processes)) {
    const problem = await bindProblem(host, port)
    if (!problem) continue
    const holder = problem === 'EADDRINUSE' ? portHolder(host, port) : undefined
    const why = holder ? `held by ${holder}` : `not available (${problem})`
    problems.push(`port ${port} of ${host} (${key}) is ${why}`)
  }
  if (problems.length === 0) return
  throw new Error(
    `${problems.join('\n')}\nChoose others with --port-base P (all ports are counted from P), ` +
      'or change the addresses in cluster.config.json.',
  )
}
