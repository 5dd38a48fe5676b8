import { z } from 'zod'
import type { ClusterConfig, Networks, PeerConfig } from '../config/types.ts'
import type { MeshMember } from '../p2p/types.ts'

/**
 * How a peer joins a running cluster, over the HTTPS API of any master:
 * ```
 * GET  /quorate/v1/ca     the CA's certificate, PEM; not trusted before its hash is the token's
 * POST /quorate/v1/join   JoinRequest -> JoinAnswer; over TLS that the CA has proved
 * ```
 */
export const caPath = '/quorate/v1/ca'
export const joinPath = '/quorate/v1/join'

const text = z.string().min(1).max(4_096)
const address = z.strictObject({ host: text, port: z.int().min(1).max(65_535) })

export const joinRequest = z.strictObject({
  /** `id.secret`: the hash stays with the one who joins. */
  token: text,
  name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'a DNS label'),
  roles: z.array(z.enum(['control-plane', 'worker'])).min(1),
  /** libp2p peer ID of its mesh key. */
  peerId: text,
  /** The mesh key's signature of `signedOf`, base64. */
  proof: text,
  /** Absent ones are counted from the cluster's port base. */
  addresses: z.strictObject({
    mesh: address.optional(),
    api: address.optional(),
    etcd: address.optional(),
    admin: address.optional(),
  }),
  labels: z.record(z.string(), z.string()).default({}),
  /** PEM signing requests by the name of the certificate's file. */
  requests: z.record(z.string(), text),
})
export type JoinRequest = z.infer<typeof joinRequest>

/**
 * What a joiner signs with its mesh key: token, name, and the keys to be certified, which are new
 * for each attempt. A proof that was seen elsewhere is good for nothing else.
 */
export function signedOf(request: Omit<JoinRequest, 'proof'>): Uint8Array {
  const { token, name, roles, peerId } = request
  const requests = Object.entries(request.requests).sort(([left], [right]) =>
    left < right ? -1 : 1,
  )
  const said = JSON.stringify({ token, name, roles, peerId, requests })
  return Buffer.from(`quorate-join/1\n${said}`)
}

export interface JoinAnswer {
  readonly id: string
  /** With the new peer in it. */
  readonly config: ClusterConfig & { readonly networks: Networks }
  readonly members: readonly MeshMember[]
  readonly peer: PeerConfig
  /** PEM certificates by the name of their file. */
  readonly certificates: Readonly<Record<string, string>>
  /** The CA's key, for masters only: each of them signs. */
  readonly caKey?: string
}
