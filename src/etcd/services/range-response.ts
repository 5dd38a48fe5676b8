import * as rpc from '../../store/etcd/rpc/kv.ts'
import type { Outgoing } from '../grpc/types.ts'

/** Keys that are encoded in one step: a millisecond or two. */
const sliceKvs = 500

/**
 * A RangeResponse on the wire; a large one is encoded in steps, others run between. Fields of one
 * message may stand apart: what is repeated is put together by whoever reads it, in order.
 * Source: protobuf encoding, "Last One Wins", merging of repeated fields.
 */
export function* encodeRange(response: Partial<rpc.RangeResponse>): Generator<void, Outgoing> {
  const { kvs = [], header, more, count } = response
  if (kvs.length <= sliceKvs) return rpc.rangeResponse.encodeParts(response)
  const parts: Buffer[] = rpc.rangeResponse.encodeParts({ header })
  for (let at = 0; at < kvs.length; at += sliceKvs) {
    for (const part of rpc.rangeResponse.encodeParts({ kvs: kvs.slice(at, at + sliceKvs) })) {
      parts.push(part)
    }
    yield
  }
  for (const part of rpc.rangeResponse.encodeParts({ more, count })) parts.push(part)
  return parts
}
