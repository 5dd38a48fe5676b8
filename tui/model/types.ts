import type {
  ClusterEvent,
  EventData,
  FaultName,
  PeerReport,
  PeerRole,
  ProcessReport,
} from '../../src/admin/types.ts'
import type { NamedOutage } from '../../src/probe/outages.ts'

/** Milliseconds since the epoch, everywhere in the model. */
export type WallMs = number

/** One peer as the dashboard knows it. */
export interface PeerState {
  readonly name: string
  /** host:port of its admin address, for people. */
  readonly admin: string
  /** The newest answer; kept, and shown dimmed, when the peer no longer answers. */
  readonly report?: PeerReport
  /** When `report` was made. */
  readonly reportAt: WallMs
  /** Whether the last request was answered. */
  readonly reachable: boolean
  /** The supervisor's word, where there is one. */
  readonly process?: ProcessReport['state']
}

/** What one pod is worth to somebody who looks at the whole cluster. */
export type PodHealth = 'running' | 'pending' | 'failing' | 'lost' | 'done'

export interface PodState {
  readonly namespace: string
  readonly name: string
  readonly node: string
  readonly health: PodHealth
  readonly cpuMilli: number
  readonly memoryBytes: number
}

/** Pods of one health, and what those that are not done ask for. */
export interface PodTally {
  readonly health: Readonly<Record<PodHealth, number>>
  readonly live: number
  readonly total: number
  readonly cpuMilli: number
  readonly memoryBytes: number
}

/** All pods, counted once when they come: a frame must not cost more with more pods. */
export interface PodIndex {
  /** In the order in which somebody looks for trouble: failing, lost, pending, running, done. */
  readonly list: readonly PodState[]
  readonly all: PodTally
  /** By name of their node; '' for those without. */
  readonly byNode: ReadonlyMap<string, PodTally>
}

/** What the API has answered, and when. 0: never. */
export interface ApiState {
  /** Whether the last confirmed read was answered. */
  readonly ok: boolean
  /** Of the last attempt. */
  readonly at: WallMs
  /** Of the last answer. */
  readonly okAt: WallMs
  /** When a watch last told anything: what nodes and pods are known from. */
  readonly watchedAt: WallMs
}

export interface NodeState {
  readonly name: string
  readonly ready: boolean
  /** When it became so, by the word of its Ready condition; 0: not told. */
  readonly readyAt: WallMs
  readonly cordoned: boolean
  readonly podsMax: number
  readonly cpuMilli: number
  readonly memoryBytes: number
  /** Last renewal of its Lease; 0 when there is none. */
  readonly renewedAt: WallMs
}

/** `KUBE`: an Event of the API. */
export type LogKind = ClusterEvent['kind'] | 'KUBE'

/** One line of panel 6. */
export interface LogLine {
  readonly at: WallMs
  /** Only the second is known: `at` is its end, or when it was heard. */
  readonly coarse?: boolean
  readonly source: string
  readonly kind: LogKind
  readonly message: string
  readonly level: 'info' | 'warn'
  /** What it says, for the model: texts are for people. */
  readonly data?: EventData
}

/** What the clients in the dashboard's own process have seen. */
export interface ProbeState {
  readonly state: 'off' | 'starting' | 'running' | 'failed'
  /** When it was told: `sinceWriteMs` is of that moment. */
  readonly at: WallMs
  /** Acknowledged creates and increments since the dashboard started. */
  readonly writes: number
  readonly retried: number
  readonly failed: number
  readonly unknown: number
  readonly longestGapMs: number
  readonly sinceWriteMs: number
  /** Of the last judgement; undefined before the first. */
  readonly verdict?: { readonly lost: number; readonly duplicated: number; readonly at: WallMs }
  readonly error?: string
}

/** Steps of a failover, in order. */
export const marks = ['detect', 'vote', 'commit', 'write', 'reconcile'] as const
export type Mark = (typeof marks)[number]

/** Kinds of causes; their figures are told apart, for they are found in different ways. */
export const causeKinds = ['kill', 'hang', 'partition', 'transfer', 'quorum loss', 'other'] as const
export type CauseKind = (typeof causeKinds)[number]

/** One change of leadership, or time without writes, measured from its cause. */
export interface Failover {
  readonly number: number
  /** The name of its outage at the probe. */
  readonly id: string
  readonly kind: CauseKind
  /** What happened, as people say it: `peer-1 killed`. */
  readonly cause: string
  /** When the cause had its effect. */
  readonly startedAt: WallMs
  /** When somebody pressed the key; absent: not told. */
  readonly askedAt?: WallMs
  /**
   * `fault`: somebody did it, and said when. `election`: the first that was heard of it.
   * `write`: the last write before a gap that nobody announced.
   */
  readonly startFrom: 'fault' | 'election' | 'write'
  readonly oldLeader: string
  readonly oldTerm: number
  readonly leader?: string
  readonly term?: number
  /** When each step was reached. */
  readonly at: Partial<Readonly<Record<Mark, WallMs>>>
  /** What it cost, as the probe has seen it; absent without a probe. */
  readonly outage?: NamedOutage
  readonly done: boolean
}

/** A stretch of time with one leader. */
export interface Reign {
  readonly term: number
  readonly leader: string
  readonly from: WallMs
}

/** One sample a second, for the little graphs. */
export interface Sample {
  readonly at: WallMs
  readonly writesPerSecond: number
  readonly fsyncMs: number
  readonly commitMs: number
  /** Reconciles a second by component, of the leader's control plane. */
  readonly rates: Readonly<Record<string, number>>
}

/** Values of which samples are the differences. */
export interface Baseline {
  readonly at: WallMs
  readonly leader: string | null
  readonly revision: number
  readonly done: Readonly<Record<string, number>>
}

/** Everything the views draw; they see no clock and no network. */
export interface Model {
  readonly now: WallMs
  /** When the dashboard began to look. */
  readonly startedAt: WallMs
  readonly cluster: string
  readonly server: string
  readonly peers: readonly PeerState[]
  readonly supervised: boolean
  readonly api: ApiState
  readonly nodes: readonly NodeState[]
  readonly pods: PodIndex
  readonly log: readonly LogLine[]
  readonly logSeen: number
  readonly probe: ProbeState
  /** What the probe has measured, oldest first. */
  readonly outages: readonly NamedOutage[]
  readonly failover?: Failover
  readonly history: readonly Failover[]
  readonly failoverCount: number
  readonly reigns: readonly Reign[]
  /** Faults that were carried out, whoever asked for them, newest last. */
  readonly faults: readonly FaultMark[]
  readonly samples: readonly Sample[]
  readonly baseline?: Baseline
}

/** A fault that was carried out; see EventData. */
export interface FaultMark {
  /** When it had its effect. */
  readonly at: WallMs
  readonly type: FaultName
  readonly peers: readonly string[]
  readonly askedAt?: WallMs
}

/** What sources tell. */
export type SourceEvent =
  | { readonly type: 'tick'; readonly now: WallMs }
  | {
      readonly type: 'report'
      readonly at: WallMs
      readonly peer: string
      readonly report: PeerReport
    }
  | { readonly type: 'unreachable'; readonly at: WallMs; readonly peer: string }
  | { readonly type: 'discovered'; readonly peer: string; readonly admin: string }
  | { readonly type: 'processes'; readonly at: WallMs; readonly list: readonly ProcessReport[] }
  | { readonly type: 'events'; readonly fresh: boolean; readonly list: readonly ClusterEvent[] }
  | { readonly type: 'log'; readonly line: LogLine }
  | { readonly type: 'nodes'; readonly list: readonly NodeState[] }
  | { readonly type: 'pods'; readonly list: readonly PodState[] }
  | {
      readonly type: 'api'
      readonly at: WallMs
      readonly ok: boolean
      readonly watchedAt: WallMs
    }
  | {
      readonly type: 'probe'
      readonly probe: ProbeState
      readonly outages: readonly NamedOutage[]
    }

/** The peer's role with what others know of it. `unknown`: it is silent, and nobody says why. */
export type ShownRole = PeerRole | 'unknown'
