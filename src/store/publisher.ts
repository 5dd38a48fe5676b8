import type { Clock } from '../kernel/clock.ts'
import type { Core } from '../raft/core.ts'
import type { Action } from './action.ts'
import type { MemberRecord } from './member-types.ts'
import type { Roster } from './roster.ts'
import type { StoreResult } from './types.ts'

/** What a member says of itself once it has started. */
export type SelfDescription = Partial<
  Pick<MemberRecord, 'name' | 'peerId' | 'peerUrls' | 'clientUrls'>
>

/** Between two attempts, milliseconds. */
const retryMs = 1_000

interface PublisherHost {
  readonly core: Core
  readonly clock: Clock
  readonly storeId: string
  readonly self: SelfDescription
  roster(): Roster
  propose(action: Action): Promise<StoreResult<object>>
}

/**
 * Keeps this member's record true: name, addresses and disk, written when it starts and whenever
 * they differ. Source: etcd server.go publish.
 */
export class Publisher {
  readonly #host: PublisherHost
  #triedAt = Number.NEGATIVE_INFINITY

  constructor(host: PublisherHost) {
    this.#host = host
  }

  tick(now: number): void {
    const { core, self, storeId, roster, propose } = this.#host
    if (core.leader === null || now - this.#triedAt < retryMs) return
    const { voters, learners } = core.membership
    if (!voters.includes(core.id) && !learners.includes(core.id)) return
    const wanted = { ...self, storeId }
    if (isIn(wanted, roster().get(core.id))) return
    this.#triedAt = now
    void propose({ type: 'member-set', id: core.id, change: wanted })
  }
}

function isIn(wanted: SelfDescription & { storeId: string }, record?: MemberRecord): boolean {
  if (record === undefined) return false
  return Object.entries(wanted).every(
    ([name, value]) => JSON.stringify(value) === JSON.stringify(record[name as keyof MemberRecord]),
  )
}
