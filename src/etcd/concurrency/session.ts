import type { Key, LeaseId, RangeResult } from '../../mvcc/types.ts'
import { endOfPrefix } from '../../store/etcd/keyspace.ts'
import type { WideInt } from '../../store/etcd/rpc/reader.ts'
import { type Context, confirmed, must, proposal } from '../context.ts'
import { etcdError } from '../errors.ts'
import { RpcError } from '../grpc/status.ts'
import type { Call } from '../grpc/types.ts'
import { leaseFromWire } from '../ids.ts'
import { read } from '../read.ts'
import { Follow } from './follow.ts'

/** Source: etcd client/v3/concurrency/session.go defaultSessionTTL. */
const sessionTtlSeconds = 60

/**
 * The lease that a lock or candidate lives by: the client's, or one of a minute that nobody renews.
 * @throws RpcError "requested lease not found" for one that the store can't have.
 */
export async function sessionOf(context: Context, wire: WideInt, call: Call): Promise<LeaseId> {
  const lease = leaseFromWire(wire)
  if (lease === undefined) throw etcdError('etcdserver: requested lease not found')
  if (lease !== 0) return lease
  const options = proposal(context, call)
  context.admission.checkNamed(options.caller)
  const { id } = await must(context.options.store.leaseGrant(sessionTtlSeconds, undefined, options))
  return id
}

/** `name/` and the lease in hexadecimal digits: who waits for what. */
export function keyOf(name: Key, lease: LeaseId): Key {
  return `${name}/${lease.toString(16)}`
}

/** The first of those that wait for `name`, or with `before` the last that came before it. */
export async function waiting(
  context: Context,
  name: Key,
  call: Call,
  before?: number,
): Promise<{ readonly found: RangeResult['kvs'][number] | undefined; readonly revision: number }> {
  const op = {
    ...({ type: 'range', limit: 1 } as const),
    ...prefixOf(name),
    sort: { by: 'create', descending: before !== undefined } as const,
    ...(before !== undefined && { maxCreateRevision: before }),
  }
  const { range, revision } = await confirmed(context, call, () =>
    read(context, op, call, caller => context.admission.checkRead(caller, op.key, op.rangeEnd)),
  )
  return { found: range.kvs[0], revision }
}

export function prefixOf(name: Key): { readonly key: Key; readonly rangeEnd: Key } {
  return { key: `${name}/`, rangeEnd: endOfPrefix(`${name}/`) }
}

/**
 * Resolves when everybody who came to `name` up to the revision `createMax` has left.
 * @throws RpcError when the client has gone, or its time is over.
 * Source: etcd client/v3/concurrency/key.go waitDeletes.
 */
export async function waitForTurn(
  context: Context,
  name: Key,
  createMax: number,
  call: Call,
): Promise<void> {
  const end = new EndOfCall(context, call)
  try {
    for (;;) {
      const { found, revision } = await waiting(context, name, call, createMax)
      if (found === undefined) return
      const follow = end.follow({ key: found.key }, revision + 1)
      while ((await follow.next()).type !== 'delete');
      follow.close()
    }
  } finally {
    end.release()
  }
}

/** Closes what a call waits for when nobody waits for the call any more. */
export class EndOfCall {
  readonly #context: Context
  readonly #release: () => void
  #why: RpcError | undefined
  #follow: Follow | undefined

  constructor(context: Context, call: Call) {
    this.#context = context
    const cancel =
      call.timeoutMs === undefined
        ? () => {}
        : context.options.clock.after(call.timeoutMs, () => this.#end(late))
    const forget = call.onOver(() => this.#end(gone))
    this.#release = () => {
      cancel()
      forget()
    }
  }

  follow(keys: { readonly key: Key; readonly rangeEnd?: Key }, from: number): Follow {
    this.#follow?.close()
    this.#follow = new Follow(this.#context.options.store, keys, from)
    if (this.#why !== undefined) this.#follow.close(this.#why)
    return this.#follow
  }

  release(): void {
    this.#release()
    this.#follow?.close()
  }

  #end(why: RpcError): void {
    this.#why = why
    this.#follow?.close(why)
  }
}

const late = new RpcError('deadlineExceeded', 'context deadline exceeded')
const gone = new RpcError('cancelled', 'context canceled')
