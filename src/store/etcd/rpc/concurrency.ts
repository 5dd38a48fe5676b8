import { keyValue, responseHeader } from './kv.ts'
import { field, type MessageOf, message } from './message.ts'

/**
 * Messages of etcd's services for locks and elections.
 * Source: etcd server/etcdserver/api/v3lock/v3lockpb/v3lock.proto,
 * server/etcdserver/api/v3election/v3electionpb/v3election.proto.
 */

const header = field.message(1, () => responseHeader)

export const lockRequest = message({ name: field.key(1), lease: field.wide(2) })
export const lockResponse = message({ header, key: field.key(2) })
export const unlockRequest = message({ key: field.key(1) })
export const unlockResponse = message({ header })

export const leaderKey = message({
  name: field.key(1),
  key: field.key(2),
  rev: field.int64(3),
  lease: field.wide(4),
})
export type LeaderKey = MessageOf<typeof leaderKey>

export const campaignRequest = message({
  name: field.key(1),
  lease: field.wide(2),
  value: field.bytes(3),
})
export const campaignResponse = message({ header, leader: field.message(2, () => leaderKey) })
export const proclaimRequest = message({
  leader: field.message(1, () => leaderKey),
  value: field.bytes(2),
})
export const proclaimResponse = message({ header })
export const leaderRequest = message({ name: field.key(1) })
export const leaderResponse = message({ header, kv: field.message(2, () => keyValue) })
export const resignRequest = message({ leader: field.message(1, () => leaderKey) })
export const resignResponse = message({ header })
