import type { MessagePort } from 'node:worker_threads'
import type { GossipedState, GossipReport } from '../admin/types.ts'
import type { ClusterConfig, Timings } from '../config/types.ts'
import type { LogLevel } from '../kernel/logger.ts'
import type { MeshMember } from '../p2p/types.ts'
import type { EtcdLocation } from '../store/etcd/types.ts'
import type { LiveMember } from './live.ts'

/** What the consensus thread is started with; everything can be cloned. */
export interface ConsensusOptions {
  readonly name: string
  readonly self: string
  readonly members: readonly MeshMember[]
  /** Of the members, those that are no mere workers. */
  readonly masters: readonly string[]
  /** Voters of a new cluster; undefined for a worker-only peer, which has no store. */
  readonly voters: readonly { readonly id: string; readonly name: string }[] | undefined
  /** This peer came to a cluster that existed: it votes once it is told to. */
  readonly joined: boolean
  readonly meshKeyFile: string
  readonly storeDir: string
  readonly timings: Timings
  readonly store: ClusterConfig['store']
  /** The etcd cluster that holds the state; undefined: this thread's own store. */
  readonly datastore?: EtcdLocation
  /** The etcd API; undefined for a worker-only peer. */
  readonly etcd: EtcdFace | undefined
  readonly logLevel: LogLevel
  /** Requests and results of the store. */
  readonly storePort: MessagePort
  /** The messages below. */
  readonly controlPort: MessagePort
}

/** What the etcd API of a peer is made of; PEM texts. */
export interface EtcdFace {
  readonly host: string
  readonly port: number
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
  readonly clusterId: string
}

/** Main thread to consensus thread. */
export type ToConsensus =
  /** I am alive. Its absence makes the thread hand leadership over. */
  | { readonly type: 'beat' }
  | { readonly type: 'partition'; readonly from: readonly string[] }
  | { readonly type: 'slow'; readonly peers: readonly string[]; readonly delayMs: number }
  | { readonly type: 'heal' }
  /** Sent to the other members for their dashboards. */
  | { readonly type: 'gossip'; readonly report: GossipedState }
  | { readonly type: 'stop' }

/** Consensus thread to main thread. */
export type FromConsensus =
  | { readonly type: 'beat' }
  | { readonly type: 'started' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'gossip'; readonly report: Omit<GossipReport, 'ageMs'> }
  | { readonly type: 'event'; readonly message: string }
  /** Who is in the mesh now. */
  | { readonly type: 'members'; readonly members: readonly LiveMember[] }
  /** The others refuse this peer for good, or its disk does: the process has to end, saying so. */
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'stopped' }

/** Each side tells the other that it is alive. */
export const beatMs = 250
