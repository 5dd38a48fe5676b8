import { kinds } from '../api/kinds.ts'
import type { ConfigMap } from '../api/objects.ts'
import { isStatusReason, StatusError } from '../api/status.ts'
import { type Client, TransportError } from '../client/types.ts'
import { must } from '../kernel/assert.ts'
import { type Clock, sleep } from '../kernel/clock.ts'
import { errorMessage } from '../kernel/result.ts'
import { judge } from './judge.ts'
import { Ledger } from './ledger.ts'
import type { Acknowledgement } from './outage.ts'
import { Stopwatch } from './stopwatch.ts'
import type { Outcome, ProbeReport, Verdict } from './types.ts'

const counterName = 'counter'
const probeLabel = 'quorate.dev/probe'
const failuresMax = 10
const retryMs = 10
const listPageMax = 500
const pruneParallel = 4

export interface ProbeOptions {
  /**
   * One for each writer, through the load balancer, as users come. On connections of their own, or
   * one broken connection would be an outage of all.
   */
  readonly clients: readonly Client[]
  readonly namespace: string
  readonly clock: Clock
  /** Tells the objects of this probe from those of others. */
  readonly id: string
  /**
   * From one write of a writer to its next, unless the one before takes longer; default 80 ms. The
   * writers are staggered: of eight with the default, one begins a write every 10 ms.
   */
  readonly periodMs?: number
  /** A request that is still not through after this has failed; default 15 s. */
  readonly deadlineMs?: number
  /** Told of each acknowledged write, by the clock's wall. */
  readonly onAcknowledged?: (write: Acknowledgement) => void
}

/**
 * Clients that keep what was acknowledged: creates by generateName, compare-and-swap increments of
 * a counter each, and reads. What is counted as lost was promised; nothing is assumed.
 */
export class Probe {
  readonly stopwatch = new Stopwatch()
  readonly #options: Required<Omit<ProbeOptions, 'onAcknowledged'>> & ProbeOptions
  readonly #creates = new Ledger()
  readonly #increments = new Ledger()
  readonly #reads = new Ledger()
  readonly #failures: string[] = []
  #loops: Promise<void>[] = []
  #stop = new AbortController()
  #sequence = 0
  /** Marks whose request is under way or was answered in any way but a refusal. */
  readonly #issued = new Set<string>()
  #incrementing = 0
  /** Names by mark of objects that the last judgement found as they should be. */
  readonly #judged = new Map<string, string>()
  /** Judged, and being deleted: may be there or not. */
  readonly #leaving = new Set<string>()
  #pruned = 0

  constructor(options: ProbeOptions) {
    this.#options = { periodMs: 80, deadlineMs: 15_000, ...options }
  }

  /** Makes namespace and counters, and begins. */
  async start(): Promise<void> {
    const { clients, namespace } = this.#options
    const client = this.#client
    await ignoreExisting(
      client.create(kinds.namespaces, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace },
      }),
    )
    for (const name of this.#counters) {
      await ignoreExisting(
        client.create(kinds.configMaps, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, namespace },
          data: { value: '0' },
        }),
      )
    }
    this.#stop = new AbortController()
    this.#loops = clients.map((_, writer) => this.#loop(writer))
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

  /**
   * Reads everything back and compares. It may run beside the loops: a write without an answer may
   * be there or not, and what was acknowledged before the read must be.
   */
  async judge(): Promise<Verdict> {
    const acknowledged = new Set(this.#creates.acknowledged)
    const before = this.#increments.tally
    const found = await this.#objects()
    const counted = await this.#counted()
    const after = this.#increments.tally
    const present = found.filter(({ mark }) => !this.#leaving.has(mark))
    const { unknown } = this.#creates
    const verdict = judge(
      {
        acknowledged,
        unknown,
        inFlight: new Set([...this.#issued].filter(mark => !acknowledged.has(mark))),
      },
      {
        ...before,
        inFlight:
          after.acknowledged -
          before.acknowledged +
          after.unknown -
          before.unknown +
          this.#incrementing,
      },
      present.map(({ mark }) => mark),
      counted,
    )
    for (const { mark, name } of present) if (acknowledged.has(mark)) this.#judged.set(mark, name)
    return {
      ...verdict,
      objects: verdict.objects + this.#pruned,
      acknowledged: verdict.acknowledged + this.#pruned,
    }
  }

  /**
   * Deletes the objects that the last `judge` found as they should be, so that a probe that runs
   * for days does not fill the store. Counts keep what was pruned. What can't be deleted now stays
   * for the next call.
   */
  async prune(): Promise<void> {
    const judged = [...this.#judged]
    this.#judged.clear()
    for (let at = 0; at < judged.length; at += pruneParallel) {
      const batch = judged.slice(at, at + pruneParallel)
      await Promise.all(batch.map(([mark, name]) => this.#forget(mark, name)))
    }
  }

  /** Deletes everything this probe has made but the namespace. The loops should be stopped. */
  async remove(): Promise<void> {
    const { namespace } = this.#options
    const client = this.#client
    const names = (await this.#objects()).map(({ name }) => name)
    names.push(...this.#counters)
    for (let at = 0; at < names.length; at += pruneParallel) {
      const batch = names.slice(at, at + pruneParallel)
      await Promise.all(
        batch.map(name => ignoreMissing(client.delete(kinds.configMaps, namespace, name))),
      )
    }
  }

  async #forget(mark: string, name: string): Promise<void> {
    if (!this.#leaving.has(mark)) {
      this.#leaving.add(mark)
      this.#creates.acknowledged.delete(mark)
      this.#issued.delete(mark)
      this.#pruned++
    }
    try {
      await ignoreMissing(this.#client.delete(kinds.configMaps, this.#options.namespace, name))
      this.#leaving.delete(mark)
    } catch {
      this.#judged.set(mark, name)
    }
  }

  async #objects(): Promise<{ readonly mark: string; readonly name: string }[]> {
    const { namespace, id } = this.#options
    const client = this.#client
    const found: { mark: string; name: string }[] = []
    let token: string | undefined
    do {
      const page = await client.list(kinds.configMaps, {
        namespace,
        labelSelector: `${probeLabel}=${id}`,
        limit: listPageMax,
        continue: token,
      })
      for (const { data, metadata } of page.items) {
        found.push({ mark: data?.mark ?? '', name: metadata.name ?? '' })
      }
      token = page.metadata.continue
    } while (token)
    return found
  }

  /** The one that prepares, judges and tidies up. */
  get #client(): Client {
    return must(this.#options.clients[0], 'a client')
  }

  get #counters(): string[] {
    return this.#options.clients.map((_, writer) => this.#counterOf(writer))
  }

  #counterOf(writer: number): string {
    return `${counterName}-${this.#options.id}-${writer}`
  }

  /** What all counters have together. */
  async #counted(): Promise<number> {
    let sum = 0
    for (const name of this.#counters) {
      const counter = await this.#client.get(kinds.configMaps, this.#options.namespace, name)
      sum += Number(counter.data?.value ?? 0)
    }
    return sum
  }

  /** Creates and increments by turns; after an increment the counter is read. */
  async #loop(writer: number): Promise<void> {
    const { clients, clock, periodMs } = this.#options
    const { signal } = this.#stop
    const client = must(clients[writer], 'a client')
    let due = clock.now() + (writer * periodMs) / clients.length
    for (let turn = 0; !signal.aborted; turn++) {
      await sleep(Math.max(0, due - clock.now()), signal).catch(() => {})
      if (signal.aborted) return
      due = Math.max(due, clock.now() - periodMs) + periodMs
      if (turn % 2 === 0) {
        await this.#create(client)
        continue
      }
      await this.#increment(client, this.#counterOf(writer))
      await this.#read(client, this.#counterOf(writer))
    }
  }

  async #create(client: Client): Promise<void> {
    const { clock, namespace, id } = this.#options
    const mark = `${id}-${++this.#sequence}`
    const object: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { generateName: 'probe-', namespace, labels: { [probeLabel]: id } },
      data: { mark },
    }
    this.#issued.add(mark)
    let sentAt = clock.wall()
    const outcome = await this.#attempt(this.#creates, () => {
      sentAt = clock.wall()
      return client.create(kinds.configMaps, object)
    })
    if (outcome === 'failed') this.#issued.delete(mark)
    this.#record(this.#creates, outcome, sentAt, mark)
  }

  /** Each round reads the counter again; a conflict is another writer's success. */
  async #increment(client: Client, name: string): Promise<void> {
    const { clock, namespace } = this.#options
    let sentAt = clock.wall()
    this.#incrementing++
    const outcome = await this.#attempt(this.#increments, async () => {
      const now = await nothingSent(client.get(kinds.configMaps, namespace, name))
      const value = String(Number(now.data?.value ?? 0) + 1)
      sentAt = clock.wall()
      await client.update(kinds.configMaps, { ...now, data: { value } })
    })
    this.#incrementing--
    this.#record(this.#increments, outcome, sentAt)
  }

  async #read(client: Client, name: string): Promise<void> {
    const { namespace } = this.#options
    const outcome = await this.#attempt(
      this.#reads,
      () => client.get(kinds.configMaps, namespace, name),
      true,
    )
    this.#reads.record(outcome)
  }

  #record(ledger: Ledger, outcome: Outcome, sentAt: number, mark?: string): void {
    ledger.record(outcome, mark)
    if (outcome !== 'acknowledged') return
    const { clock, onAcknowledged } = this.#options
    this.stopwatch.success(clock.now())
    onAcknowledged?.({ sentAt, at: clock.wall() })
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

async function ignoreMissing(deletion: Promise<unknown>): Promise<void> {
  try {
    await deletion
  } catch (error) {
    if (!isStatusReason(error, 'NotFound')) throw error
  }
}
