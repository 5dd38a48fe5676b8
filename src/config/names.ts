import type { ClusterConfig } from './types.ts'

/** Names by which certificates and resolvers know something else. */
const reserved = ['localhost', 'kubernetes']

/**
 * Why a peer can't have this name, or undefined. A node's certificate is valid for the node's name,
 * and so it must not be one by which the API, etcd or another peer is reached.
 */
export function wrongPeerName(
  name: string,
  config?: Pick<ClusterConfig, 'loadBalancer' | 'peers'>,
): string | undefined {
  if (reserved.includes(name)) return `"${name}" is reserved`
  if (/^\d+$/.test(name)) return `"${name}" is a number, and could be taken for an address`
  if (config === undefined) return undefined
  const hosts = config.peers.flatMap(({ mesh, api, etcd, admin }) => [mesh, api, etcd, admin])
  const taken = [config.loadBalancer, ...hosts].some(({ host }) => host.toLowerCase() === name)
  if (taken) return `"${name}" is the address of another server`
  const isPeer = config.peers.some(peer => peer.name === name)
  return isPeer ? `there is a peer "${name}" already; choose another name` : undefined
}
