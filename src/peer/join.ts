import { kinds } from '../api/kinds.ts'
import type { Secret } from '../api/objects.ts'
import { badRequest, isStatusReason, unauthorized } from '../api/status.ts'
import type { Client } from '../client/types.ts'
import { wrongPeerName } from '../config/names.ts'
import { defaultAddress, formatAddress } from '../config/ports.ts'
import type { ClusterConfig, Networks, PeerConfig } from '../config/types.ts'
import { errorMessage } from '../kernel/result.ts'
import { hasSigned } from '../p2p/identity.ts'
import type { MeshMember } from '../p2p/types.ts'
import type { KeyPair } from '../pki/authority.ts'
import { isSameSecret } from '../pki/token.ts'
import type { Membership } from '../store/types.ts'
import { controlPlaneGroup, tokenSecretName } from '../supervisor/join-tokens.ts'
import { peerCertificates } from '../supervisor/peer-certificates.ts'
import { newMemberId } from '../supervisor/prepare.ts'
import { type JoinAnswer, type JoinRequest, joinRequest, signedOf } from './join-protocol.ts'

/** What a master needs to let others in. */
export interface JoinParts {
  /** Reads the tokens: secrets of the type bootstrap.kubernetes.io/token. */
  readonly client: Client
  readonly store: Membership
  /** The cluster as it is now, with everybody who joined. */
  config(): ClusterConfig & { readonly networks: Networks }
  members(): readonly MeshMember[]
  /** Undefined on a peer without the CA's key. */
  ca(): KeyPair | undefined
  readonly now: () => number
}

/**
 * Lets a peer in: checks its token, adds it to the members (a master as a learner, which votes once
 * it has caught up), and signs its certificates.
 * @throws StatusError 400, 401
 */
export async function join(parts: JoinParts, body: unknown): Promise<JoinAnswer> {
  const parsed = joinRequest.safeParse(body)
  if (!parsed.success) throw badRequest(`join: ${parsed.error.issues[0]?.message}`)
  const request = parsed.data
  const groups = await checkToken(parts, request.token)
  if (!(await isProven(request))) {
    throw badRequest('join: peerId: the proof is not of its key, for this token and these requests')
  }
  const isMaster = request.roles.includes('control-plane')
  if (isMaster && !groups.includes(controlPlaneGroup)) {
    throw badRequest(
      'join: this token is for workers; make one with: quorate token create --control-plane',
    )
  }
  const ca = parts.ca()
  if (ca === undefined) throw badRequest('join: this peer has no CA key; ask another one')
  const before = parts.config()
  const peer = configOf(before, request)
  const config = { ...before, peers: [...before.peers, peer] }
  const certificates = await signAll(ca, config, peer, request)
  const id = await addMember(parts, request, peer)
  const { name, peerId } = request
  const member = { id, name, peerId, host: peer.mesh.host, port: peer.mesh.port }
  const members = [...parts.members().filter(known => known.id !== id), member]
  return { id, config, members, peer, certificates, ...(isMaster ? { caKey: ca.key } : {}) }
}

/** Whoever names a peer ID has its key; else it could take a member's place in the mesh. */
function isProven(request: JoinRequest): Promise<boolean> {
  const proof = Buffer.from(request.proof, 'base64')
  return hasSigned(request.peerId, signedOf(request), proof)
}

async function checkToken({ client, now }: JoinParts, token: string): Promise<readonly string[]> {
  const [id = '', secret = ''] = token.split('.')
  const data = /^[a-z0-9]{6}$/.test(id) ? await tokenData(client, id) : undefined
  const text = (key: string) => Buffer.from(data?.[key] ?? '', 'base64').toString()
  const isKnown = data !== undefined && isSameSecret(text('token-secret'), secret)
  const isUsable = text('usage-bootstrap-authentication') === 'true'
  const expiration = text('expiration')
  const isOver = expiration !== '' && !(Date.parse(expiration) > now())
  if (!isKnown || !isUsable || isOver) throw unauthorized()
  return text('auth-extra-groups').split(',')
}

async function tokenData(client: Client, id: string): Promise<Secret['data'] | undefined> {
  try {
    return (await client.get(kinds.secrets, 'kube-system', tokenSecretName(id))).data
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return undefined
    throw error
  }
}

/** The new peer's part of the configuration: what it says of itself, defaults for the rest. */
function configOf(config: ClusterConfig, request: JoinRequest): PeerConfig {
  const { name, roles, labels, addresses } = request
  const wrong = wrongPeerName(name, config)
  if (wrong !== undefined) throw badRequest(`join: ${wrong}`)
  const used = new Set(config.peers.map(peer => peer.ordinal))
  let ordinal = config.peers.length
  while (used.has(ordinal)) ordinal++
  const { port } = config.loadBalancer
  const addressOf = (service: 'mesh' | 'api' | 'etcd' | 'admin') =>
    addresses[service] ?? defaultAddress(service, port, ordinal)
  const peer = {
    ...{ name, ordinal, roles, labels, taints: [], capacity: {} },
    ...{ mesh: addressOf('mesh'), api: addressOf('api') },
    ...{ etcd: addressOf('etcd'), admin: addressOf('admin') },
  }
  for (const other of config.peers) {
    for (const service of ['mesh', 'api', 'etcd', 'admin'] as const) {
      if (formatAddress(other[service]) !== formatAddress(peer[service])) continue
      const text = formatAddress(peer[service])
      throw badRequest(`join: ${text} is ${other.name}'s ${service} address; choose another`)
    }
  }
  return peer
}

async function signAll(
  ca: KeyPair,
  config: ClusterConfig & { readonly networks: Networks },
  peer: PeerConfig,
  request: JoinRequest,
): Promise<Record<string, string>> {
  const { signRequest } = await import('../pki/authority.ts')
  const certificates: Record<string, string> = {}
  for (const [name, identity] of Object.entries(peerCertificates(config, peer))) {
    const csr = request.requests[name]
    if (csr === undefined) throw badRequest(`join: no signing request for "${name}"`)
    try {
      certificates[name] = await signRequest(ca, csr, identity)
    } catch (error) {
      throw badRequest(`join: ${name}: ${errorMessage(error)}`)
    }
  }
  return certificates
}

async function addMember(
  { store }: JoinParts,
  { name, peerId, roles }: JoinRequest,
  peer: PeerConfig,
): Promise<string> {
  const added = await store.memberAdd({
    id: newMemberId(),
    ...{ name, peerId, peer },
    peerUrls: [`https://${formatAddress(peer.mesh)}`],
    isLearner: true,
    worker: !roles.includes('control-plane'),
  })
  if (!added.ok) throw badRequest(`join: ${added.message}`)
  return added.member.id
}
