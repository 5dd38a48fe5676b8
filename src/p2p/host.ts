import './polyfill.ts'
import { gossipsub } from '@chainsafe/libp2p-gossipsub'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { MultiaddrConnection, PeerId, PubSub } from '@libp2p/interface'
import { createLibp2p, type Libp2p } from 'libp2p'
import { listenAddress } from './address.ts'
import { tellOfLastStreams } from './disconnects.ts'
import type { MeshIdentity } from './identity.ts'
import { createSecureContext } from './secure.ts'
import { MeshTransport, type MeshTransportOptions } from './transport.ts'

/** The services that every host runs. */
export type MeshServices = { identify: unknown; pubsub: PubSub }
export type MeshHost = Libp2p<MeshServices>

const dialTimeoutMs = 1_000
const inboundUpgradeTimeoutMs = 3_000
/** Peers that restart together come back within one second from one host. */
const inboundConnectionsPerSecondMax = 1_000

export interface HostOptions extends Omit<MeshTransportOptions, 'context'> {
  readonly identity: MeshIdentity
  readonly listen: { readonly host: string; readonly port: number }
}

/**
 * A libp2p host that talks to members only, on one port. `isMember` is asked for every connection,
 * after the remote key is proven and before anything else is said, and again at its end.
 * @throws Error with the text EADDRINUSE when the port is taken.
 */
export async function createHost(
  options: HostOptions,
): Promise<{ readonly host: MeshHost; readonly transport: MeshTransport }> {
  const { identity, isMember, onFrames, onStranger } = options
  const context = await createSecureContext(identity)
  let transport: MeshTransport | undefined
  const stranger = (peer: PeerId) => !isMember(peer.toString())
  const strangerAtDoor = (peer: PeerId, connection: MultiaddrConnection) => {
    const isStranger = stranger(peer)
    if (isStranger) onStranger(peer.toString(), connection.remoteAddr.toString())
    return isStranger
  }
  const host = await createLibp2p({
    privateKey: identity.privateKey,
    addresses: { listen: [listenAddress(options.listen).toString()] },
    transports: [
      components => {
        transport = new MeshTransport(components, { context, isMember, onFrames, onStranger })
        tellOfLastStreams(components)
        return transport
      },
    ],
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
      denyDialPeer: stranger,
      denyInboundEncryptedConnection: strangerAtDoor,
      denyOutboundEncryptedConnection: stranger,
      denyInboundUpgradedConnection: stranger,
      denyOutboundUpgradedConnection: stranger,
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
  if (transport === undefined) throw new Error('libp2p has made no transport')
  await host.start()
  return { host: host as unknown as MeshHost, transport }
}
