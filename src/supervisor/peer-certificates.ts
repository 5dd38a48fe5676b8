import { workerUser } from '../admin/client.ts'
import type { ClusterConfig, Networks, PeerConfig } from '../config/types.ts'
import { addressAt, parseCidr } from '../kernel/cidr.ts'
import type { CertificateRequest } from '../pki/authority.ts'
import { identities, nodeIdentity } from '../pki/identities.ts'

/** The first address of the services network is the API's own Service. */
function kubernetesServiceIp(networks: Networks): string {
  return addressAt(parseCidr(networks.services), 1)
}

/** The address of the node with number `ordinal`: 127.N.0.11 is the first peer's. */
export function nodeAddress(networks: Networks, ordinal: number): string {
  return addressAt(parseCidr(networks.nodes), 11 + ordinal)
}

/**
 * The certificates of a peer by their file's name: who they stand for and where they serve. The
 * same whether the peer is prepared on this machine or joins from another.
 */
export function peerCertificates(
  config: ClusterConfig & { readonly networks: Networks },
  peer: PeerConfig,
): Readonly<Record<string, CertificateRequest>> {
  const address = nodeAddress(config.networks, peer.ordinal)
  const local = ['localhost', '127.0.0.1', peer.name]
  const usages = ['server', 'client'] as const
  // The API is reached at loopback addresses, too: what is only a node must not be valid there.
  const node = [peer.name, address]
  const kubelet = { ...nodeIdentity(peer.name), hosts: node, usages }
  const apiserver = {
    ...identities.apiserver,
    hosts: unique([
      ...local,
      peer.api.host,
      config.loadBalancer.host,
      ...['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
      `kubernetes.default.svc.${config.clusterDomain}`,
      kubernetesServiceIp(config.networks),
      address,
    ]),
    usages,
  }
  const etcd = { ...identities.etcd, hosts: unique([...local, peer.etcd.host]), usages }
  if (peer.roles.includes('control-plane')) return { apiserver, etcd, kubelet }
  // A worker serves no API; its admin port answers with this certificate, which may do nothing.
  const server = { user: workerUser, hosts: node, usages: ['server'] as const }
  return { apiserver: server, kubelet }
}

function unique(hosts: readonly string[]): string[] {
  return [...new Set(hosts)]
}
