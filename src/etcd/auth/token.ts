import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a token says. */
export interface TokenClaims {
  readonly user: string
  /** Revision of users and roles when the token was given. */
  readonly authRevision: number
  /** Wall clock, milliseconds since the epoch. */
  readonly expiresAt: number
}

/** How long a token holds. Source: etcd --auth-token-ttl. */
export const tokenTtlMs = 300_000

/**
 * A token that every member can check without having seen it: `claims.signature`, both base64url,
 * signed with HMAC-SHA-256 by the replicated secret (hex).
 */
export function signToken(claims: TokenClaims, secret: string): string {
  const row = [claims.user, claims.authRevision, claims.expiresAt]
  const body = Buffer.from(JSON.stringify(row)).toString('base64url')
  return `${body}.${signature(body, secret).toString('base64url')}`
}

/** The claims of a token that is ours and not expired at `now`, else undefined. */
export function readToken(token: string, secret: string, now: number): TokenClaims | undefined {
  const [body, given, rest] = token.split('.')
  if (!body || !given || rest !== undefined || secret === '') return undefined
  const expected = signature(body, secret)
  const actual = Buffer.from(given, 'base64url')
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return undefined
  const [user, authRevision, expiresAt] = JSON.parse(Buffer.from(body, 'base64url').toString()) as [
    string,
    number,
    number,
  ]
  return expiresAt > now ? { user, authRevision, expiresAt } : undefined
}

function signature(body: string, secret: string): Buffer {
  return createHmac('sha256', Buffer.from(secret, 'hex')).update(body).digest()
}
