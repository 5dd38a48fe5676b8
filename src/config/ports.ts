import type { Address } from './types.ts'

/**
 * Ports of one cluster on one machine, from its port base: the load balancer first, then a block
 * of 64 for each service of the peers, so that peer N is found at the same offset everywhere.
 */
export const portBlocks = { api: 1, mesh: 65, etcd: 129, admin: 193 } as const

/** Ports that a cluster with `portBase` may use. */
export const portSpan = 258

/** The default address of a service of peer number `index` (from 0). */
export function defaultAddress(
  service: keyof typeof portBlocks,
  portBase: number,
  index: number,
): Address {
  return { host: '127.0.0.1', port: portBase + portBlocks[service] + index }
}

/** The load balancer's address: the server of the kubeconfig. */
export function loadBalancerAddress(portBase: number): Address {
  return { host: '127.0.0.1', port: portBase }
}

/** The supervisor's address: after the peers' blocks. */
export function supervisorAddress(portBase: number): Address {
  return { host: '127.0.0.1', port: portBase + portSpan - 1 }
}

/** `host:port`; an IPv6 address in brackets, as in a URL. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
