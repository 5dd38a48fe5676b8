import { responseHeader } from './kv.ts'
import { field, type MessageOf, message } from './message.ts'

/** Messages of the Cluster service. Source: etcd api/etcdserverpb/rpc.proto. */

const header = field.message(1, () => responseHeader)

export const member = message({
  id: field.uint64(1),
  name: field.string(2),
  peerUrls: field.repeated(field.string(3)),
  clientUrls: field.repeated(field.string(4)),
  isLearner: field.bool(5),
})
export type MemberMessage = MessageOf<typeof member>

const members = field.repeated(field.message(2, () => member))

export const memberAddRequest = message({
  peerUrls: field.repeated(field.string(1)),
  isLearner: field.bool(2),
})
export const memberAddResponse = message({
  header,
  member: field.message(2, () => member),
  members: field.repeated(field.message(3, () => member)),
})

export const memberRemoveRequest = message({ id: field.uint64(1) })
export const memberUpdateRequest = message({
  id: field.uint64(1),
  peerUrls: field.repeated(field.string(2)),
})
export const memberListRequest = message({ linearizable: field.bool(1) })
export const memberPromoteRequest = message({ id: field.uint64(1) })

/** The response of MemberRemove, MemberUpdate, MemberList and MemberPromote. */
export const membersResponse = message({ header, members })
