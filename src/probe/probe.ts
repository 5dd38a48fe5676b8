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
const pruneParallel = 4

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
  /** Told of each acknowledged write, with the clock's `now`. */
  readonly onAcknowledged?: (nowMs: number) => void
}

/**
 * A client that keeps what was acknowledged: creates by generateName, compare-and-swap increments
 * of one counter, and reads. What it counts as lost was promised; nothing is assumed.
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

  /**
   * Reads everything back and compares. It may run beside the loops: a write without an answer may
   * be there or not, and what was acknowledged before the read must be.
   */
  async judge(): Promise<Verdict> {
    const { client, namespace } = this.#options
    const acknowledged = new Set(this.#creates.acknowledged)
    const before = this.#increments.tally
    const found = await this.#objects()
    const counter = await client.get(kinds.configMaps, namespace, this.#counter)
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
      Number(counter.data?.value ?? 0),
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
    const { client, namespace } = this.#options
    const names = (await this.#objects()).map(({ name }) => name)
    names.push(this.#counter)
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
      await ignoreMissing(
        this.#options.client.delete(kinds.configMaps, this.#options.namespace, name),
      )
      this.#leaving.delete(mark)
    } catch {
      this.#judged.set(mark, name)
    }
  }

  async #objects(): Promise<{ readonly mark: string; readonly name: string }[]> {
    const { client, namespace, id } = this.#options
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
    this.#issued.add(mark)
    const outcome = await this.#attempt(this.#creates, () =>
      client.create(kinds.configMaps, object),
    )
    if (outcome === 'failed') this.#issued.delete(mark)
    this.#record(this.#creates, outcome, mark)
  }

  /** Each round reads the counter again; a conflict is another writer's success. */
  async #increment(): Promise<void> {
    const { client, namespace } = this.#options
    this.#incrementing++
    const outcome = await this.#attempt(this.#increments, async () => {
      const now = await nothingSent(client.get(kinds.configMaps, namespace, this.#counter))
      const value = String(Number(now.data?.value ?? 0) + 1)
      await client.update(kinds.configMaps, { ...now, data: { value } })
    })
    this.#incrementing--
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
    if (outcome !== 'acknowledged') return
    const now = this.#options.clock.now()
    this.stopwatch.success(now)
    this.#options.onAcknowledged?.(now)
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
