import * as auth from '../../src/store/etcd/rpc/auth.ts'
import * as cluster from '../../src/store/etcd/rpc/cluster.ts'
import * as concurrency from '../../src/store/etcd/rpc/concurrency.ts'
import * as health from '../../src/store/etcd/rpc/health.ts'
import * as kv from '../../src/store/etcd/rpc/kv.ts'
import * as lease from '../../src/store/etcd/rpc/lease.ts'
import * as maintenance from '../../src/store/etcd/rpc/maintenance.ts'
import type { MessageType } from '../../src/store/etcd/rpc/message.ts'
import * as watch from '../../src/store/etcd/rpc/watch.ts'

/** A valid call of each method of etcd's API. */
export interface ValidCall {
  readonly path: string
  readonly message: Buffer
  /** Whether mutated bytes would do what nobody may survive: the caller is an administrator. */
  readonly isFatal?: (message: Buffer) => boolean
}

function call<T>(
  path: string,
  type: MessageType<T>,
  request: Partial<T>,
  isFatal?: (request: T) => boolean,
): ValidCall {
  const message = type.encode(request)
  const full = path.includes('.') ? `/${path}` : `/etcdserverpb.${path}`
  if (isFatal === undefined) return { path: full, message }
  return { path: full, message, isFatal: bytes => isFatal(type.decode(bytes)) }
}

const key = 'fuzz/k'
const value = Buffer.from('value')
const leader = { name: 'fuzz/e', key: 'fuzz/e/7', rev: 3, lease: 7 }
const put = { key, value, lease: 0, prevKv: true }
const range = {
  ...{ key: 'fuzz/', rangeEnd: 'fuzz0', limit: 3, revision: 1, sortOrder: 2, sortTarget: 3 },
  ...{ serializable: true, keysOnly: true, minModRevision: 1, maxCreateRevision: 99 },
}
const txn: Partial<kv.TxnRequestMessage> = {
  compare: [
    { key, result: 0, target: 3, value },
    { key: 'fuzz/', rangeEnd: 'fuzz0', result: 1, target: 2, modRevision: 4 },
  ],
  success: [{ requestPut: put }, { requestRange: range }],
  failure: [{ requestDeleteRange: { key: 'fuzz/a', rangeEnd: 'fuzz/b', prevKv: true } }],
}
const user = { name: 'fuzz-user' }
const memberId = 0x1234_5678_9abcn
const perm = { permType: 2, key: 'a', rangeEnd: 'b' }

/** With users switched on, or a voter that never comes, nobody could be asked any more. */
export const validCalls: readonly ValidCall[] = [
  call('KV/Range', kv.rangeRequest, range),
  call('KV/Put', kv.putRequest, put),
  call('KV/DeleteRange', kv.deleteRangeRequest, { key, rangeEnd: 'fuzz/l', prevKv: true }),
  call('KV/Txn', kv.txnRequest, txn),
  call('KV/Txn', kv.txnRequest, {
    success: [
      {
        requestTxn: {
          ...txn,
          failure: [{ requestTxn: txn as kv.TxnRequestMessage }],
        } as kv.TxnRequestMessage,
      },
    ],
  }),
  call('KV/Compact', kv.compactionRequest, { revision: 2, physical: true }),
  call('Watch/Watch', watch.watchRequest, {
    createRequest: {
      ...{ key: 'fuzz/', rangeEnd: 'fuzz0', startRevision: 2, progressNotify: true },
      ...{ filters: [1], prevKv: true, watchId: 7, fragment: true },
    } as watch.WatchCreateRequest,
  }),
  call('Watch/Watch', watch.watchRequest, { cancelRequest: { watchId: 7 } }),
  call('Watch/Watch', watch.watchRequest, { progressRequest: {} }),
  call('Lease/LeaseGrant', lease.leaseGrantRequest, { ttl: 60, id: 77 }),
  call('Lease/LeaseRevoke', lease.leaseRevokeRequest, { id: 77 }),
  call('Lease/LeaseKeepAlive', lease.leaseKeepAliveRequest, { id: 77 }),
  call('Lease/LeaseTimeToLive', lease.leaseTimeToLiveRequest, { id: 77, keys: true }),
  call('Lease/LeaseLeases', lease.leaseLeasesRequest, {}),
  call(
    'Cluster/MemberAdd',
    cluster.memberAddRequest,
    { peerUrls: ['https://127.0.0.1:1'], isLearner: true },
    ({ isLearner }) => !isLearner,
  ),
  call('Cluster/MemberRemove', cluster.memberRemoveRequest, { id: memberId }),
  call('Cluster/MemberUpdate', cluster.memberUpdateRequest, {
    ...{ id: memberId, peerUrls: ['https://127.0.0.1:1'] },
  }),
  call('Cluster/MemberList', cluster.memberListRequest, { linearizable: true }),
  call('Cluster/MemberPromote', cluster.memberPromoteRequest, { id: memberId }),
  call(
    'Maintenance/Alarm',
    maintenance.alarmRequest,
    { action: 2, memberId, alarm: 1 },
    ({ action }) => action === 1,
  ),
  call('Maintenance/Status', maintenance.statusRequest, {}),
  call('Maintenance/Defragment', maintenance.defragmentRequest, {}),
  call('Maintenance/Hash', maintenance.hashRequest, {}),
  call('Maintenance/HashKV', maintenance.hashKvRequest, { revision: 1 }),
  call('Maintenance/Snapshot', maintenance.snapshotRequest, {}),
  call('Maintenance/MoveLeader', maintenance.moveLeaderRequest, { targetId: memberId }),
  call('Auth/AuthStatus', auth.emptyRequest, {}),
  call('Auth/AuthDisable', auth.emptyRequest, {}),
  call('Auth/Authenticate', auth.authenticateRequest, { ...user, password: 'p' }),
  call('Auth/UserAdd', auth.userAddRequest, { ...user, options: { noPassword: true } }),
  call('Auth/UserGet', auth.userRequest, user),
  call('Auth/UserDelete', auth.userRequest, user),
  call('Auth/UserChangePassword', auth.userChangePasswordRequest, { ...user, password: 'q' }),
  call('Auth/UserGrantRole', auth.userGrantRoleRequest, { user: user.name, role: 'fuzz-role' }),
  call('Auth/UserRevokeRole', auth.userRevokeRoleRequest, { ...user, role: 'fuzz-role' }),
  call('Auth/RoleAdd', auth.roleAddRequest, { name: 'fuzz-role' }),
  call('Auth/RoleGet', auth.roleRequest, { role: 'fuzz-role' }),
  call('Auth/RoleDelete', auth.roleRequest, { role: 'fuzz-role' }),
  call('Auth/RoleGrantPermission', auth.roleGrantPermissionRequest, { name: 'fuzz-role', perm }),
  call('Auth/RoleRevokePermission', auth.roleRevokePermissionRequest, {
    ...{ role: 'fuzz-role', key: 'a', rangeEnd: 'b' },
  }),
  call('v3lockpb.Lock/Lock', concurrency.lockRequest, { name: 'fuzz/l', lease: 0 }),
  call('v3lockpb.Lock/Unlock', concurrency.unlockRequest, { key: 'fuzz/l/7' }),
  call('v3electionpb.Election/Campaign', concurrency.campaignRequest, {
    ...{ name: 'fuzz/e', lease: 0, value },
  }),
  call('v3electionpb.Election/Proclaim', concurrency.proclaimRequest, { leader, value }),
  call('v3electionpb.Election/Leader', concurrency.leaderRequest, { name: 'fuzz/e' }),
  call('v3electionpb.Election/Observe', concurrency.leaderRequest, { name: 'fuzz/e' }),
  call('v3electionpb.Election/Resign', concurrency.resignRequest, { leader }),
  call('grpc.health.v1.Health/Check', health.healthCheckRequest, { service: '' }),
  call('grpc.health.v1.Health/Watch', health.healthCheckRequest, { service: 'x' }),
]
