/** Names of the buckets and of their fixed keys. Source: etcd server/mvcc/buckets, 3.4 to 3.6. */
export const buckets = {
  key: 'key',
  meta: 'meta',
  lease: 'lease',
  alarm: 'alarm',
  cluster: 'cluster',
  members: 'members',
  membersRemoved: 'members_removed',
  auth: 'auth',
  users: 'authUsers',
  roles: 'authRoles',
} as const

export const metaKeys = {
  /** 8 bytes, big endian: the Raft index that is applied. */
  consistentIndex: 'consistent_index',
  /** The same form; only 3.5 and later. */
  term: 'term',
  /** 17 bytes, as a row's key: where a compaction was ordered, and where one is done. */
  scheduledCompact: 'scheduledCompactRev',
  finishedCompact: 'finishedCompactRev',
} as const

export const authKeys = { enabled: 'authEnabled', revision: 'authRevision' } as const
export const clusterKeys = { version: 'clusterVersion' } as const
