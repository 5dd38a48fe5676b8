import { type Clock, sleep } from '../../kernel/clock.ts'
import { proposeTimeoutMs } from '../../kernel/limits.ts'
import type { Logger } from '../../kernel/logger.ts'
import { errorMessage } from '../../kernel/result.ts'
import type { StoreFailure } from '../types.ts'
import { type CallHeaders, EtcdClient, type EtcdEndpoint, GrpcError } from './client.ts'
import { type EtcdMethod, methods } from './methods.ts'
import { leavesEndpoint, type Verdict, verdictOf } from './verdict.ts'

/** One attempt of a call that may be repeated; then the next endpoint is asked. */
const attemptMsDefault = 1_500
/** Pauses between attempts, once every endpoint was asked. */
const pauseMs = { first: 20, max: 500 } as const
/** Before a write follows another that failed, a read shows that there is a leader who lives. */
const proofMs = 400
const proof = { key: '\0quorate/proof', countOnly: true }
/** How often the log says that etcd does not answer. */
const complainMs = 10_000
/** Metadata with which a member without a leader refuses at once instead of letting us wait. */
export const requireLeader: CallHeaders = { hasleader: 'true' }

/** One address of the etcd cluster. */
export interface Endpoint {
  readonly url: string
  readonly client: EtcdClient
}

export interface CallOptions {
  /** Milliseconds from now for all attempts together; default proposeTimeoutMs. */
  readonly timeoutMs?: number
  /** Milliseconds for one attempt of a call that may be repeated. */
  readonly attemptMs?: number
  /** A member without a leader may answer: serializable reads, status. */
  readonly leaderless?: boolean
}

export type CallResult<Response> = { readonly ok: true; readonly response: Response } | StoreFailure

interface WithHeader {
  readonly header?: { readonly revision?: number } | undefined
}

/**
 * The endpoints of one etcd cluster. All calls go to the current one; it is left at once when its
 * connection breaks, when it has no leader, or when it does not answer in time.
 */
export class Endpoints {
  readonly #endpoints: readonly Endpoint[]
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #movedListeners = new Set<() => void>()
  #at: number
  #revision = 0
  /** A member may take a dead leader for a living one: what it passes on would be lost. */
  #inDoubt = false
  #proving: Promise<StoreFailure | undefined> | undefined
  #complainedAt = Number.NEGATIVE_INFINITY

  /** `first`: number of the endpoint to begin with, so that peers spread. */
  constructor(endpoints: readonly EtcdEndpoint[], first: number, clock: Clock, logger: Logger) {
    this.#endpoints = endpoints.map(each => ({ url: each.url, client: new EtcdClient(each) }))
    this.#at = first % endpoints.length
    this.#clock = clock
    this.#logger = logger
  }

  get current(): Endpoint {
    return this.#endpoints[this.#at]!
  }

  get all(): readonly Endpoint[] {
    return this.#endpoints
  }

  /** The newest revision that any answer has named; 0 before the first. */
  get revision(): number {
    return this.#revision
  }

  sawRevision(revision: number): void {
    this.#revision = Math.max(this.#revision, revision)
  }

  /** Called when calls go to another endpoint from now on. */
  onMoved(listener: () => void): void {
    this.#movedListeners.add(listener)
  }

  /** Goes on to the next endpoint, unless that has been done already. */
  leave(endpoint: Endpoint): void {
    if (endpoint !== this.current) return
    this.#move((this.#at + 1) % this.#endpoints.length)
  }

  /** Calls go to `endpoint` from now on; those under way are left where they are. */
  moveTo(endpoint: Endpoint): void {
    if (endpoint !== this.current) this.#move(this.#endpoints.indexOf(endpoint))
  }

  #move(at: number): void {
    this.current.client.retire()
    this.#at = at
    for (const listener of this.#movedListeners) listener()
  }

  close(): void {
    for (const { client } of this.#endpoints) client.close()
  }

  /**
   * `unavailable`: surely not carried out until the deadline. `unknown`: it was sent, and is no
   * call that may be repeated.
   */
  async call<Request, Response>(
    method: EtcdMethod<Request, Response>,
    request: Partial<Request>,
    options: CallOptions = {},
  ): Promise<CallResult<Response>> {
    const { timeoutMs = proposeTimeoutMs, attemptMs = attemptMsDefault, leaderless } = options
    const deadline = this.#clock.now() + timeoutMs
    const headers = leaderless ? {} : requireLeader
    for (let attempt = 1; ; attempt++) {
      const doubt = method.repeatable ? undefined : await this.#untilSure(deadline)
      if (doubt !== undefined) return doubt
      const endpoint = this.current
      const leftMs = Math.max(1, deadline - this.#clock.now())
      const waitMs = method.repeatable ? Math.min(leftMs, attemptMs) : leftMs
      try {
        const { client } = endpoint
        const response = await client.unary(method.path, method, request, waitMs, headers)
        this.sawRevision((response as WithHeader).header?.revision ?? 0)
        return { ok: true, response }
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error
        const verdict = this.#judge(endpoint, error)
        const failure = failureOf(verdict, error, method.repeatable, this.#revision)
        if (failure !== undefined) return failure
        const restMs = deadline - this.#clock.now()
        const pause = this.#pauseAfter(attempt, verdict)
        if (restMs <= pause) return unavailableNow(error)
        await sleep(pause)
      }
    }
  }

  #judge(endpoint: Endpoint, error: GrpcError): Verdict {
    const verdict = verdictOf(error)
    if (verdict === 'lost' || verdict === 'elsewhere') this.#inDoubt = true
    if (leavesEndpoint(error, verdict)) {
      this.complain(endpoint, error)
      this.leave(endpoint)
    }
    return verdict
  }

  /** The failure of the last proof when the deadline comes first. */
  async #untilSure(deadline: number): Promise<StoreFailure | undefined> {
    while (this.#inDoubt) {
      this.#proving ??= this.#prove()
      const failure = await this.#proving
      if (failure !== undefined && this.#clock.now() >= deadline) return failure
    }
    return undefined
  }

  /** One linearizable read: it is answered only through a leader who still has a majority. */
  async #prove(): Promise<StoreFailure | undefined> {
    const options = { timeoutMs: proofMs, attemptMs: proofMs }
    const read = await this.call(methods.range, proof, options)
    if (read.ok) this.#inDoubt = false
    else await sleep(pauseMs.first)
    this.#proving = undefined
    return read.ok ? undefined : read
  }

  complain({ url }: Endpoint, error: unknown): void {
    const now = this.#clock.now()
    if (now - this.#complainedAt < complainMs) return
    this.#complainedAt = now
    this.#logger.warn('an endpoint of etcd is left', { endpoint: url, error: errorMessage(error) })
  }

  #pauseAfter(attempt: number, verdict: Verdict): number {
    const rounds = attempt - (verdict === 'later' ? 1 : this.#endpoints.length)
    return rounds < 0 ? 0 : Math.min(pauseMs.first * 2 ** rounds, pauseMs.max)
  }
}

/** Undefined when the call is to be made again. */
function failureOf(
  verdict: Verdict,
  { message }: GrpcError,
  repeatable: boolean,
  present: number,
): StoreFailure | undefined {
  if (verdict === 'elsewhere' || verdict === 'later') return undefined
  if (verdict !== 'lost') {
    const revision = verdict === 'future' ? { revision: present as StoreFailure['revision'] } : {}
    return { ok: false, why: verdict, message, ...revision }
  }
  if (repeatable) return undefined
  const text = message.startsWith('etcdserver: ') ? message : `etcdserver: ${message}`
  return { ok: false, why: 'unknown', message: text }
}

function unavailableNow({ message }: GrpcError): StoreFailure {
  return { ok: false, why: 'unavailable', message: `no etcd endpoint answers: ${message}` }
}
