import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { ApiResponse } from '../../api/http.ts'
import { errorCode, errorMessage } from '../../kernel/result.ts'
import type { Attributes } from '../filters/attributes.ts'
import type { Parts } from '../http/context.ts'
import { textResponse } from '../http/respond.ts'
import type { Target } from '../http/target.ts'
import { checkLogOptions } from './log-options.ts'
import { kubeletRefusal } from './refusal.ts'
import { type KubeletTarget, kubeletTarget, kubeletUnreachable } from './target.ts'

const connectTimeoutMs = 10_000

/** `pods/log`: what the kubelet says, streamed as it comes. */
export async function readLog(
  parts: Parts,
  attributes: Attributes,
  { route }: Target,
): Promise<ApiResponse> {
  checkLogOptions(route.name, attributes.request.query)
  const target = await kubeletTarget(parts, route, attributes.request.query)
  if (target.host === '') return textResponse(200, '')
  const answer = await ask(parts, target, attributes.request.signal)
  const { statusCode = 502 } = answer
  if (statusCode < 200 || statusCode > 206) {
    throw await kubeletRefusal(answer, 'pods/log', route.name)
  }
  const type = answer.headers['content-type'] ?? 'text/plain'
  return { status: statusCode, headers: { 'content-type': type }, body: answer }
}

function ask(
  parts: Parts,
  target: KubeletTarget,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { kubeletCredentials } = parts.options
    const outgoing = httpsRequest({
      host: target.host,
      port: target.port,
      path: target.path,
      method: 'GET',
      agent: false,
      ...kubeletTls(kubeletCredentials),
      signal,
    })
    outgoing.setTimeout(connectTimeoutMs, () => outgoing.destroy(new Error('i/o timeout')))
    outgoing.on('response', message => {
      outgoing.setTimeout(0)
      resolve(message)
    })
    outgoing.on('error', error => {
      const refused = errorCode(error) === 'ECONNREFUSED'
      reject(
        kubeletUnreachable(target, refused ? 'connect: connection refused' : errorMessage(error)),
      )
    })
    outgoing.end()
  })
}

/** TLS options towards a kubelet. Its name is not checked: upstream does not either, by default. */
export function kubeletTls(credentials: Parts['options']['kubeletCredentials']) {
  if (credentials === undefined) return {}
  const { ca, cert, key } = credentials
  return { ca, cert, key, checkServerIdentity: () => undefined }
}
