import type { Membership, StoreFailure } from '../types.ts'

/** What people read who ask this store about its members. */
export const externalMembers =
  'the store is an external etcd, which has its own members: see etcdctl member list; peers are ' +
  'added and removed in cluster.config.json'

const refused: StoreFailure = { ok: false, why: 'invalid', message: externalMembers }

/** Nothing about the members of an external etcd is this cluster's to change. */
export const externalMembership: Membership = {
  members: () => Promise.reject(new Error(externalMembers)),
  memberAdd: async () => refused,
  memberRemove: async () => refused,
  memberUpdate: async () => refused,
  memberPromote: async () => refused,
}
