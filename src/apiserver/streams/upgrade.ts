import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import type { ApiRequest, ApiResponse } from '../../api/http.ts'
import { badRequest, methodNotAllowed, pathNotFound } from '../../api/status.ts'
import { farewell } from '../../kernel/farewell.ts'
import { errorCode, errorMessage } from '../../kernel/result.ts'
import type { Attributes, Filter } from '../filters/attributes.ts'
import { compose } from '../filters/chain.ts'
import type { Parts } from '../http/context.ts'
import { wholeBody } from '../http/respond.ts'
import { kubeletTls } from './log.ts'
import { type KubeletTarget, kubeletTarget, kubeletUnreachable } from './target.ts'

const streams = new Set(['exec', 'attach', 'portforward'])
/** Source: registry/core/pod/rest/subresources.go, upgradeableMethods. */
const methods = new Set(['GET', 'POST'])
const connectTimeoutMs = 10_000

/** Headers of a connection, not of what is asked. */
const hopHeaders = new Set(['host', 'authorization', 'content-length', 'transfer-encoding'])

/**
 * exec, attach and port-forward: after the kubelet agreed to the client's upgrade, bytes go both
 * ways as they are, whatever protocol the two speak.
 */
export async function serveUpgrade(
  parts: Parts,
  filters: readonly Filter[],
  attributes: Attributes,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const serve = compose(filters, async ({ request, route }) => {
    if (route?.row === undefined) throw pathNotFound()
    if (route.row.resource !== 'pods' || !streams.has(route.subresource)) {
      throw badRequest('the resource does not support an upgrade')
    }
    if (!methods.has(request.method)) throw methodNotAllowed()
    const target = await kubeletTarget(parts, route, request.query)
    return connect(parts, request, target, socket, head)
  })
  const response = await serve(attributes)
  if (response.status !== upgraded.status) await writePlain(socket, response)
}

/** The answer that was given on the connection itself. */
const upgraded: ApiResponse = { status: 101, headers: {}, body: new Uint8Array() }

function connect(
  parts: Parts,
  request: ApiRequest,
  target: KubeletTarget,
  socket: Duplex,
  head: Buffer,
): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const headers = Object.entries(request.headers).filter(([name]) => !hopHeaders.has(name))
    const outgoing = httpsRequest({
      host: target.host,
      port: target.port,
      path: target.path,
      method: request.method,
      headers: Object.fromEntries(headers),
      agent: false,
      ...kubeletTls(parts.options.kubeletCredentials),
    })
    outgoing.setTimeout(connectTimeoutMs, () => outgoing.destroy(new Error('i/o timeout')))
    outgoing.on('upgrade', (answer, kubelet, first) => {
      outgoing.setTimeout(0)
      const lines = [`HTTP/1.1 101 ${answer.statusMessage ?? 'Switching Protocols'}`]
      for (let at = 0; at < answer.rawHeaders.length; at += 2) {
        lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}`)
      }
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
      if (first.length > 0) socket.write(first)
      if (head.length > 0) kubelet.write(head)
      couple(socket, kubelet)
      resolve(upgraded)
    })
    outgoing.on('response', answer => {
      outgoing.setTimeout(0)
      resolve({
        status: answer.statusCode ?? 502,
        headers: { 'content-type': answer.headers['content-type'] ?? 'text/plain' },
        body: answer,
      })
    })
    outgoing.on('error', error => {
      const refused = errorCode(error) === 'ECONNREFUSED'
      const why = refused ? 'connect: connection refused' : errorMessage(error)
      reject(kubeletUnreachable(target, why))
    })
    outgoing.end()
  })
}

/** Two connections as one: an end or an error of either ends both, also one that has been. */
function couple(a: Duplex, b: Duplex): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
    if (from.destroyed) to.destroy()
    else from.pipe(to)
  }
}

/** An answer without upgrade on a raw connection, which it ends. */
async function writePlain(socket: Duplex, response: ApiResponse): Promise<void> {
  const body = await wholeBody(response)
  const lines = [
    `HTTP/1.1 ${response.status} Refused`,
    ...Object.entries(response.headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${body.length}`,
    'connection: close',
  ]
  farewell(socket, Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]))
}
