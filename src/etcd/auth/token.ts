import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a token says. */
export interface TokenClaims {
  readonly user: string
  /** Wall clock, milliseconds since the epoch. */
  readonly expiresAt: number
}

/** What a token is signed with. */
export interface TokenKey {
  /** Of the replicated state, hex; empty while there is none. Another one at each auth enable. */
  readonly secret: string
  /** The hash of a user's password; undefined for who has none, or is no user. */
  passwordHash(user: string): string | undefined
}

/** How long a token holds. Source: etcd --auth-token-ttl. */
export const tokenTtlMs = 300_000

/**
 * A token that every member can check without having seen it: `claims.signature`, both base64url,
 * signed with HMAC-SHA-256 over the claims and the hash of the user's password. So it ends with
 * that password and that user, and outlives other changes, as etcd's simple tokens do.
 * Source: etcd server/auth/store.go UserDelete, UserChangePassword (invalidateUser).
 */
export function signToken(claims: TokenClaims, key: TokenKey): string {
  const body = Buffer.from(JSON.stringify([claims.user, claims.expiresAt])).toString('base64url')
  const sum = signature(body, key.secret, key.passwordHash(claims.user) ?? '')
  return `${body}.${sum.toString('base64url')}`
}

/** The claims of a token that is ours and not expired at `now`, else undefined. */
export function readToken(token: string, key: TokenKey, now: number): TokenClaims | undefined {
  const [body, given, rest] = token.split('.')
  if (!body || !given || rest !== undefined || key.secret === '') return undefined
  const claims = claimsOf(body)
  const passwordHash = claims && key.passwordHash(claims.user)
  if (!passwordHash) return undefined
  const expected = signature(body, key.secret, passwordHash)
  const actual = Buffer.from(given, 'base64url')
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return undefined
  return claims.expiresAt > now ? claims : undefined
}

/** Not yet to be believed: whose password the signature has to be checked with. */
function claimsOf(body: string): TokenClaims | undefined {
  try {
    const row: unknown = JSON.parse(Buffer.from(body, 'base64url').toString())
    if (!Array.isArray(row) || row.length !== 2) return undefined
    const [user, expiresAt] = row as unknown[]
    return typeof user === 'string' && typeof expiresAt === 'number'
      ? { user, expiresAt }
      : undefined
  } catch {
    return undefined
  }
}

function signature(body: string, secret: string, passwordHash: string): Buffer {
  const hmac = createHmac('sha256', Buffer.from(secret, 'hex'))
  return hmac.update(body).update('.').update(passwordHash).digest()
}
