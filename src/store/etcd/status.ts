import type { Clock } from '../../kernel/clock.ts'
import type { Leadership, StoreStatus } from '../types.ts'
import type { Endpoints } from './endpoints.ts'
import { methods } from './methods.ts'

/** The dashboard asks several times a second; etcd is asked this often at most. */
const freshMs = 500
const timeoutMs = 1_000

/** What etcd says of itself. */
export interface EtcdFigures {
  readonly raftIndex: number
  readonly applied: number
  readonly dbBytes: number
  readonly leases: number
}

const none: EtcdFigures = { raftIndex: 0, applied: 0, dbBytes: 0, leases: 0 }

/** Figures of the member of etcd that is in use; zeros while none answers. */
export class Figures {
  readonly #endpoints: Endpoints
  readonly #clock: Clock
  #askedAt = Number.NEGATIVE_INFINITY
  #figures: Promise<EtcdFigures> = Promise.resolve(none)

  constructor(endpoints: Endpoints, clock: Clock) {
    this.#endpoints = endpoints
    this.#clock = clock
  }

  read(): Promise<EtcdFigures> {
    const now = this.#clock.now()
    if (now - this.#askedAt < freshMs) return this.#figures
    this.#askedAt = now
    this.#figures = this.#ask()
    return this.#figures
  }

  async #ask(): Promise<EtcdFigures> {
    const options = { timeoutMs, leaderless: true }
    const [status, leases] = await Promise.all([
      this.#endpoints.call(methods.status, {}, options),
      this.#endpoints.call(methods.leases, {}, options),
    ])
    if (!status.ok) return none
    const { raftIndex, raftAppliedIndex, dbSize } = status.response
    return {
      raftIndex,
      // etcd 3.3 does not tell.
      applied: raftAppliedIndex || raftIndex,
      dbBytes: dbSize,
      leases: leases.ok ? leases.response.leases.length : 0,
    }
  }
}

/** Where a status comes from, beside etcd's own figures. */
export interface StatusSources {
  readonly id: string
  readonly leadership: Leadership
  readonly inTouch: boolean
  readonly revision: number
  readonly floor: number
  readonly watchers: number
  readonly counters: Pick<StoreStatus['counters'], 'proposals' | 'applied' | 'fenced' | 'elections'>
  readonly commitMs: StoreStatus['commitMs']
}

/**
 * The status of this member: its part in the election, and the log of the etcd member it talks to.
 * What is etcd's own affair (votes, replication, fsyncs) is empty; no voters means that this
 * store's majority is not among the peers.
 */
export function statusOf(sources: StatusSources, figures: EtcdFigures): StoreStatus {
  const { id, leadership, inTouch, revision, floor, watchers, counters, commitMs } = sources
  const leader = leadership.leading ? id : leadership.leader
  return {
    id,
    role: leadership.leading ? 'leader' : inTouch && leader !== null ? 'follower' : 'candidate',
    term: leadership.term,
    vote: null,
    leader,
    ...{ firstIndex: 0, lastIndex: figures.raftIndex },
    ...{ commit: figures.raftIndex, applied: figures.applied },
    revision: revision as StoreStatus['revision'],
    compactRevision: floor as StoreStatus['revision'],
    ...{ voters: [], learners: [], replication: [] },
    ...{ dbBytes: figures.dbBytes, walBytes: 0, watchers, leases: figures.leases },
    counters: { ...counters, duplicates: 0, fsyncs: 0, refusedFrames: 0 },
    fsyncMs: { p50: 0, p99: 0 },
    tickLateMs: { p99: 0, max: 0 },
    alarms: [],
    commitMs,
  }
}
