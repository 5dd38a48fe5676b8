import { field, type MessageOf, type MessageType, message } from './message.ts'
import type { WideInt } from './reader.ts'

/** Messages of the KV service. Source: etcd api/mvccpb/kv.proto, api/etcdserverpb/rpc.proto. */

export const responseHeader = message({
  clusterId: field.uint64(1),
  memberId: field.uint64(2),
  revision: field.int64(3),
  raftTerm: field.int64(4),
})
export type ResponseHeader = MessageOf<typeof responseHeader>
const header = field.message(1, () => responseHeader)

export const keyValue = message({
  key: field.key(1),
  createRevision: field.int64(2),
  modRevision: field.int64(3),
  version: field.int64(4),
  value: field.bytes(5),
  lease: field.wide(6),
})
export type KeyValueMessage = MessageOf<typeof keyValue>

export const sortOrders = ['none', 'ascend', 'descend'] as const
export const sortTargets = ['key', 'version', 'create', 'mod', 'value'] as const

export const rangeRequest = message({
  key: field.key(1),
  rangeEnd: field.key(2),
  limit: field.int64(3),
  revision: field.int64(4),
  /** Index in sortOrders. */
  sortOrder: field.enumeration(5),
  /** Index in sortTargets. */
  sortTarget: field.enumeration(6),
  serializable: field.bool(7),
  keysOnly: field.bool(8),
  countOnly: field.bool(9),
  minModRevision: field.int64(10),
  maxModRevision: field.int64(11),
  minCreateRevision: field.int64(12),
  maxCreateRevision: field.int64(13),
})
export type RangeRequest = MessageOf<typeof rangeRequest>

export const rangeResponse = message({
  header,
  kvs: field.repeated(field.message(2, () => keyValue)),
  more: field.bool(3),
  count: field.int64(4),
})
export type RangeResponse = MessageOf<typeof rangeResponse>

export const putRequest = message({
  key: field.key(1),
  value: field.bytes(2),
  lease: field.wide(3),
  prevKv: field.bool(4),
  ignoreValue: field.bool(5),
  ignoreLease: field.bool(6),
})
export type PutRequest = MessageOf<typeof putRequest>

export const putResponse = message({ header, prevKv: field.message(2, () => keyValue) })
export type PutResponse = MessageOf<typeof putResponse>

export const deleteRangeRequest = message({
  key: field.key(1),
  rangeEnd: field.key(2),
  prevKv: field.bool(3),
})
export type DeleteRangeRequest = MessageOf<typeof deleteRangeRequest>

export const deleteRangeResponse = message({
  header,
  deleted: field.int64(2),
  prevKvs: field.repeated(field.message(3, () => keyValue)),
})
export type DeleteRangeResponse = MessageOf<typeof deleteRangeResponse>

export const compareResults = ['=', '>', '<', '!='] as const
export const compareTargets = ['version', 'create', 'mod', 'value', 'lease'] as const

export const compare = message({
  /** Index in compareResults. */
  result: field.enumeration(1),
  /** Index in compareTargets. */
  target: field.enumeration(2),
  key: field.key(3),
  // A oneof: only the one that `target` names counts.
  version: field.int64(4),
  createRevision: field.int64(5),
  modRevision: field.int64(6),
  value: field.bytes(7),
  lease: field.wide(8),
  rangeEnd: field.key(64),
})
export type CompareMessage = MessageOf<typeof compare>

/** A oneof: exactly one is given. */
export interface RequestOp {
  readonly requestRange?: Partial<RangeRequest>
  readonly requestPut?: Partial<PutRequest>
  readonly requestDeleteRange?: Partial<DeleteRangeRequest>
  readonly requestTxn?: Partial<TxnRequestMessage>
}
export const requestOp: MessageType<RequestOp> = message({
  requestRange: field.message(1, () => rangeRequest),
  requestPut: field.message(2, () => putRequest),
  requestDeleteRange: field.message(3, () => deleteRangeRequest),
  requestTxn: field.message(4, (): MessageType<TxnRequestMessage> => txnRequest),
})

export interface TxnRequestMessage {
  readonly compare: readonly Partial<CompareMessage>[]
  readonly success: readonly RequestOp[]
  readonly failure: readonly RequestOp[]
}
export const txnRequest: MessageType<TxnRequestMessage> = message({
  compare: field.repeated(field.message(1, () => compare)),
  success: field.repeated(field.message(2, () => requestOp)),
  failure: field.repeated(field.message(3, () => requestOp)),
})

/** A oneof: exactly one is given. */
export interface ResponseOp {
  readonly responseRange?: Partial<RangeResponse>
  readonly responsePut?: Partial<PutResponse>
  readonly responseDeleteRange?: Partial<DeleteRangeResponse>
  readonly responseTxn?: Partial<TxnResponseMessage>
}
export const responseOp: MessageType<ResponseOp> = message({
  responseRange: field.message(1, () => rangeResponse),
  responsePut: field.message(2, () => putResponse),
  responseDeleteRange: field.message(3, () => deleteRangeResponse),
  responseTxn: field.message(4, (): MessageType<TxnResponseMessage> => txnResponse),
})

export interface TxnResponseMessage {
  readonly header?: Partial<ResponseHeader> | undefined
  readonly succeeded: boolean
  readonly responses: readonly ResponseOp[]
}
export const txnResponse: MessageType<TxnResponseMessage> = message({
  header,
  succeeded: field.bool(2),
  responses: field.repeated(field.message(3, () => responseOp)),
})

export const compactionRequest = message({ revision: field.int64(1), physical: field.bool(2) })
export const compactionResponse = message({ header })

export type { WideInt }
