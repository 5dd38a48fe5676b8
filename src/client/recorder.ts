import { kinds } from '../api/kinds.ts'
import type { CoreEvent } from '../api/objects.ts'
import type { KubeObject } from '../api/types.ts'
import { sha256Hex } from '../kernel/bytes.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import type { Client } from './types.ts'

/** Events that wait to be written; more are dropped, as upstream's broadcaster does at 1,000. */
const queuedMax = 1_000

/** Repeated events remembered. Source: client-go tools/record maxLruCacheEntries. */
const rememberedMax = 4_096

/** Who reports. */
export interface EventSource {
  readonly component: string
  readonly host?: string
}

export type EventType = 'Normal' | 'Warning'

/** Writes v1 Events about objects. Never throws and never blocks: events are best effort. */
export interface EventRecorder {
  /** `fieldPath` names a part of the object: `spec.containers{web}`. */
  event(
    object: KubeObject,
    type: EventType,
    reason: string,
    message: string,
    fieldPath?: string,
  ): void
  /** Resolves when everything queued so far is written or given up. */
  flush(): Promise<void>
}

interface Remembered {
  readonly name: string
  count: number
}

interface Queued {
  readonly key: string
  readonly event: CoreEvent
}

/**
 * A recorder for one component. Equal events (object, reason, message) are one object with a
 * count and a moving lastTimestamp. Source: client-go tools/record events_cache.go.
 */
export function createRecorder(
  client: Client,
  source: EventSource,
  clock: Clock = systemClock,
): EventRecorder {
  return new QueueingRecorder(client, source, clock)
}

class QueueingRecorder implements EventRecorder {
  readonly #client: Client
  readonly #source: EventSource
  readonly #clock: Clock
  readonly #remembered = new Map<string, Remembered>()
  readonly #queue: Queued[] = []
  #writing: Promise<void> | undefined

  constructor(client: Client, source: EventSource, clock: Clock) {
    this.#client = client
    this.#source = source
    this.#clock = clock
  }

  event(
    object: KubeObject,
    type: EventType,
    reason: string,
    message: string,
    fieldPath?: string,
  ): void {
    if (this.#queue.length >= queuedMax) return
    const event = this.#compose(object, type, reason, message)
    if (fieldPath) event.involvedObject.fieldPath = fieldPath
    const { kind, uid, name } = event.involvedObject
    const parts = [kind, event.metadata.namespace, name, uid, fieldPath, type, reason, message]
    this.#queue.push({ key: sha256Hex(parts.join('\0')), event })
    this.#writing ??= this.#drain()
  }

  async flush(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  async #drain(): Promise<void> {
    // The caller goes on first, also when the client answers in the same turn.
    await Promise.resolve()
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      await this.#write(next).catch(() => undefined)
    }
    this.#writing = undefined
  }

  async #write({ key, event }: Queued): Promise<void> {
    const known = this.#remembered.get(key)
    if (known) {
      try {
        await this.#repeat(known, event)
        return
      } catch {
        // It expired (events live an hour): write a new one.
        this.#remembered.delete(key)
      }
    }
    const created = await this.#client.create(kinds.events, event)
    this.#remember(key, { name: created.metadata.name ?? '', count: 1 })
  }

  async #repeat(known: Remembered, event: CoreEvent): Promise<void> {
    known.count++
    const body = {
      count: known.count,
      lastTimestamp: event.lastTimestamp,
      message: event.message,
    }
    const { namespace } = event.metadata
    await this.#client.patch(kinds.events, namespace, known.name, { type: 'strategic', body })
  }

  #remember(key: string, entry: Remembered): void {
    this.#remembered.set(key, entry)
    if (this.#remembered.size <= rememberedMax) return
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest)
      return
    }
  }

  #compose(object: KubeObject, type: EventType, reason: string, message: string): CoreEvent {
    const { name = '', namespace, uid, resourceVersion } = object.metadata
    const wall = this.#clock.wall()
    const time = `${new Date(wall).toISOString().slice(0, 19)}Z`
    const nanos = BigInt(Math.floor(wall)) * 1_000_000n + BigInt(Math.floor(Math.random() * 1e6))
    const unique = nanos.toString(16)
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${unique}`, namespace: namespace || 'default' },
      involvedObject: {
        kind: object.kind,
        apiVersion: object.apiVersion,
        name,
        namespace,
        // A Node's events name it as uid, which is what `kubectl describe node` looks for.
        uid: object.kind === 'Node' ? name : uid,
        resourceVersion,
      },
      reason,
      message: message.slice(0, 1_024),
      source: this.#source,
      reportingComponent: this.#source.component,
      reportingInstance: this.#source.host ?? '',
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      type,
    }
  }
}
