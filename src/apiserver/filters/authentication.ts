import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { UserInfo } from '../../api/http.ts'

/** Who showed no certificate. */
export const anonymous: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

/** Users by connection: a certificate is read once, not with every request. */
const users = new WeakMap<TLSSocket, UserInfo | 'none' | 'refused'>()

/**
 * Who asks; undefined for somebody whose credentials are worth nothing. It comes before the chain
 * and not in it: how much of a body may be read depends on it.
 */
export function authenticate(message: IncomingMessage): UserInfo | undefined {
  const socket = message.socket as TLSSocket
  let user = users.get(socket)
  if (user === undefined) {
    user = readCertificate(socket)
    users.set(socket, user)
  }
  if (user === 'none') return message.headers.authorization === undefined ? anonymous : undefined
  return user === 'refused' ? undefined : user
}

/** CN is the user's name, each O a group. Source: apiserver pkg/authentication/request/x509. */
function readCertificate(socket: TLSSocket): UserInfo | 'none' | 'refused' {
  const certificate = socket.getPeerCertificate()
  if (certificate === undefined || Object.keys(certificate).length === 0) return 'none'
  if (!socket.authorized) return 'refused'
  const { CN, O } = certificate.subject as { CN?: string | string[]; O?: string | string[] }
  const name = Array.isArray(CN) ? CN[0] : CN
  if (!name) return 'refused'
  const groups = O === undefined ? [] : Array.isArray(O) ? O : [O]
  const credential = `X509SHA256=${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`
  return {
    name,
    groups: [...new Set([...groups, 'system:authenticated'])],
    extra: { 'authentication.kubernetes.io/credential-id': [credential] },
  }
}
