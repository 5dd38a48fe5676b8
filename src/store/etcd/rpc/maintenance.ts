import { responseHeader } from './kv.ts'
import { field, message } from './message.ts'

/** Messages of the Maintenance service. Source: etcd api/etcdserverpb/rpc.proto. */

const header = field.message(1, () => responseHeader)

export const alarmActions = ['get', 'activate', 'deactivate'] as const
export const alarmTypes = ['NONE', 'NOSPACE', 'CORRUPT'] as const

export const alarmRequest = message({
  /** Index in alarmActions. */
  action: field.enumeration(1),
  memberId: field.uint64(2),
  /** Index in alarmTypes. */
  alarm: field.enumeration(3),
})
export const alarmMember = message({ memberId: field.uint64(1), alarm: field.enumeration(2) })
export const alarmResponse = message({
  header,
  alarms: field.repeated(field.message(2, () => alarmMember)),
})

export const statusRequest = message({})
export const statusResponse = message({
  header,
  version: field.string(2),
  dbSize: field.int64(3),
  leader: field.uint64(4),
  raftIndex: field.int64(5),
  raftTerm: field.int64(6),
  raftAppliedIndex: field.int64(7),
  errors: field.repeated(field.string(8)),
  dbSizeInUse: field.int64(9),
  isLearner: field.bool(10),
  storageVersion: field.string(11),
  dbSizeQuota: field.int64(12),
})

export const defragmentRequest = message({})
export const defragmentResponse = message({ header })

export const hashRequest = message({})
export const hashResponse = message({ header, hash: field.uint32(2) })

export const hashKvRequest = message({ revision: field.int64(1) })
export const hashKvResponse = message({
  header,
  hash: field.uint32(2),
  compactRevision: field.int64(3),
  hashRevision: field.int64(4),
})

export const snapshotRequest = message({})
export const snapshotResponse = message({
  header,
  remainingBytes: field.int64(2),
  blob: field.bytes(3),
  version: field.string(4),
})

export const moveLeaderRequest = message({ targetId: field.uint64(1) })
export const moveLeaderResponse = message({ header })
