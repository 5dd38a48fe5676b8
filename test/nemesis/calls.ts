import { type EtcdClient, GrpcError } from '../../src/store/etcd/client.ts'
import * as kv from '../../src/store/etcd/rpc/kv.ts'
import * as lease from '../../src/store/etcd/rpc/lease.ts'
import type { MessageType } from '../../src/store/etcd/rpc/message.ts'
import type { WideInt } from '../../src/store/etcd/rpc/reader.ts'

/** A client's patience, milliseconds. */
const timeoutMs = 3_000

type Types<Request, Response> = {
  readonly request: MessageType<Request>
  readonly response: MessageType<Response>
}

function method<Request, Response>(path: string, types: Types<Request, Response>) {
  return (client: EtcdClient, request: Partial<Request>): Promise<Response> =>
    client.unary(`/etcdserverpb.${path}`, types, request, timeoutMs)
}

/** etcd's calls that the nemesis makes. @throws GrpcError */
export const calls = {
  range: method('KV/Range', { request: kv.rangeRequest, response: kv.rangeResponse }),
  put: method('KV/Put', { request: kv.putRequest, response: kv.putResponse }),
  deleteRange: method('KV/DeleteRange', {
    ...{ request: kv.deleteRangeRequest, response: kv.deleteRangeResponse },
  }),
  txn: method('KV/Txn', { request: kv.txnRequest, response: kv.txnResponse }),
  compact: method('KV/Compact', {
    ...{ request: kv.compactionRequest, response: kv.compactionResponse },
  }),
  grant: method('Lease/LeaseGrant', {
    ...{ request: lease.leaseGrantRequest, response: lease.leaseGrantResponse },
  }),
  revoke: method('Lease/LeaseRevoke', {
    ...{ request: lease.leaseRevokeRequest, response: lease.leaseRevokeResponse },
  }),
} as const

/** One renewal; the seconds that the lease has now, 0 when there is no such lease. */
export async function keepAlive(client: EtcdClient, id: WideInt): Promise<number> {
  const types = { request: lease.leaseKeepAliveRequest, response: lease.leaseKeepAliveResponse }
  const stream = client.stream('/etcdserverpb.Lease/LeaseKeepAlive', types, timeoutMs)
  stream.send({ id })
  stream.end()
  for await (const { ttl } of stream.responses) return ttl
  throw new GrpcError(13, 'no response')
}

/** Texts with which a server says that it has proposed nothing. Source: src/store/proposer.ts. */
const refusals: readonly string[] = [
  'etcdserver: no leader',
  'etcdserver: too many requests',
  'etcdserver: rpc not supported for learner',
  'etcdserver: requested lease not found',
  'etcdserver: mvcc: database space exceeded',
  'etcdserver: mvcc: required revision has been compacted',
  'etcdserver: mvcc: required revision is a future revision',
]

/**
 * Whether a call that failed surely has changed nothing: it never reached a server, or the server
 * says so. Everything else (deadlines, lost connections, "request timed out") is unknown.
 */
export function surelyNot(error: unknown): boolean {
  const text = error instanceof Error ? error.message : String(error)
  return refusals.includes(text) || text.includes('ECONNREFUSED')
}
