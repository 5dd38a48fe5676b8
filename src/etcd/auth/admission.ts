import type { Clock } from '../../kernel/clock.ts'
import { runAtOnce } from '../../kernel/long-work.ts'
import type { Key, TxnOp } from '../../mvcc/types.ts'
import { refusalOfKeys, refusalOfTxn } from '../../store/auth/admit.ts'
import { authTexts } from '../../store/auth/texts.ts'
import { type AuthView, type Caller, unasked } from '../../store/auth/types.ts'
import { etcdError } from '../errors.ts'
import type { Call } from '../grpc/types.ts'
import { readToken, signToken, type TokenKey, tokenTtlMs } from './token.ts'

/** Tokens that were checked are remembered, so that a signature is not verified for each call. */
const rememberedMax = 4_096

/**
 * Who a call comes from and what it may do, once authentication is on: a token, else the name in
 * the client's certificate. Source: etcd server/auth/store.go AuthInfoFromCtx, AuthInfoFromTLS.
 */
export class Admission {
  readonly #auth: () => AuthView
  readonly #clock: Clock
  readonly #checked = new Map<string, { readonly user: string; readonly expiresAt: number }>()
  #checkedAt = ''

  /** `auth` is asked each time, for a snapshot of the store may replace it. */
  constructor(auth: () => AuthView, clock: Clock) {
    this.#auth = auth
    this.#clock = clock
  }

  /**
   * The caller whose permissions count. One without a name is refused wherever a permission is
   * needed.
   * @throws RpcError "invalid auth token": etcd's clients then authenticate again.
   */
  callerOf(call: Call): Caller {
    const auth = this.#auth()
    if (!auth.enabled) return unasked
    const token = call.header('token') ?? call.header('authorization')
    const user = token === undefined ? call.client.commonName : this.#userOf(token, auth)
    return { user, authRevision: auth.revision }
  }

  /** A token for `user`, whose password has been checked. */
  tokenFor(user: string): string {
    return signToken({ user, expiresAt: this.#clock.wall() + tokenTtlMs }, keyOf(this.#auth()))
  }

  /** @throws RpcError when the caller may not read [key, rangeEnd). */
  checkRead(caller: Caller, key: Key, rangeEnd: Key): void {
    const auth = this.#auth()
    if (!auth.enabled) return
    this.checkNamed(caller)
    const refusal = auth.refuses(caller.user, 'read', key, rangeEnd === '' ? undefined : rangeEnd)
    if (refusal !== undefined) throw etcdError(refusal)
  }

  /**
   * @throws RpcError when the caller may not do all that `txn` may come to do: what its other
   * branch would read is asked too.
   */
  checkReads(caller: Caller, txn: Pick<TxnOp, 'compares' | 'success' | 'failure'>): void {
    const auth = this.#auth()
    if (!auth.enabled) return
    this.checkNamed(caller)
    const refusal = runAtOnce(refusalOfTxn(auth, caller.user, txn, () => []))
    if (refusal !== undefined) throw etcdError(refusal)
  }

  /** In steps. @throws RpcError unless the caller may do `type` with every one of `keys`. */
  *checkKeys(caller: Caller, type: 'read' | 'write', keys: Iterable<Key>): Generator<void, void> {
    const auth = this.#auth()
    if (!auth.enabled) return
    this.checkNamed(caller)
    const refusal = yield* refusalOfKeys(auth, caller.user, type, keys)
    if (refusal !== undefined) throw etcdError(refusal)
    // Between the steps users and roles may have changed.
    this.checkNamed(caller)
  }

  /** @throws RpcError unless the caller has the root role. Source: IsAdminPermitted. */
  checkAdmin(caller: Caller): void {
    const auth = this.#auth()
    if (!auth.enabled) return
    this.checkNamed(caller)
    if (auth.isAdmin(caller.user)) return
    const known = auth.user(caller.user) !== undefined
    throw etcdError(known ? 'etcdserver: permission denied' : 'etcdserver: user name not found')
  }

  /** @throws RpcError when nobody says who he is, or users have changed since he was admitted. */
  checkNamed(caller: Caller): void {
    const auth = this.#auth()
    if (!auth.enabled) return
    if (caller.authRevision !== auth.revision) throw etcdError(authTexts.oldRevision)
    if (caller.user === '') throw etcdError('etcdserver: user name is empty')
  }

  #userOf(header: string, auth: AuthView): string {
    const token = header.replace(/^Bearer /, '')
    const view = `${auth.revision}/${auth.tokenSecret}`
    if (this.#checkedAt !== view || this.#checked.size >= rememberedMax) this.#checked.clear()
    this.#checkedAt = view
    const now = this.#clock.wall()
    const known = this.#checked.get(token)
    if (known !== undefined && known.expiresAt > now) return known.user
    const claims = readToken(token, keyOf(auth), now)
    if (claims === undefined) throw etcdError('etcdserver: invalid auth token')
    this.#checked.set(token, claims)
    return claims.user
  }
}

function keyOf(auth: AuthView): TokenKey {
  return { secret: auth.tokenSecret, passwordHash: user => auth.user(user)?.passwordHash }
}
