import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { type DataLayout, dataLayout } from '../config/layout.ts'
import { loadConfig } from '../config/load.ts'
import { formatAddress } from '../config/ports.ts'
import type { ClusterConfig, Networks, PeerConfig } from '../config/types.ts'
import { formatConfig } from '../config/write.ts'
import { addressAt, parseCidr } from '../kernel/cidr.ts'
import type { KeyPair } from '../pki/authority.ts'
import { ensureKeyPair, readKeyPair, writeKeyPair, writeSecret } from '../pki/files.ts'
import { identities, nodeIdentity } from '../pki/identities.ts'
import { chooseNetworks } from './networks.ts'

/** A cluster's files on this machine, complete. */
export interface PreparedCluster {
  readonly layout: DataLayout
  readonly config: ClusterConfig & { readonly networks: Networks }
}

/** A line of members.json: who may be in the mesh. `peerId` is filled in by the peers' keys. */
export interface MemberRecord {
  readonly id: string
  readonly name: string
  readonly peerId: string
  readonly host: string
  readonly port: number
}

/** Makes the identity of a peer's mesh key: given by the caller, as p2p is another layer's. */
export type EnsureMeshIdentity = (file: string) => Promise<{ readonly peerId: string }>

/** The first address of the services network is the API's own Service. */
export function kubernetesServiceIp(networks: Networks): string {
  return addressAt(parseCidr(networks.services), 1)
}

/** The address of node number `index`: 127.N.0.11 is the first peer's. */
export function nodeAddress(networks: Networks, index: number): string {
  return addressAt(parseCidr(networks.nodes), 11 + index)
}

/**
 * Makes or completes a data folder: configuration in force, CA, certificates, mesh identities,
 * members and kubeconfig. What exists is kept: a cluster keeps its identity and its networks.
 */
export async function prepareCluster(
  root: string,
  wanted: ClusterConfig,
  ensureIdentity: EnsureMeshIdentity,
): Promise<PreparedCluster> {
  const layout = dataLayout(root)
  mkdirSync(root, { recursive: true, mode: 0o700 })
  chmodSync(root, 0o711)
  const before = existsSync(layout.config) ? loadConfig(layout.config) : undefined
  const networks =
    before && before.networks !== 'auto' && wanted.networks === 'auto'
      ? before.networks
      : chooseNetworks(wanted, root)
  const config = { ...wanted, networks }
  const ca = await ensureCa(layout, config.name)
  for (const [index, peer] of config.peers.entries()) {
    await issuePeerCertificates(layout, config, ca, peer, index)
  }
  const admin = await ensureKeyPair(layout.pki, 'admin', ca, {
    ...identities.admin,
    usages: ['client'],
  })
  await ensureKeyPair(layout.pki, 'supervisor', ca, {
    user: 'supervisor',
    hosts: ['localhost', '127.0.0.1'],
    usages: ['server', 'client'],
    groups: ['system:masters'],
  })
  await ensureKeyPair(layout.pki, 'proxy', ca, { ...identities.proxy, usages: ['client'] })
  const { formatKubeconfig } = await import('./kubeconfig.ts')
  const server = `https://${formatAddress(config.loadBalancer)}`
  const user = identities.admin.user
  writeSecret(
    layout.kubeconfig,
    formatKubeconfig({ cluster: config.name, server, ca: ca.cert, user, credentials: admin }),
  )
  await writeMembers(layout, config, ensureIdentity)
  writeSecret(layout.config, formatConfig(config))
  return { layout, config }
}

/** The prepared cluster of a folder. @throws Error when `up` never ran there. */
export function openCluster(root: string): PreparedCluster {
  const layout = dataLayout(root)
  if (!existsSync(layout.config)) {
    throw new Error(`${root}: no cluster here; start one with: quorate up --data ${root}`)
  }
  const config = loadConfig(layout.config)
  if (config.networks === 'auto') throw new Error(`${layout.config}: networks: not chosen yet`)
  return { layout, config: { ...config, networks: config.networks } }
}

/** The members of the mesh. */
export function readMembers(layout: DataLayout): MemberRecord[] {
  return JSON.parse(readFileSync(layout.members, 'utf8')) as MemberRecord[]
}

async function ensureCa(layout: DataLayout, cluster: string): Promise<KeyPair> {
  const existing = readKeyPair(layout.pki, 'ca')
  if (existing) return existing
  const { createClusterCa } = await import('../pki/authority.ts')
  const created = await createClusterCa(cluster)
  writeKeyPair(layout.pki, 'ca', created)
  return created
}

async function issuePeerCertificates(
  layout: DataLayout,
  config: PreparedCluster['config'],
  ca: KeyPair,
  peer: PeerConfig,
  index: number,
): Promise<void> {
  const folder = layout.peer(peer.name).pki
  const address = nodeAddress(config.networks, index)
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc']
  const hosts = [
    ...new Set([
      'localhost',
      '127.0.0.1',
      peer.name,
      peer.api.host,
      config.loadBalancer.host,
      ...service,
      `kubernetes.default.svc.${config.clusterDomain}`,
      kubernetesServiceIp(config.networks),
      address,
    ]),
  ]
  const usages = ['server', 'client'] as const
  await ensureKeyPair(folder, 'apiserver', ca, { ...identities.apiserver, hosts, usages })
  if (peer.roles.includes('control-plane')) {
    const etcdHosts = [...new Set(['localhost', '127.0.0.1', peer.name, peer.etcd.host])]
    await ensureKeyPair(folder, 'etcd', ca, { ...identities.etcd, hosts: etcdHosts, usages })
  }
  await ensureKeyPair(folder, 'kubelet', ca, {
    ...nodeIdentity(peer.name),
    hosts: [...new Set(['localhost', '127.0.0.1', peer.name, address])],
    usages,
  })
}

async function writeMembers(
  layout: DataLayout,
  config: ClusterConfig,
  ensureIdentity: EnsureMeshIdentity,
): Promise<void> {
  const known = existsSync(layout.members) ? readMembers(layout) : []
  const members: MemberRecord[] = []
  for (const peer of config.peers) {
    const { peerId } = await ensureIdentity(layout.peer(peer.name).meshKey)
    const id = known.find(member => member.name === peer.name)?.id ?? newMemberId()
    members.push({ id, name: peer.name, peerId, host: peer.mesh.host, port: peer.mesh.port })
  }
  writeSecret(layout.members, `${JSON.stringify(members, null, 2)}\n`)
}

/** 64 bits in hex, as etcd prints member IDs. The top bit is clear, so that it fits an int64. */
function newMemberId(): string {
  const bytes = randomBytes(8)
  bytes[0] = bytes[0]! & 0x7f
  return bytes.toString('hex')
}
