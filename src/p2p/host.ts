import './polyfill.ts'
import { gossipsub } from '@chainsafe/libp2p-gossipsub'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { PubSub } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { createLibp2p, type Libp2p } from 'libp2p'
import type { MeshIdentity } from './identity.ts'

/** The services that every host runs. */
export type MeshServices = { identify: unknown; pubsub: PubSub }
export type MeshHost = Libp2p<MeshServices>

/** A dial that hangs must not hold up the redial that would succeed. */
const dialTimeoutMs = 1_000
const inboundUpgradeTimeoutMs = 3_000
/** Peers that restart together come back within one second from one host. */
const inboundConnectionsPerSecondMax = 1_000

/**
 * A libp2p host that talks to members only. `isMember` is asked for every connection, after the
 * remote key is proven and before anything else is said.
 */
export async function createHost(options: {
  readonly identity: MeshIdentity
  readonly listen: { readonly host: string; readonly port: number }
  readonly isMember: (peerId: string) => boolean
}): Promise<MeshHost> {
  const stranger = (peer: { toString(): string }) => !options.isMember(peer.toString())
  const host = await createLibp2p({
    privateKey: options.identity.privateKey,
    addresses: { listen: [`/ip4/${options.listen.host}/tcp/${options.listen.port}`] },
    transports: [tcp({ socket: { noDelay: true } } as never)],
    connectionEncrypters: [noise() as never],
    streamMuxers: [yamux() as never],
    connectionMonitor: { enabled: false },
    connectionManager: {
      dialTimeout: dialTimeoutMs,
      inboundUpgradeTimeout: inboundUpgradeTimeoutMs,
      inboundConnectionThreshold: inboundConnectionsPerSecondMax,
      reconnectRetries: 0,
    },
    connectionGater: {
      denyDialPeer: peer => stranger(peer),
      denyInboundEncryptedConnection: peer => stranger(peer),
      denyOutboundEncryptedConnection: peer => stranger(peer),
      denyDialMultiaddr: () => false,
    },
    services: {
      identify: identify(),
      pubsub: gossipsub({
        allowPublishToZeroTopicPeers: true,
        emitSelf: false,
        globalSignaturePolicy: 'StrictSign',
      }) as never,
    },
    start: false,
  })
  await host.start()
  return host as unknown as MeshHost
}
