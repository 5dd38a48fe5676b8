import { must } from '../kernel/assert.ts'
import type { MemberId } from '../raft/types.ts'
import type { LeaderAnswer, LeaderRequest } from './frames.ts'
import { firstIdOf } from './incarnation.ts'
import type { Host } from './proposer.ts'
import type { StoreFailure, StoreResult } from './types.ts'

interface Call {
  readonly id: number
  readonly request: LeaderRequest
  readonly isDone: () => boolean
  readonly deadline: number
  readonly resolve: (result: StoreResult<{ readonly value?: unknown }>) => void
  sentAt: number
}

/** Leader: does what is asked; an answer ends the call, without one the caller sees for itself. */
export type Serve = (request: LeaderRequest) => Omit<LeaderAnswer, 'id'> | undefined

/**
 * What only the leader can do or know, asked by any member and repeated until there is an answer,
 * until its effect shows here, or until it is too late.
 */
export class LeaderCalls {
  readonly #host: Host
  readonly #serve: Serve
  readonly #calls = new Map<number, Call>()
  #lastId: number

  constructor(host: Host, incarnation: number, serve: Serve) {
    this.#host = host
    this.#lastId = firstIdOf(incarnation)
    this.#serve = serve
  }

  /** @param isDone the effect shows in this member's own state */
  call<T = unknown>(
    request: LeaderRequest,
    isDone: () => boolean = () => false,
  ): Promise<StoreResult<{ readonly value?: T }>> {
    const { clock, timings } = this.#host
    const deadline = clock.now() + 5 * timings.electionMsMax
    const id = ++this.#lastId
    return new Promise(resolve => {
      const sentAt = Number.NEGATIVE_INFINITY
      const done = resolve as Call['resolve']
      this.#calls.set(id, { id, request, isDone, deadline, resolve: done, sentAt })
      this.#host.wake()
    })
  }

  /** Sends what is due to the leader of now. */
  flush(): void {
    const { core, clock, timings } = this.#host
    const { leader } = core
    const now = clock.now()
    for (const call of this.#calls.values()) {
      if (leader === null || now - call.sentAt < timings.retryMs) continue
      call.sentAt = now
      if (leader !== core.id) {
        this.#host.post(leader, { q: { id: call.id, request: call.request } })
        continue
      }
      const answer = this.#serve(call.request)
      if (answer !== undefined) this.onAnswer({ id: call.id, ...answer })
    }
  }

  /** Leader: another member asks. */
  onRequest(from: MemberId, id: number, request: LeaderRequest): void {
    if (this.#host.core.role !== 'leader') return
    const answer = this.#serve(request)
    if (answer !== undefined) this.#host.post(from, { w: { id, ...answer } })
  }

  onAnswer({ id, message, value }: LeaderAnswer): void {
    const call = this.#calls.get(id)
    if (call === undefined) return
    if (message === undefined) this.#settle(call, { ok: true, value })
    else this.#settle(call, { ok: false, why: 'invalid', message })
  }

  tick(now: number): void {
    for (const call of this.#calls.values()) {
      if (call.isDone()) this.#settle(call, { ok: true })
      else if (call.deadline <= now) this.#settle(call, timedOut)
    }
  }

  endAll(): void {
    for (const call of this.#calls.values()) this.#settle(call, timedOut)
  }

  #settle(call: Call, result: StoreResult<{ readonly value?: unknown }>): void {
    must(this.#calls.get(call.id), 'a call that is open')
    this.#calls.delete(call.id)
    call.resolve(result)
  }
}

const timedOut: StoreFailure = {
  ok: false,
  why: 'unknown',
  message: 'etcdserver: request timed out',
}
