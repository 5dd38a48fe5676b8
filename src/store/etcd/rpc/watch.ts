import { keyValue, responseHeader } from './kv.ts'
import { field, type MessageOf, message } from './message.ts'

/** Messages of the Watch service. Source: etcd api/etcdserverpb/rpc.proto. */

/** FilterType: what is left out. */
export const watchFilters = ['put', 'delete'] as const

export const watchCreateRequest = message({
  key: field.key(1),
  rangeEnd: field.key(2),
  startRevision: field.int64(3),
  progressNotify: field.bool(4),
  /** Indexes in watchFilters. */
  filters: field.repeated(field.enumeration(5)),
  prevKv: field.bool(6),
  watchId: field.int64(7),
  fragment: field.bool(8),
})
export type WatchCreateRequest = MessageOf<typeof watchCreateRequest>

export const watchCancelRequest = message({ watchId: field.int64(1) })
export const watchProgressRequest = message({})

/** A oneof: exactly one is given. */
export const watchRequest = message({
  createRequest: field.message(1, () => watchCreateRequest),
  cancelRequest: field.message(2, () => watchCancelRequest),
  progressRequest: field.message(3, () => watchProgressRequest),
})
export type WatchRequestMessage = MessageOf<typeof watchRequest>

/** EventType of mvccpb. */
export const eventTypes = ['put', 'delete'] as const

export const event = message({
  /** Index in eventTypes. */
  type: field.enumeration(1),
  kv: field.message(2, () => keyValue),
  prevKv: field.message(3, () => keyValue),
})
export type EventMessage = MessageOf<typeof event>

export const watchResponse = message({
  header: field.message(1, () => responseHeader),
  watchId: field.int64(2),
  created: field.bool(3),
  canceled: field.bool(4),
  compactRevision: field.int64(5),
  cancelReason: field.string(6),
  fragment: field.bool(7),
  events: field.repeated(field.message(11, () => event)),
})
export type WatchResponse = MessageOf<typeof watchResponse>
