import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'
import { type SpdySession, serveSpdy, spdyProtocol } from './spdy.ts'

/** Subprotocols of WebSocket by what is served over them; the first that the client offers. */
const webSocketServers = {
  exec: webSocketServer(['v5.channel.k8s.io', 'v4.channel.k8s.io']),
  portForward: webSocketServer(['v4.channel.k8s.io']),
} as const

/** SPDY in binary messages. No valid token of RFC 6455, so it is negotiated past the library. */
const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io'
const tunnelServer = new WebSocketServer({ noServer: true, maxPayload: 16 * 1024 * 1024 })
tunnelServer.on('headers', headers => headers.push(`Sec-WebSocket-Protocol: ${tunnelProtocol}`))

/** Protocols over SPDY; the names of newer ones come first. */
const spdyProtocols = {
  exec: ['v4.channel.k8s.io', 'v3.channel.k8s.io'],
  portForward: ['portforward.k8s.io'],
} as const

/** What an upgrade led to. */
export type Upgraded =
  | { readonly kind: 'websocket'; readonly client: WebSocket; readonly protocol: string }
  | { readonly kind: 'spdy'; readonly session: SpdySession; readonly protocol: string }

/**
 * Answers an upgrade: WebSocket, SPDY/3.1, or SPDY inside a WebSocket (port-forward of kubectl
 * 1.31 and later). @throws Error when the client offers nothing that is known.
 */
export function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  use: 'exec' | 'portForward',
  then: (upgraded: Upgraded) => void,
): void {
  const wanted = request.headers.upgrade?.toLowerCase()
  if (wanted === 'websocket') {
    const offers = String(request.headers['sec-websocket-protocol'] ?? '').split(/,\s*/)
    const isTunnel = use === 'portForward' && offers.includes(tunnelProtocol)
    if (isTunnel) delete request.headers['sec-websocket-protocol']
    const server = isTunnel ? tunnelServer : webSocketServers[use]
    server.handleUpgrade(request, socket, head, client => {
      client.on('error', () => client.terminate())
      if (!isTunnel) return then({ kind: 'websocket', client, protocol: client.protocol })
      const tunnel = createWebSocketStream(client)
      tunnel.on('error', () => client.terminate())
      then({ kind: 'spdy', session: serveSpdy(tunnel), protocol: tunnelProtocol })
    })
    return
  }
  if (wanted !== spdyProtocol.toLowerCase()) {
    throw new Error(`unable to upgrade: missing upgrade headers in request: ${wanted}`)
  }
  const offered = String(request.headers['x-stream-protocol-version'] ?? '').split(/,\s*/)
  const protocol = spdyProtocols[use].find(each => offered.includes(each))
  if (!protocol) throw new Error(`unable to negotiate protocol: client supports ${offered}`)
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      `Upgrade: ${spdyProtocol}`,
      `X-Stream-Protocol-Version: ${protocol}`,
      '\r\n',
    ].join('\r\n'),
  )
  if (head.length > 0) socket.unshift(head)
  then({ kind: 'spdy', session: serveSpdy(socket), protocol })
}

function webSocketServer(protocols: readonly string[]): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    maxPayload: 16 * 1024 * 1024,
    handleProtocols: offered => protocols.find(each => offered.has(each)) ?? false,
  })
}
