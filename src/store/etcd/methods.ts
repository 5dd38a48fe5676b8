import * as cluster from './rpc/cluster.ts'
import * as kv from './rpc/kv.ts'
import * as lease from './rpc/lease.ts'
import * as maintenance from './rpc/maintenance.ts'
import type { MessageType } from './rpc/message.ts'

/** One call of etcd's API. Source: etcd api/etcdserverpb/rpc.proto. */
export interface EtcdMethod<Request, Response> {
  readonly path: string
  readonly request: MessageType<Request>
  readonly response: MessageType<Response>
  /** It may be made twice: a read, or a write that is the same when it is made again. */
  readonly repeatable: boolean
}

function method<Request, Response>(
  path: string,
  request: MessageType<Request>,
  response: MessageType<Response>,
  repeatable: boolean,
): EtcdMethod<Request, Response> {
  return { path: `/etcdserverpb.${path}`, request, response, repeatable }
}

/** What the driver calls. LeaseKeepAlive is a stream that here carries one message each way. */
export const methods = {
  range: method('KV/Range', kv.rangeRequest, kv.rangeResponse, true),
  txn: method('KV/Txn', kv.txnRequest, kv.txnResponse, false),
  readOnlyTxn: method('KV/Txn', kv.txnRequest, kv.txnResponse, true),
  compact: method('KV/Compact', kv.compactionRequest, kv.compactionResponse, false),
  leaseGrant: method('Lease/LeaseGrant', lease.leaseGrantRequest, lease.leaseGrantResponse, false),
  leaseRevoke: method(
    'Lease/LeaseRevoke',
    lease.leaseRevokeRequest,
    lease.leaseRevokeResponse,
    false,
  ),
  leaseKeepAlive: method(
    'Lease/LeaseKeepAlive',
    lease.leaseKeepAliveRequest,
    lease.leaseKeepAliveResponse,
    true,
  ),
  leases: method('Lease/LeaseLeases', lease.leaseLeasesRequest, lease.leaseLeasesResponse, true),
  status: method('Maintenance/Status', maintenance.statusRequest, maintenance.statusResponse, true),
  hashKv: method('Maintenance/HashKV', maintenance.hashKvRequest, maintenance.hashKvResponse, true),
  memberList: method(
    'Cluster/MemberList',
    cluster.memberListRequest,
    cluster.membersResponse,
    true,
  ),
} as const
