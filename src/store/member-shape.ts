import { anything, list, object, optional, text } from '../kernel/shape.ts'

const urls = list(text(1_024), 64)

/** The fields of a MemberChange. */
const change = {
  name: optional(text(256)),
  peerId: optional(text(256)),
  storeId: optional(text(256)),
  peerUrls: optional(urls),
  clientUrls: optional(urls),
  // The peer's part of the configuration is not the store's to judge.
  peer: anything,
}

export const memberShape = object(change)

/** A record that another member tells of; see Senders. */
export const recordShape = object({ ...change, id: text(64) })

const ids = list(text(64), 1_024)

/** Raft's Membership. */
export const membershipShape = object({ voters: ids, learners: ids })
