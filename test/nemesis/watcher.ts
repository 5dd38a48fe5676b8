import { sleep } from '../../src/kernel/clock.ts'
import type { Prng } from '../../src/kernel/prng.ts'
import {
  type EventMessage,
  eventTypes,
  type WatchResponse,
  watchRequest,
  watchResponse,
} from '../../src/store/etcd/rpc/watch.ts'
import type { SeenEvent, WatchEntry } from '../linearizability/watch.ts'
import type { Endpoints } from './endpoints.ts'
import type { Recorder } from './recorder.ts'

/** Longest time at one endpoint, milliseconds. */
const stayMsMax = 8_000
/** Some stay away for so long that compactions pass them, milliseconds. */
const restMs = { min: 3_000, max: 9_000 } as const
const restRatio = 0.2

/** Watches the round's keys, moves between endpoints, and resumes after what it has seen. */
export class NemesisWatcher {
  readonly #name: string
  readonly #prng: Prng
  readonly #endpoints: Endpoints
  readonly #recorder: Recorder
  readonly #prevKv: boolean
  readonly #entries: WatchEntry[] = []
  #next: number
  resumes = 0

  constructor(
    name: string,
    prng: Prng,
    endpoints: Endpoints,
    recorder: Recorder,
    options: { readonly startRevision: number; readonly prevKv: boolean },
  ) {
    this.#name = name
    this.#prng = prng
    this.#endpoints = endpoints
    this.#recorder = recorder
    this.#prevKv = options.prevKv
    this.#next = options.startRevision
  }

  /** True when nothing up to `revision` can be missing. */
  hasSeen(revision: number): boolean {
    return this.#next > revision
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#stay(signal).catch(() => {})
      const rest = restMs.min + this.#prng.next() * (restMs.max - restMs.min)
      const pause = this.#prng.chance(restRatio) ? rest : 20 + this.#prng.next() * 100
      await sleep(pause, signal).catch(() => {})
    }
  }

  finish(until: number): void {
    this.#recorder.watches.push({
      ...{ name: this.#name, prevKv: this.#prevKv, entries: this.#entries, until },
    })
  }

  async #stay(signal: AbortSignal): Promise<void> {
    const endpoint = this.#endpoints.some(this.#prng)
    const client = this.#endpoints.open(endpoint)
    const types = { request: watchRequest, response: watchResponse }
    const stream = client.stream('/etcdserverpb.Watch/Watch', types)
    const leave = setTimeout(() => client.close(), 500 + this.#prng.next() * stayMsMax)
    const abort = () => client.close()
    signal.addEventListener('abort', abort)
    // The range ends with the round's last key.
    const { prefix } = this.#recorder
    const rangeEnd = `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`
    const startRevision = this.#next
    this.resumes++
    // Asked now and then: what was not sent up to its revision does not exist.
    const progress = setInterval(() => stream.send({ progressRequest: {} }), 400)
    try {
      const create = { key: prefix, rangeEnd, startRevision, prevKv: this.#prevKv, fragment: true }
      stream.send({ createRequest: create })
      this.#entries.push({ type: 'begin', endpoint, startRevision })
      for await (const response of stream.responses) {
        if (signal.aborted || !this.#take(response)) return
      }
    } finally {
      clearTimeout(leave)
      clearInterval(progress)
      signal.removeEventListener('abort', abort)
      client.close()
    }
  }

  /** Returns false when the watch is over. */
  #take(response: WatchResponse): boolean {
    const { events, canceled, compactRevision, fragment, created, header } = response
    if (compactRevision > 0) {
      this.#entries.push({ type: 'compacted', revision: compactRevision })
      this.#next = compactRevision
      return false
    }
    if (canceled) return false
    if (events.length > 0) {
      const seen = events.map(seenOf)
      this.#entries.push({ type: 'events', events: seen, fragment })
      if (!fragment) this.#next = Math.max(this.#next, seen.at(-1)!.revision + 1)
    } else if (!created) this.#next = Math.max(this.#next, (header?.revision ?? 0) + 1)
    return true
  }
}

function seenOf({ type = 0, kv, prevKv }: Partial<EventMessage>): SeenEvent {
  const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString()
  const prev = prevKv && { value: text(prevKv.value), modRevision: prevKv.modRevision ?? 0 }
  const seen = { type: eventTypes[type] ?? 'put', key: kv?.key ?? '', value: text(kv?.value) }
  return { ...seen, revision: kv?.modRevision ?? 0, ...(prev && { prev }) }
}
