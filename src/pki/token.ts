import { createHash, randomBytes, timingSafeEqual, X509Certificate } from 'node:crypto'

/**
 * A join token: `id.secret.hash`. id and secret are a bootstrap token of Kubernetes; the hash is
 * that of the CA's public key, so that whoever joins knows whom it talks to.
 * ```
 * abcdef.0123456789abcdef.8cb2de97839780a412b93877f8507ad6c94f73add17d5d7058e91741c9d5ec78
 * ```
 * Source: kubernetes.io "Authenticating with Bootstrap Tokens"; the hash is kubeadm's
 * discovery-token-ca-cert-hash.
 */
export interface JoinToken {
  readonly id: string
  readonly secret: string
  /** SHA-256 of the CA's SubjectPublicKeyInfo, hex. */
  readonly caHash: string
}

const pattern = /^([a-z0-9]{6})\.([a-z0-9]{16})\.([0-9a-f]{64})$/
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'

export function createJoinToken(caCert: string): JoinToken {
  return { id: randomText(6), secret: randomText(16), caHash: caHashOf(caCert) }
}

export function formatJoinToken({ id, secret, caHash }: JoinToken): string {
  return `${id}.${secret}.${caHash}`
}

/** @throws Error that says what a token looks like. */
export function parseJoinToken(text: string): JoinToken {
  const [, id, secret, caHash] = pattern.exec(text.trim()) ?? []
  if (id === undefined || secret === undefined || caHash === undefined) {
    throw new Error('the token is not one of: quorate token create (id.secret.hash of the CA)')
  }
  return { id, secret, caHash }
}

export function caHashOf(caCert: string): string {
  const spki = new X509Certificate(caCert).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('hex')
}

/** Takes the same time wherever they differ. */
export function isSameSecret(left: string, right: string): boolean {
  const [a, b] = [left, right].map(text => createHash('sha256').update(text).digest())
  return timingSafeEqual(a!, b!)
}

/** Each letter equally likely: bytes beyond a multiple of 36 are drawn again. */
function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 252 && text.length < length) text += letters[byte % letters.length]
    }
  }
  return text
}
