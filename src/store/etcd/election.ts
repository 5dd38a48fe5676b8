import { Announced } from '../../kernel/announced.ts'
import { type Clock, sleep } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { Key, LeaseId } from '../../mvcc/types.ts'
import type { Leadership, Store, StoreFailure, StoreResult, Term } from '../types.ts'
import { type Candidate, Candidates, electionPrefix } from './candidates.ts'
import { HeldLease, type LeaseCalls } from './held-lease.ts'

const retryMs = 300
const transferMs = 5_000
const pollMs = 5
const farewellMs = 1_000

export interface ElectionParts {
  /** Of this member, 16 hex digits. */
  readonly id: string
  readonly store: Pick<Store, 'txn' | 'range' | 'watch' | 'readIndex' | 'leaseRevoke'>
  readonly leases: LeaseCalls
  readonly ttlSeconds: number
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Which member leads: the first in a queue of keys in etcd, each bound to its member's lease. The
 * term is the create revision of the leader's key, and the fence of its writes; a deposed leader
 * that stands again has a new key, and so a new term.
 * Source: etcd client/v3/concurrency/election.go.
 */
export class Election {
  readonly #parts: ElectionParts
  readonly #candidates: Candidates
  readonly #leadership = new Announced<Leadership>({ leading: false, term: 0, leader: null })
  #lease: HeldLease | undefined
  #own: Candidate | undefined
  /** etcd has granted this member's last lease, and it is not lost. */
  #inTouch = false
  #passive = false
  #resigning = false
  #stopped = false
  #establishing: Term = 0
  #wake: () => void = () => {}
  /** Times that this member was elected. */
  elections = 0

  constructor(parts: ElectionParts) {
    this.#parts = parts
    this.#candidates = new Candidates(parts.store, parts.clock, () => this.#look())
  }

  start(): void {
    this.#candidates.start()
    void this.#run()
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    await this.#resign()
    this.#candidates.stop()
  }

  get leadership(): Leadership {
    return this.#leadership.value
  }

  get inTouch(): boolean {
    return this.#inTouch
  }

  onLeadership(listener: (leadership: Leadership) => void): () => void {
    return this.#leadership.listen(listener)
  }

  /** The key that a term's fence is compared with; `over` when the term surely is. */
  keyOf(term: Term): Key | 'over' | undefined {
    const { queue, leader } = this.#candidates
    const known = queue.find(candidate => candidate.term === term)
    if (known !== undefined) return known.key
    return leader !== undefined && leader.term > term ? 'over' : undefined
  }

  /** A passive member does not stand for election. */
  setPassive(passive: boolean): void {
    if (this.#passive === passive) return
    this.#passive = passive
    if (passive) void this.#resign()
    this.#wake()
  }

  /**
   * The process of member `id` is dead: its place in the queue is free before its lease ends. That
   * can't do harm: a living member stands again, with another term.
   */
  async depose(id: string): Promise<void> {
    if (id === this.#parts.id) return
    const gone = this.#candidates.queue.filter(candidate => candidate.id === id)
    await Promise.all(gone.map(candidate => this.#removeAll(candidate, [candidate])))
  }

  /** Resolves when another member (`to`) leads as far as this one knows. */
  async transfer(to?: string): Promise<StoreResult<object>> {
    const { queue, leader } = this.#candidates
    if (leader === undefined) return { ...late, message: 'etcdserver: no leader' }
    if (to === leader.id) return { ok: true }
    const target = queue.find(({ id }) => (to === undefined ? id !== leader.id : id === to))
    if (target === undefined) {
      const who = to ?? 'no other member'
      return { ok: false, why: 'invalid', message: `etcdserver: ${who} stands for election` }
    }
    const isOurs = leader.id === this.#parts.id
    // Ours ends here before it ends for the others.
    this.#resigning = isOurs
    this.#look()
    const removed = await this.#removeAll(leader, queue.slice(0, queue.indexOf(target)))
    const moved = removed.ok ? await this.#untilAfter(leader.term) : removed
    // Not before: until then the queue as it is known here still begins with our key.
    this.#resigning = false
    this.#look()
    return moved
  }

  async #untilAfter(term: Term): Promise<StoreResult<object>> {
    const { clock } = this.#parts
    const deadline = clock.now() + transferMs
    while (clock.now() < deadline) {
      const now = this.#candidates.leader
      if (now !== undefined && now.term > term) return { ok: true }
      await sleep(pollMs)
    }
    return late
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      if (this.#passive || this.#candidates.revision === 0) await this.#woken()
      else if (!(await this.#stand())) await sleep(retryMs)
    }
  }

  /** From taking a place in the queue to its loss. False when there was none to be had. */
  async #stand(): Promise<boolean> {
    const lease = await this.#takeLease()
    if (lease === undefined || this.#stopped) return false
    const own = await this.#takePlace(lease)
    if (own === undefined || this.#stopped) return false
    this.#own = own
    this.#look()
    while (this.#stands(own)) await this.#woken()
    this.#own = undefined
    this.#look()
    return true
  }

  async #takeLease(): Promise<HeldLease | undefined> {
    if (this.#lease !== undefined && !this.#lease.isOver) return this.#lease
    const { leases, clock, ttlSeconds } = this.#parts
    this.#lease = await HeldLease.take(leases, clock, ttlSeconds, () => this.#onLeaseLost())
    this.#inTouch = this.#lease !== undefined
    this.#look()
    return this.#lease
  }

  async #takePlace({ id: lease }: HeldLease): Promise<Candidate | undefined> {
    const { id, store } = this.#parts
    const key = electionPrefix + lease.toString(16)
    // What this member has left behind when it was killed would keep its place until it expires.
    const left = this.#candidates.queue.filter(each => each.id === id && each.key !== key)
    const done = await store.txn({
      compares: [{ key, target: 'create', op: '=', operand: 0 }],
      success: [putOf(key, id, lease), ...left.map(deleteOf)],
      failure: [{ type: 'range', key }],
    })
    if (!done.ok) {
      if (done.why === 'invalid') this.#lease?.release()
      return undefined
    }
    if (done.succeeded) return { key, id, term: done.revision }
    // An attempt before this one, of unknown outcome, has succeeded.
    const [found] = done.results
    const kv = found?.type === 'range' ? found.kvs[0] : undefined
    return kv && { key, id, term: kv.createRevision }
  }

  #stands(own: Candidate): boolean {
    if (this.#stopped || this.#passive || (this.#lease?.isOver ?? true)) return false
    if (this.#candidates.revision < own.term) return true
    return this.#candidates.get(own.key)?.term === own.term
  }

  #leads(term: Term): boolean {
    const own = this.#own
    if (own?.term !== term || this.#resigning || !this.#stands(own)) return false
    return this.#candidates.leader?.term === term
  }

  /** Something has changed: says who leads now. */
  #look(): void {
    this.#wake()
    const { leader } = this.#candidates
    if (leader !== undefined && this.#leads(leader.term)) {
      if (this.#establishing !== leader.term) void this.#establish(leader.term)
      return
    }
    this.#establishing = 0
    const known = this.#inTouch && leader?.id !== this.#parts.id ? leader : undefined
    const term = Math.max(this.#leadership.value.term, leader?.term ?? 0)
    this.#tell({ leading: false, term, leader: known?.id ?? null })
  }

  /** Leads once it knows up to where its predecessor may have written. */
  async #establish(term: Term): Promise<void> {
    this.#establishing = term
    for (;;) {
      const read = await this.#parts.store.readIndex()
      if (this.#establishing !== term || !this.#leads(term)) return
      if (!read.ok) continue
      this.elections++
      this.#tell({ leading: true, term, revision: read.revision })
      return
    }
  }

  #tell(leadership: Leadership): void {
    const before = this.#leadership.value
    const isSame =
      before.leading === leadership.leading &&
      before.term === leadership.term &&
      leaderOf(before) === leaderOf(leadership)
    if (isSame) return
    this.#parts.logger.info('leadership', { ...leadership })
    this.#leadership.set(leadership)
  }

  #onLeaseLost(): void {
    this.#parts.logger.warn('the lease of the election is lost: etcd was not reached in time')
    this.#inTouch = false
    this.#look()
  }

  /** Gives the place up now; the key goes with its lease. */
  async #resign(): Promise<void> {
    const lease = this.#lease
    this.#lease = undefined
    lease?.release()
    this.#look()
    if (lease === undefined) return
    await this.#parts.store.leaseRevoke(lease.id, { timeoutMs: farewellMs })
  }

  #removeAll(witness: Candidate, gone: readonly Candidate[]): Promise<StoreResult<object>> {
    const { key, term } = witness
    return this.#parts.store.txn({
      compares: [{ key, target: 'create', op: '=', operand: term }],
      success: gone.map(deleteOf),
      failure: [],
    })
  }

  #woken(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}

function leaderOf(leadership: Leadership): string | null | undefined {
  return leadership.leading ? undefined : leadership.leader
}

function putOf(key: Key, id: string, lease: LeaseId) {
  return { type: 'put', key, value: Buffer.from(id), lease } as const
}

function deleteOf({ key }: Candidate) {
  return { type: 'delete', key } as const
}

const late: StoreFailure = {
  ok: false,
  why: 'unavailable',
  message: 'etcdserver: no other member leads in time',
}
