import { Counter, Gauge, type Registry } from 'prom-client'
import type { Store, StoreStatus } from './types.ts'

/** Figures of this peer's store under etcd's names, so that its dashboards and alerts fit. */
const gauges: readonly (readonly [name: string, help: string, (s: StoreStatus) => number])[] = [
  ['etcd_server_has_leader', 'Whether or not a leader exists.', s => Number(s.leader !== null)],
  ['etcd_server_is_leader', 'Whether or not this member is a leader.', s => leads(s)],
  ['etcd_server_is_learner', 'Whether or not this member is a learner.', s => learns(s)],
  ['etcd_mvcc_db_total_size_in_bytes', 'Size of the state, bytes.', s => s.dbBytes],
  ['etcd_debugging_mvcc_current_revision', 'The current revision.', s => s.revision],
  ['etcd_debugging_mvcc_compact_revision', 'The compacted revision.', s => s.compactRevision],
  ['etcd_debugging_mvcc_watcher_total', 'Watchers of the store.', s => s.watchers],
  ['etcd_debugging_lease_total', 'Leases that are alive.', s => s.leases],
  ['quorate_wal_size_in_bytes', 'Size of the log, bytes.', s => s.walBytes],
  ['quorate_raft_term', "Raft's term.", s => s.term],
  ['quorate_wal_fsync_p50_seconds', 'Median of recent fsyncs.', s => s.fsyncMs.p50 / 1_000],
  ['quorate_wal_fsync_p99_seconds', '99th of recent fsyncs.', s => s.fsyncMs.p99 / 1_000],
  ['quorate_commit_p50_seconds', 'Median of recent commits.', s => s.commitMs.p50 / 1_000],
  ['quorate_commit_p99_seconds', '99th of recent commits.', s => s.commitMs.p99 / 1_000],
  ['quorate_tick_late_p99_seconds', '99th of recent ticks.', s => s.tickLateMs.p99 / 1_000],
  ['quorate_tick_late_max_seconds', 'The latest recent tick.', s => s.tickLateMs.max / 1_000],
]

const counters: typeof gauges = [
  ['etcd_server_proposals_committed_total', 'Index of the last commit.', s => s.commit],
  ['etcd_server_proposals_applied_total', 'Index of the last applied entry.', s => s.applied],
  ['etcd_server_leader_changes_seen_total', 'Elections seen.', s => s.counters.elections],
  ['quorate_fenced_writes_total', 'Writes refused by their fence.', s => s.counters.fenced],
  ['quorate_duplicates_total', 'Repeats of proposals dropped.', s => s.counters.duplicates],
  ['quorate_refused_frames_total', 'Mesh frames refused.', s => s.counters.refusedFrames],
  ['quorate_wal_fsyncs_total', 'Fsyncs of the log.', s => s.counters.fsyncs],
]

const leads = (status: StoreStatus) => Number(status.role === 'leader')
const learns = (status: StoreStatus) => Number(status.role === 'learner')

/** Registers them; the store is asked once for each scrape, by `refresh`. */
export function registerStoreMetrics(registry: Registry, store: Store): () => Promise<void> {
  const set = gauges.map(([name, help, read]) => {
    const gauge = new Gauge({ name, help, registers: [registry] })
    return (status: StoreStatus) => gauge.set(read(status))
  })
  const count = counters.map(([name, help, read]) => {
    const counter = new Counter({ name, help, registers: [registry] })
    return (status: StoreStatus) => {
      counter.reset()
      counter.inc(read(status))
    }
  })
  return async () => {
    const status = await store.status()
    for (const update of [...set, ...count]) update(status)
  }
}
