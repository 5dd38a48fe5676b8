import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { type DataLayout, dataLayout } from '../config/layout.ts'
import { loadConfig } from '../config/load.ts'
import { formatAddress } from '../config/ports.ts'
import type { ClusterConfig, Networks, PeerConfig } from '../config/types.ts'
import { formatConfig } from '../config/write.ts'
import type { KeyPair } from '../pki/authority.ts'
import { ensureKeyPair, readKeyPair, writeKeyPair, writeSecret } from '../pki/files.ts'
import { identities } from '../pki/identities.ts'
import { chooseNetworks } from './networks.ts'
import { peerCertificates } from './peer-certificates.ts'

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
  /** It came to a cluster that existed, and is no voter of its beginning. */
  readonly joined?: boolean
}

/** Makes the identity of a peer's mesh key: given by the caller, as p2p is another layer's. */
export type EnsureMeshIdentity = (file: string) => Promise<{ readonly peerId: string }>

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
  for (const peer of config.peers) await issuePeerCertificates(layout, config, ca, peer)
  await keepAdministrator(layout, config, ca)
  await ensureKeyPair(layout.pki, 'supervisor', ca, {
    user: 'supervisor',
    hosts: ['localhost', '127.0.0.1'],
    usages: ['server', 'client'],
    groups: ['system:masters'],
  })
  await ensureKeyPair(layout.pki, 'proxy', ca, { ...identities.proxy, usages: ['client'] })
  await completeMembers(layout, config, ensureIdentity)
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

/** Writes who is in the mesh. */
export function writeMembers(layout: DataLayout, members: readonly MemberRecord[]): void {
  writeSecret(layout.members, `${JSON.stringify(members, null, 2)}\n`)
}

/** The administrator's certificate and kubeconfig, for whoever has the CA's key. */
export async function keepAdministrator(
  layout: DataLayout,
  config: ClusterConfig,
  ca: KeyPair,
): Promise<void> {
  const { user } = identities.admin
  const credentials = await ensureKeyPair(layout.pki, 'admin', ca, {
    ...identities.admin,
    usages: ['client'],
  })
  const { formatKubeconfig } = await import('./kubeconfig.ts')
  const server = `https://${formatAddress(config.loadBalancer)}`
  writeSecret(
    layout.kubeconfig,
    formatKubeconfig({ cluster: config.name, server, ca: ca.cert, user, credentials }),
  )
}

/** Takes a peer out of the files here; its own folder stays. */
export function forgetPeer({ layout, config }: PreparedCluster, name: string): void {
  const peers = config.peers.filter(peer => peer.name !== name)
  const members = readMembers(layout).filter(member => member.name !== name)
  writeMembers(layout, members)
  writeSecret(layout.config, formatConfig({ ...config, peers }))
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
): Promise<void> {
  const folder = layout.peer(peer.name).pki
  for (const [name, request] of Object.entries(peerCertificates(config, peer))) {
    await ensureKeyPair(folder, name, ca, request)
  }
}

async function completeMembers(
  layout: DataLayout,
  config: ClusterConfig,
  ensureIdentity: EnsureMeshIdentity,
): Promise<void> {
  const known = existsSync(layout.members) ? readMembers(layout) : []
  const members: MemberRecord[] = []
  for (const peer of config.peers) {
    const { peerId } = await ensureIdentity(layout.peer(peer.name).meshKey)
    const before = known.find(member => member.name === peer.name) ?? { id: newMemberId() }
    const { name, mesh } = peer
    members.push({ ...before, name, peerId, host: mesh.host, port: mesh.port })
  }
  writeMembers(layout, members)
}

/** 64 bits in hex, as etcd prints member IDs. The top bit is clear, so that it fits an int64. */
export function newMemberId(): string {
  const bytes = randomBytes(8)
  bytes[0] = bytes[0]! & 0x7f
  return bytes.toString('hex')
}
