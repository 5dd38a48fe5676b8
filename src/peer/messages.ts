import type { MessagePort } from 'node:worker_threads'
import type { GossipReport } from '../admin/types.ts'
import type { Timings } from '../config/types.ts'
import type { LogLevel } from '../kernel/logger.ts'
import type { MeshMember } from '../p2p/types.ts'

/** What the consensus thread is started with; everything can be cloned. */
export interface ConsensusOptions {
  readonly name: string
  readonly self: string
  readonly members: readonly MeshMember[]
  /** Voters of a new cluster; undefined for a worker-only peer, which has no store. */
  readonly voters: readonly { readonly id: string; readonly name: string }[] | undefined
  readonly meshKeyFile: string
  readonly storeDir: string
  readonly timings: Timings
  readonly snapshotEntries: number
  readonly logLevel: LogLevel
  /** Requests and results of the store. */
  readonly storePort: MessagePort
  /** The messages below. */
  readonly controlPort: MessagePort
}

/** Main thread to consensus thread. */
export type ToConsensus =
  /** I am alive. Its absence makes the thread hand leadership over. */
  | { readonly type: 'beat' }
  | { readonly type: 'partition'; readonly from: readonly string[] }
  | { readonly type: 'slow'; readonly peers: readonly string[]; readonly delayMs: number }
  | { readonly type: 'heal' }
  /** Sent to the other members for their dashboards. */
  | { readonly type: 'gossip'; readonly report: Omit<GossipReport, 'ageMs'> }
  | { readonly type: 'stop' }

/** Consensus thread to main thread. */
export type FromConsensus =
  | { readonly type: 'beat' }
  | { readonly type: 'started' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'gossip'; readonly report: Omit<GossipReport, 'ageMs'> }
  | { readonly type: 'event'; readonly message: string }
  | { readonly type: 'stopped' }

/** Each side tells the other that it is alive. */
export const beatMs = 250
