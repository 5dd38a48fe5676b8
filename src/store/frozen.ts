import { AuthStore } from './auth/auth.ts'
import type { FrozenStore } from './embedded-types.ts'
import type { Machine } from './machine.ts'
import type { ClusterMember } from './member-types.ts'

/** The state of this moment, for snapshots that etcd understands and for its hash. */
export function freezeStore(
  machine: Machine,
  rest: {
    readonly appliedIndex: number
    readonly term: number
    readonly members: readonly ClusterMember[]
  },
): FrozenStore {
  const { mvcc, roster, auth } = machine
  const view = mvcc.freeze()
  const users = new AuthStore()
  users.import(auth.export())
  return {
    ...rest,
    revision: mvcc.revision,
    compactRevision: mvcc.floor,
    leases: mvcc.leases.all().map(({ id, ttlSeconds }) => ({ id, ttlSeconds })),
    alarms: [...roster.alarms],
    auth: users,
    async *rows() {
      for (const slice of view.byRevision()) {
        if (slice.length > 0) yield slice
        await new Promise(resolve => setImmediate(resolve))
      }
    },
  }
}
