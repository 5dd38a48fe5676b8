import { must } from '../../src/kernel/assert.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import type { MeshMember } from '../../src/p2p/types.ts'
import { Consensus } from '../../src/peer/consensus.ts'
import { measurePuts } from './store.ts'

/**
 * One member of the measured cluster, a process of its own: the consensus thread of a real peer,
 * and in the main thread the load, which is the way a peer's API server uses its store.
 */
export interface MemberOptions {
  readonly self: string
  readonly members: readonly MeshMember[]
  readonly keyFile: string
  readonly storeDir: string
}

export type ToMember = { readonly outstanding: number; readonly durationMs: number } | 'stop'

const options = JSON.parse(process.argv[2] ?? '{}') as MemberOptions
const consensus = new Consensus(
  {
    name: options.self,
    self: options.self,
    members: options.members,
    voters: options.members.map(({ id, name }) => ({ id, name })),
    joined: false,
    meshKeyFile: options.keyFile,
    storeDir: options.storeDir,
    timings: {
      profile: 'lan',
      heartbeatMs: 50,
      electionTimeoutMinMs: 300,
      electionTimeoutMaxMs: 600,
      mainThreadStallMs: 5_000,
      nodeLeaseRenewMs: 2_000,
      nodeStatusMs: 10_000,
      nodeMonitorGraceMs: 8_000,
      podEvictionSeconds: 5,
    },
    store: {
      snapshotEntries: 10_000,
      quotaBytes: 8 * 2 ** 30,
      autoCompaction: { mode: 'off', retention: 1 },
    },
    etcd: undefined,
    logLevel: 'error',
  },
  silentLogger,
)
const store = must(consensus.store, 'a voter has a store')

process.on('message', (message: ToMember) => {
  void answer(message)
})
await consensus.start()
store.onLeadership(leadership => process.send?.({ leading: leadership.leading }))

async function answer(message: ToMember): Promise<void> {
  if (message === 'stop') {
    await consensus.stop()
    process.exit(0)
  }
  process.send?.(await measurePuts(store, message.outstanding, message.durationMs))
}
