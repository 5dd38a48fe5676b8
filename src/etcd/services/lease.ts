import type { LeaseId } from '../../mvcc/types.ts'
import type { Caller } from '../../store/auth/types.ts'
import * as rpc from '../../store/etcd/rpc/lease.ts'
import type { WideInt } from '../../store/etcd/rpc/reader.ts'
import {
  type Context,
  checkServed,
  confirmed,
  decode,
  granted,
  must,
  proposal,
  timeoutOf,
  unary,
} from '../context.ts'
import { etcdError } from '../errors.ts'
import { rpcErrorOf } from '../grpc/status.ts'
import type { Call, Method, ServerStream } from '../grpc/types.ts'
import { leaseFromWire } from '../ids.ts'
import { endWithoutLeader } from './require-leader.ts'

/**
 * Shortest and longest time of a lease, seconds. Source: etcd server/lease/lessor.go; the shortest
 * is one and a half of etcd's default election timeouts, rounded up.
 */
const ttlSeconds = { min: 2, max: 9_000_000_000 } as const

/** Leases that are looked at in one step. */
const stepLeases = 500

/** The Lease service. Source: etcd server/etcdserver/api/v3rpc/lease.go. */
export function leaseMethods(context: Context): Record<string, Method> {
  const { admission, options } = context
  return {
    LeaseGrant: unary(context, {
      request: rpc.leaseGrantRequest,
      response: rpc.leaseGrantResponse,
      async handle(request, call) {
        const propose = proposal(context, call)
        admission.checkNamed(propose.caller)
        if (request.ttl > ttlSeconds.max) throw etcdError('etcdserver: too large lease TTL')
        const ttl = Math.max(ttlSeconds.min, request.ttl)
        const wanted = leaseFromWire(request.id)
        if (wanted === undefined) throw etcdError('etcdserver: lease id is out of range')
        const { id } = await must(options.store.leaseGrant(ttl, wanted || undefined, propose))
        return { header: context.header(), id, ttl }
      },
    }),
    LeaseRevoke: unary(context, {
      request: rpc.leaseRevokeRequest,
      response: rpc.leaseRevokeResponse,
      async handle(request, call) {
        const propose = proposal(context, call)
        admission.checkNamed(propose.caller)
        await must(options.store.leaseRevoke(known(request.id), propose))
        return { header: context.header() }
      },
    }),
    LeaseKeepAlive: {
      kind: 'stream',
      open: (stream, call) => keepAlive(context, stream, call),
    },
    LeaseTimeToLive: unary(context, {
      request: rpc.leaseTimeToLiveRequest,
      response: rpc.leaseTimeToLiveResponse,
      handle: (request, call) => timeToLive(context, request.id, request.keys, call),
    }),
    LeaseLeases: unary(context, {
      request: rpc.leaseLeasesRequest,
      response: rpc.leaseLeasesResponse,
      async handle(_request, call) {
        const caller = admission.callerOf(call)
        admission.checkNamed(caller)
        await must(options.store.readIndex(timeoutOf(call)))
        const leases = options.store.leases()
        await context.longWork.run(checkLeases(context, caller, leases))
        return { header: context.header(), leases: leases.map(id => ({ id })) }
      },
    }),
  }
}

/** Whoever lists leases must be allowed to read the keys of all. */
function* checkLeases(
  { admission, options }: Context,
  caller: Caller,
  leases: readonly LeaseId[],
): Generator<void, void> {
  for (const [at, id] of leases.entries()) {
    yield* admission.checkKeys(caller, 'read', options.store.leaseKeys(id))
    if (at % stepLeases === stepLeases - 1) yield
  }
}

function known(id: WideInt): LeaseId {
  const lease = leaseFromWire(id)
  if (lease === undefined) throw etcdError('etcdserver: requested lease not found')
  return lease
}

async function timeToLive(context: Context, wireId: WideInt, withKeys: boolean, call: Call) {
  const { admission, options } = context
  const caller = admission.callerOf(call)
  admission.checkNamed(caller)
  const id = leaseFromWire(wireId)
  // The leader knows the time; whether there is such a lease, and its keys, is read here.
  await must(options.store.readIndex(timeoutOf(call)))
  const time = id === undefined ? undefined : await options.store.leaseTimeToLive(id)
  if (time?.ok !== true) {
    // A lease that is gone is an answer, not an error.
    if (time !== undefined && time.why !== 'invalid') granted(time)
    return { header: context.header(), id: wireId, ttl: -1 }
  }
  const { grantedSeconds, remainingSeconds, keys } = time
  if (withKeys) await context.longWork.run(admission.checkKeys(caller, 'read', keys))
  return {
    header: context.header(),
    ...{ id: wireId, ttl: remainingSeconds, grantedTtl: grantedSeconds },
    keys: withKeys ? keys : [],
  }
}

/** Answers one after the other; a lease that is gone has the time 0. */
function keepAlive(context: Context, stream: ServerStream, call: Call) {
  const onClose = endWithoutLeader(context, stream, call)
  return {
    async onMessage(message: Buffer) {
      try {
        const { id: wireId } = decode(rpc.leaseKeepAliveRequest, message)
        await confirmed(context, call, () => checkRenewal(context, wireId, call))
        // The revision is one that surely is not later than the renewal.
        const header = context.header()
        const ttl = await renew(context, wireId)
        stream.write(rpc.leaseKeepAliveResponse.encodeParts({ header, id: wireId, ttl }))
      } catch (error) {
        stream.end(rpcErrorOf(error))
      }
    },
    onEnd: () => stream.end(),
    onClose,
  }
}

/** Source: etcd server/etcdserver/v3_server.go checkLeaseRenew. */
async function checkRenewal(context: Context, wireId: WideInt, call: Call): Promise<void> {
  const { admission, options } = context
  checkServed(context, call, false)
  const caller = admission.callerOf(call)
  admission.checkNamed(caller)
  const id = leaseFromWire(wireId)
  if (id === undefined) return
  const keys = options.store.leaseKeys(id)
  await context.longWork.run(admission.checkKeys(caller, 'write', keys))
}

async function renew(context: Context, wireId: WideInt): Promise<number> {
  const id = leaseFromWire(wireId)
  if (id === undefined) return 0
  const renewed = await context.options.store.leaseKeepAlive(id)
  if (!renewed.ok && renewed.why === 'invalid') return 0
  return granted(renewed).ttlSeconds
}
