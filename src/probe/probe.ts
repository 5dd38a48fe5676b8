import { kinds } from '../api/kinds.ts'
import type { ConfigMap } from '../api/objects.ts'
import { isStatusReason, StatusError } from '../api/status.ts'
import { type Client, TransportError } from '../client/types.ts'
import { type Clock, sleep } from '../kernel/clock.ts'
import { errorMessage } from '../kernel/result.ts'
import { judge } from './judge.ts'
import { Ledger } from './ledger.ts'
import { Stopwatch } from './stopwatch.ts'
import type { Outcome, ProbeReport, Verdict } from './types.ts'

const counterName = 'counter'
const probeLabel = 'quorate.dev/probe'
const failuresMax = 10
const retryMs = 10
const listPageMax = 500

export interface ProbeOptions {
  /** Through the load balancer, as users come. */
  readonly client: Client
  readonly namespace: string
  readonly clock: Clock
  /** Tells the objects of this probe from those of others. */
  readonly id: string
  /** Loops that write at the same time; default 2. */
  readonly writers?: number
  /** Pause of a loop between two rounds; default 20 ms. */
  readonly pauseMs?: number
  /** A request that is still not through after this has failed; default 15 s. */
  readonly deadlineMs?: number
}

/**
 * A client that keeps what was acknowledged: creates by generateName, compare-and-swap increments
 * of one counter, and reads. What it counts as lost was promised; nothing is assumed.
 */
export class Probe {
  readonly stopwatch = new Stopwatch()
  readonly #options: Required<ProbeOptions>
  readonly #creates = new Ledger()
  readonly #increments = new Ledger()
  readonly #reads = new Ledger()
  readonly #failures: string[] = []
  #loops: Promise<void>[] = []
  #stop = new AbortController()
  #sequence = 0

  constructor(options: ProbeOptions) {
    this.#options = { writers: 2, pauseMs: 20, deadlineMs: 15_000, ...options }
  }

  /** Makes namespace and counter, and begins. */
  async start(): Promise<void> {
    const { client, namespace, writers } = this.#options
    await ignoreExisting(
      client.create(kinds.namespaces, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace },
      }),
    )
    await ignoreExisting(
      client.create(kinds.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: this.#counter, namespace },
        data: { value: '0' },
      }),
    )
    this.#stop = new AbortController()
    this.#loops = Array.from({ length: writers }, () => this.#loop())
  }

  /** Ends the loops after their present request. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#loops)
  }

  get report(): ProbeReport {
    return {
      creates: this.#creates.tally,
      increments: this.#increments.tally,
      reads: this.#reads.tally,
      longestGapMs: this.stopwatch.longestMs,
      sinceWriteMs: this.stopwatch.sinceLast(this.#options.clock.now()),
      failures: this.#failures,
    }
  }

  /** Reads everything back and compares. The loops should be stopped. */
  async judge(): Promise<Verdict> {
    const { client, namespace, id } = this.#options
    const marks: string[] = []
    let token: string | undefined
    do {
      const page = await client.list(kinds.configMaps, {
        namespace,
        labelSelector: `${probeLabel}=${id}`,
        limit: listPageMax,
        continue: token,
      })
      for (const item of page.items) marks.push(item.data?.mark ?? '')
      token = page.metadata.continue
    } while (token)
    const counter = await client.get(kinds.configMaps, namespace, this.#counter)
    const value = Number(counter.data?.value ?? 0)
    return judge(this.#creates, this.#increments.tally, marks, value)
  }

  get #counter(): string {
    return `${counterName}-${this.#options.id}`
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#create()
      await this.#increment()
      await this.#read()
      await sleep(this.#options.pauseMs, signal).catch(() => {})
    }
  }

  async #create(): Promise<void> {
    const { client, namespace, id } = this.#options
    const mark = `${id}-${++this.#sequence}`
    const object: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { generateName: 'probe-', namespace, labels: { [probeLabel]: id } },
      data: { mark },
    }
    const outcome = await this.#attempt(this.#creates, () =>
      client.create(kinds.configMaps, object),
    )
    this.#record(this.#creates, outcome, mark)
  }

  /** Each round reads the counter again; a conflict is another writer's success. */
  async #increment(): Promise<void> {
    const { client, namespace } = this.#options
    const outcome = await this.#attempt(this.#increments, async () => {
      const now = await nothingSent(client.get(kinds.configMaps, namespace, this.#counter))
      const value = String(Number(now.data?.value ?? 0) + 1)
      await client.update(kinds.configMaps, { ...now, data: { value } })
    })
    this.#record(this.#increments, outcome)
  }

  async #read(): Promise<void> {
    const { client, namespace } = this.#options
    const outcome = await this.#attempt(
      this.#reads,
      () => client.get(kinds.configMaps, namespace, this.#counter),
      true,
    )
    this.#reads.record(outcome)
  }

  #record(ledger: Ledger, outcome: Outcome, mark?: string): void {
    ledger.record(outcome, mark)
    if (outcome === 'acknowledged') this.stopwatch.success(this.#options.clock.now())
  }

  /** Repeats what surely was not carried out, until the deadline. Reads are always repeated. */
  async #attempt(
    ledger: Ledger,
    request: () => Promise<unknown>,
    harmless = false,
  ): Promise<Outcome> {
    const { clock, deadlineMs } = this.#options
    const deadline = clock.now() + deadlineMs
    for (;;) {
      try {
        await request()
        return 'acknowledged'
      } catch (error) {
        const verdict = harmless ? 'repeat' : classify(error)
        if (verdict === 'repeat' && clock.now() < deadline) {
          ledger.retried()
          await sleep(retryMs)
          continue
        }
        if (verdict === 'unknown') return 'unknown'
        this.#failures.push(errorMessage(error))
        if (this.#failures.length > failuresMax) this.#failures.shift()
        return 'failed'
      }
    }
  }
}

/** A read that fails on the way to a write: the write surely was not carried out. */
async function nothingSent<T>(read: Promise<T>): Promise<T> {
  try {
    return await read
  } catch (error) {
    if (error instanceof StatusError && error.status.code < 500) throw error
    throw new TransportError(errorMessage(error), { sent: false, cause: error })
  }
}

/** What an error says of a write: not carried out, perhaps carried out, refused. */
function classify(error: unknown): 'repeat' | 'unknown' | 'refused' {
  if (error instanceof TransportError) return error.sent ? 'unknown' : 'repeat'
  if (!(error instanceof StatusError)) return 'refused'
  if (isStatusReason(error, 'Conflict') || isStatusReason(error, 'ServiceUnavailable')) {
    return 'repeat'
  }
  return isStatusReason(error, 'Timeout') || error.status.code === 504 ? 'unknown' : 'refused'
}

async function ignoreExisting(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (error) {
    if (!isStatusReason(error, 'AlreadyExists')) throw error
  }
}
