import { constants } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import * as tls from 'node:tls'
import { createHostCertificate, provenPeerId } from './certificate.ts'
import type { MeshIdentity } from './identity.ts'

/**
 * TLS 1.3 between members, straight on the TCP socket, with the certificates of libp2p's TLS
 * specification. The certificate authorities of the web have no say: `rejectUnauthorized` is off,
 * and the peer ID that the certificate proves is what is verified instead.
 */

/** What both ends must ask for: says that frames follow, not libp2p's multistream. */
const applicationProtocol = 'quorate-frames/1'
/** The accepting end's only bytes: "your certificate is a member's". */
const accepted = Buffer.from([1])
const keepAliveMs = 1_000

/** Our own certificate, made once for all connections. */
export async function createSecureContext(identity: MeshIdentity): Promise<tls.SecureContext> {
  const certificate = await createHostCertificate(identity.privateKey)
  return tls.createSecureContext({
    ...certificate,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    // No resumed sessions: every connection proves its peer anew.
    secureOptions: constants.SSL_OP_NO_TICKET,
  })
}

/**
 * Connects to the peer `peerId`, which has accepted us when this resolves.
 * @throws Error with code ECONNREFUSED when nobody listens, the signal's reason, or what is wrong.
 */
export async function connectSecure(options: {
  readonly host: string
  readonly port: number
  readonly peerId: string
  readonly context: tls.SecureContext
  /** TCP has this long to connect; `signal` bounds the whole. */
  readonly connectTimeoutMs: number
  readonly signal: AbortSignal
}): Promise<tls.TLSSocket> {
  const { host, port, peerId, context, signal } = options
  signal.throwIfAborted()
  const socket = tls.connect({
    ...{ host, port, secureContext: context, ALPNProtocols: [applicationProtocol] },
    ...{ rejectUnauthorized: false, timeout: options.connectTimeoutMs },
    // The specification forbids a server name, and node takes one from the host.
    servername: '',
  })
  const onTimeout = () => socket.destroy(new Error('connecting took too long'))
  const onAbort = () => socket.destroy(signal.reason as Error)
  socket.once('timeout', onTimeout)
  socket.once('connect', () => {
    socket.setTimeout(0)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
  })
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await orClosed(socket, once(socket, 'secureConnect'))
    const proven = await orClosed(socket, peerOf(socket))
    if (proven !== peerId) throw new Error(`the peer there is ${proven}`)
    await orClosed(socket, acceptance(socket))
    return socket
  } catch (error) {
    socket.destroy()
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/**
 * The accepting end of a handshake on `raw`, of which nothing was consumed. From here on `raw` is
 * the TLS socket's: on Node 20, destroying it first ends the process.
 */
export function wrapSecure(raw: Socket, context: tls.SecureContext): tls.TLSSocket {
  const socket = new tls.TLSSocket(raw, {
    ...{ isServer: true, secureContext: context, ALPNProtocols: [applicationProtocol] },
    ...{ requestCert: true, rejectUnauthorized: false },
  })
  socket.on('error', () => {})
  raw.setNoDelay(true)
  raw.setKeepAlive(true, keepAliveMs)
  return socket
}

/** Waits for the handshake. @returns the peer ID proven. @throws Error when there is none. */
export async function peerOfHandshake(socket: tls.TLSSocket): Promise<string> {
  await orClosed(socket, once(socket, 'secure'))
  return orClosed(socket, peerOf(socket))
}

/** Tells the connecting end that it is welcome. */
export function accept(socket: tls.TLSSocket): void {
  socket.write(accepted)
}

async function peerOf(socket: tls.TLSSocket): Promise<string> {
  if (socket.alpnProtocol !== applicationProtocol) throw new Error('no common protocol')
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) throw new Error('the peer has no certificate')
  return provenPeerId(certificate.raw, Date.now())
}

/** The byte that the accepting end sends once it has verified us: until then it may hang up. */
async function acceptance(socket: tls.TLSSocket): Promise<void> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  if (!chunk.equals(accepted)) throw new Error('the peer speaks another protocol')
}

/** `step`, unless the socket closes first: then its error, or that it was refused. */
async function orClosed<T>(socket: tls.TLSSocket, step: Promise<T>): Promise<T> {
  let onClose = () => {}
  let failure: Error | undefined
  const onError = (error: Error) => {
    failure = error
  }
  socket.on('error', onError)
  const closed = new Promise<never>((_, reject) => {
    onClose = () => reject(failure ?? new Error('the peer has hung up'))
    socket.once('close', onClose)
    if (socket.closed) onClose()
  })
  try {
    return await Promise.race([step, closed])
  } finally {
    socket.off('close', onClose)
    // The error listener stays: an error of a socket that nobody hears ends the process.
  }
}
