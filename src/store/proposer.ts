import type { Clock } from '../kernel/clock.ts'
import { proposeTimeoutMs } from '../kernel/limits.ts'
import type { Core } from '../raft/core.ts'
import type { Action } from './action.ts'
import { type Command, joinCommands, packCommand, splitCommands } from './command.ts'
import { readCommand, wrongInAction } from './command-shape.ts'
import type { Dedupe } from './dedupe.ts'
import type { Frame } from './frames.ts'
import { type ActionResult, fenced } from './machine.ts'
import { limits, type Timings } from './options.ts'
import type { Samples } from './samples.ts'
import type { ProposeOptions, StoreFailure } from './types.ts'

/** What a part of the replica may use of it. */
export interface Host {
  readonly core: Core
  readonly clock: Clock
  readonly timings: Timings
  /** Adds to the frame that goes to `to` at the end of this turn. */
  post(to: string, item: Frame): void
  /** Asks for a turn. */
  wake(): void
}

/** What the proposer needs beside Host. */
interface ProposerHost extends Host {
  /** `from` has sent what no honest member sends. */
  onForged(from: string, reason: string): void
}

interface Pending {
  readonly sequence: number
  readonly bytes: Uint8Array
  readonly fence: number
  readonly startedAt: number
  readonly deadline: number
  readonly resolve: (result: ActionResult) => void
  /** It may have reached a log: from now on its outcome may be unknown. */
  sent: boolean
  /** When to send it to the same leader again; infinity: the leader's own, in its queue or log. */
  retryAt: number
  attempts: number
}

/**
 * The proposals of this member's callers. Each goes to the leader, again and again until this
 * member's own state machine has applied it or its deadline has passed. The table of applied
 * proposals makes repeats harmless.
 */
export class Proposer {
  readonly #host: ProposerHost
  readonly #incarnation: number
  readonly #latency: Samples
  readonly #pending = new Map<number, Pending>()
  #pendingBytes = 0
  #unsent: Pending[] = []
  /** Leader: packed commands that wait for the log, own and forwarded ones. */
  #queue: Uint8Array[] = []
  #queueBytes = 0
  #sequence = 0
  /** Nothing below is pending. */
  #lowest = 1
  /** Proposals accepted from callers. */
  proposals = 0
  /** Writes refused here because their fence's term is over: they never reached the log. */
  fenced = 0

  constructor(host: ProposerHost, incarnation: number, latency: Samples) {
    this.#host = host
    this.#incarnation = incarnation
    this.#latency = latency
  }

  /** Resolves when this member has applied the action, or when the deadline has passed. */
  propose(action: Action, options: ProposeOptions = {}): Promise<ActionResult> {
    const { core, clock } = this.#host
    const fence = options.fence ?? 0
    // Terms only grow: an entry of this fence's term can't come about any more. 0 is no term.
    if (options.fence !== undefined && (fence === 0 || fence < core.term)) {
      this.fenced++
      return Promise.resolve(fenced(fence, core.term))
    }
    if (this.#isFull) return Promise.resolve(overloaded)
    const wrong = wrongInAction(action)
    if (wrong !== undefined) return Promise.resolve(malformed(wrong))
    const sequence = ++this.#sequence
    const settledBelow = this.#settledBelow()
    const identity = { origin: core.id, incarnation: this.#incarnation, sequence }
    const { caller } = options
    const bytes = packCommand({ ...identity, settledBelow, fence, caller, action })
    const startedAt = clock.now()
    const deadline = startedAt + (options.timeoutMs ?? proposeTimeoutMs)
    this.proposals++
    return new Promise(resolve => {
      const times = { startedAt, deadline, sent: false, retryAt: 0, attempts: 0 }
      const pending: Pending = { sequence, bytes, fence, resolve, ...times }
      this.#pending.set(sequence, pending)
      this.#pendingBytes += bytes.length
      this.#unsent.push(pending)
      this.#host.wake()
    })
  }

  /**
   * Commands that a follower passed on. Stale ones are dropped: their origin repeats them. Every
   * member will apply them, and so each is read first, and has to be the follower's own.
   */
  accept(from: string, commands: readonly Uint8Array[], term: number): void {
    const { core, onForged } = this.#host
    if (core.role !== 'leader' || core.term !== term) return
    for (const bytes of commands) {
      if (this.#queueBytes > limits.queueBytesMax) return
      const command = readCommand(bytes)
      if (typeof command === 'string') onForged(from, command)
      else if (command.origin !== from) onForged(from, `a proposal of ${command.origin}`)
      else this.#enqueue(bytes)
    }
  }

  /** Sends what is unsent: into the own queue, or to the leader. */
  flush(): void {
    const { core } = this.#host
    if (core.leader === null || this.#unsent.length === 0) return
    this.#dropSettled()
    const unsent = this.#unsent
    this.#unsent = []
    if (core.role === 'leader') {
      for (const pending of unsent) {
        this.#mark(pending, Number.POSITIVE_INFINITY)
        this.#enqueue(pending.bytes)
      }
      return
    }
    if (unsent.length > 0) this.#forward(core.leader, unsent)
  }

  /** Leader: the next entries' data; empty while too much is uncommitted. */
  take(): Uint8Array[] {
    const { core } = this.#host
    const entries: Uint8Array[] = []
    if (core.role !== 'leader' || core.transferee !== null || !core.isVoter) return entries
    let room = limits.uncommittedEntriesMax - (core.log.last - core.committed)
    let first = 0
    while (first < this.#queue.length && room-- > 0) {
      const end = this.#entryEnd(first)
      const commands = this.#queue.slice(first, end)
      for (const { length } of commands) this.#queueBytes -= length
      entries.push(joinCommands(commands))
      first = end
    }
    if (first > 0) this.#queue = this.#queue.slice(first)
    return entries
  }

  /**
   * What was taken and did not get into the log, as a hand-over began in the same turn: it is the
   * next to be taken.
   */
  putBack(entries: readonly Uint8Array[]): void {
    if (entries.length === 0) return
    const commands = entries.flatMap(data => [...splitCommands(data)])
    this.#queue = [...commands, ...this.#queue]
    for (const { length } of commands) this.#queueBytes += length
  }

  /** True when commands wait for room in the log. */
  get isWaiting(): boolean {
    return this.#queue.length > 0
  }

  /** Another leader, another term: everything without a result is proposed again. */
  leaderChanged(): void {
    this.#queue = []
    this.#queueBytes = 0
    this.#unsent = [...this.#pending.values()]
  }

  onApplied(command: Command, result: ActionResult): void {
    if (command.origin !== this.#host.core.id) return
    if (command.incarnation !== this.#incarnation) return
    const pending = this.#pending.get(command.sequence)
    if (pending === undefined) return
    this.#latency.add(this.#host.clock.now() - pending.startedAt)
    this.#settle(pending, result)
  }

  /** A snapshot took the place of entries: what it has applied has no result here. */
  onRestored(dedupe: Dedupe): void {
    const { id } = this.#host.core
    for (const pending of this.#pending.values()) {
      if (!dedupe.has(id, this.#incarnation, pending.sequence)) continue
      this.#settle(pending, unknown('it was applied, the result came with a snapshot'))
    }
  }

  /** Deadlines and repeats. */
  tick(now: number): void {
    const before = this.#pending.size
    for (const pending of this.#pending.values()) {
      if (pending.deadline <= now) this.#settle(pending, late(pending))
      else if (pending.sent && pending.retryAt <= now) {
        pending.retryAt = Number.POSITIVE_INFINITY
        this.#unsent.push(pending)
      }
    }
    // Without a leader nothing is ever sent, and what is late must not stay for that.
    if (this.#pending.size < before) this.#dropSettled()
  }

  /** Proposals that were not sent yet, to whichever leader. */
  get unsent(): number {
    return this.#unsent.length
  }

  /** The replica stops: nobody is left waiting. */
  endAll(): void {
    for (const pending of this.#pending.values()) this.#settle(pending, late(pending))
  }

  #dropSettled(): void {
    this.#unsent = this.#unsent.filter(({ sequence }) => this.#pending.has(sequence))
  }

  get #isFull(): boolean {
    const { pendingMax, pendingBytesMax } = limits
    return this.#pending.size >= pendingMax || this.#pendingBytes > pendingBytesMax
  }

  /** The first sequence without a result. A map of many is slow to tell its first key. */
  #settledBelow(): number {
    while (this.#lowest < this.#sequence && !this.#pending.has(this.#lowest)) this.#lowest++
    return this.#lowest
  }

  #settle(pending: Pending, result: ActionResult): void {
    if (this.#pending.delete(pending.sequence)) this.#pendingBytes -= pending.bytes.length
    pending.resolve(result)
  }

  #enqueue(bytes: Uint8Array): void {
    this.#queue.push(bytes)
    this.#queueBytes += bytes.length
  }

  #entryEnd(first: number): number {
    let bytes = 0
    let end = first
    while (end < this.#queue.length) {
      bytes += this.#queue[end]!.length
      if (end > first && bytes > limits.entryBytesMax) break
      end++
    }
    return end
  }

  #forward(leader: string, unsent: readonly Pending[]): void {
    const { core, clock, timings } = this.#host
    let group: Uint8Array[] = []
    let bytes = 0
    for (const pending of unsent) {
      this.#mark(pending, clock.now() + timings.retryMs * 2 ** Math.min(pending.attempts, 4))
      group.push(pending.bytes)
      bytes += pending.bytes.length
      if (bytes < limits.entryBytesMax) continue
      this.#host.post(leader, { p: group, t: core.term })
      group = []
      bytes = 0
    }
    if (group.length > 0) this.#host.post(leader, { p: group, t: core.term })
  }

  #mark(pending: Pending, retryAt: number): void {
    pending.sent = true
    pending.attempts++
    pending.retryAt = retryAt
  }
}

const overloaded: StoreFailure = {
  ok: false,
  why: 'unavailable',
  message: 'etcdserver: too many requests',
}

function malformed(wrong: string): StoreFailure {
  return { ok: false, why: 'invalid', message: `etcdserver: malformed request: ${wrong}` }
}

function unknown(message: string): StoreFailure {
  return { ok: false, why: 'unknown', message: `etcdserver: request timed out: ${message}` }
}

function late({ sent }: Pending): StoreFailure {
  if (sent) return unknown('the outcome is not known')
  return { ok: false, why: 'unavailable', message: 'etcdserver: no leader' }
}
