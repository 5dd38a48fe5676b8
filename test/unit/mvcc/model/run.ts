import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { EventPage } from '../../../../src/mvcc/changes.ts'
import { Mvcc } from '../../../../src/mvcc/mvcc.ts'
import type { FrozenView, MvccSlice } from '../../../../src/mvcc/snapshot.ts'
import type { KeyValue, RevisionRow, VersionRow } from '../../../../src/mvcc/types.ts'
import { EtcdModel, kvOf, type Version } from './etcd-model.ts'
import type { Step } from './steps.ts'

/** Small enough that slabs fill and die within a short history, and that most things take steps. */
const options = { slabBytes: 1_024, stepRows: 2 }
const rowBytes = 64

/** A snapshot being read while the store goes on. */
interface Reading {
  readonly slices: Generator<MvccSlice>
  readonly copy: Mvcc
  readonly hash: string
  readonly kept: readonly Version[]
}

/** Runs a history on the store and on the model; throws at the first difference. */
export function runSteps(steps: readonly Step[]): void {
  const pair = new Pair()
  for (const [at, step] of steps.entries()) {
    try {
      pair.take(step)
      if (at % 50 === 49) pair.compareAll()
    } catch (error) {
      throw new Error(`step ${at} (${step.type}): ${(error as Error).stack}`)
    }
  }
  pair.end()
}

/**
 * The smallest part of a failing history that still fails: halves, quarters and so on are left out
 * as long as it does. Source: delta debugging (Zeller, Hildebrandt 2002).
 */
export function shrink(steps: readonly Step[]): readonly Step[] {
  let left = steps
  for (let size = left.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < left.length; ) {
      const without = [...left.slice(0, at), ...left.slice(at + size)]
      if (fails(without)) left = without
      else at += size
    }
  }
  return left
}

function fails(steps: readonly Step[]): boolean {
  try {
    runSteps(steps)
    return false
  } catch {
    return true
  }
}

/** A range being read while the store goes on. */
interface LongRead {
  readonly steps: ReturnType<Mvcc['rangeSteps']>
  readonly at: number
  /** What was handed over as it was read. */
  readonly first: readonly KeyValue[]
  readonly expected: ReturnType<EtcdModel['range']>
}

class Pair {
  mvcc = new Mvcc(options)
  readonly model = new EtcdModel()
  #reading: Reading | undefined
  #long: LongRead | undefined

  take(step: Step): void {
    this.#actions[step.type](step as never)
    same(this.mvcc.revision, this.model.revision, 'revision')
    same(this.mvcc.floor, this.model.floor, 'floor')
  }

  readonly #actions: {
    readonly [T in Step['type']]: (step: Extract<Step, { readonly type: T }>) => void
  } = {
    txn: ({ txn }) => {
      const done = this.#inSteps(this.mvcc.txnSteps(txn))
      const found = done.ok
        ? { succeeded: done.succeeded, results: done.results }
        : { failed: done.why }
      same(found, this.model.txn(txn), 'txn')
    },
    range: ({ op, back }) => {
      const revision = Math.max(0, this.model.revision - back + 2)
      this.#compareRange({ ...op, revision })
      this.#compareRange(op)
    },
    grant: ({ lease }) => {
      same(whyOf(this.mvcc.grant(lease, 60)), this.model.grant(lease, 60), 'grant')
    },
    revoke: ({ lease }) => {
      same(whyOf(this.#inSteps(this.mvcc.revokeSteps(lease))), this.model.revoke(lease), 'revoke')
    },
    compact: ({ back }) => {
      const to = Math.max(0, this.model.revision - back)
      same(whyOf(this.mvcc.compact(to)), this.model.compact(to), 'compact')
    },
    sweep: ({ versions }) => this.mvcc.sweep(versions),
    defragment: () => this.mvcc.defragment(),
    watch: ({ back, eventsMax }) => {
      this.#compareEvents(Math.max(0, this.model.revision - back), eventsMax)
    },
    freeze: () => {
      const view = this.mvcc.freeze()
      const rows = [...view.byRevision()].flat()
      const kept = this.model.kept()
      same(rows.map(rowOf), kept, 'rows by revision')
      const [hash, copy] = [this.mvcc.hash(), new Mvcc(options)]
      this.#reading = { slices: view.slices(3, 400), copy, hash, kept }
    },
    'long-read': ({ op, back }) => {
      const revision = back % 2 === 0 ? 0 : Math.max(0, this.model.revision - back)
      const first: KeyValue[] = []
      const steps = this.mvcc.rangeSteps({ ...op, revision }, (kvs, at) => {
        same(at, first.length, 'place of a part')
        first.push(...kvs)
      })
      const at = revision || this.model.revision
      this.#long = { steps, at, first, expected: this.model.range({ ...op, revision }) }
      this.#readLong(1)
    },
    'read-on': ({ slices }) => {
      this.#readOn(slices)
      this.#readLong(slices)
    },
    load: () => {
      this.#replace([...this.mvcc.freeze().slices(5, 1_000)])
    },
    restore: () => {
      const view = this.mvcc.freeze()
      this.#replace([this.#head(), ...rowSlices(view)])
    },
  }

  /** All that anybody can see. */
  compareAll(): void {
    const all = { type: 'range', key: '\0', rangeEnd: '\0' } as const
    for (const revision of [0, this.model.floor, this.model.floor + 1]) {
      if (revision <= this.model.revision) this.#compareRange({ ...all, revision })
    }
    this.#compareEvents(this.model.floor, 7)
    same(this.mvcc.liveKeys, this.model.at(this.model.revision).length, 'live keys')
    const leases = this.mvcc.leases
      .all()
      .map(({ id, keys }) => [id, [...keys].sort()] as const)
      .sort(([left], [right]) => left - right)
    const held = [...this.model.leases.keys()].sort().map(id => {
      const own = this.model.at(this.model.revision).filter(({ lease }) => lease === id)
      return [id, own.map(({ key }) => key)]
    })
    same(leases, held, 'leases and their keys')
  }

  /** What is left when everything was swept is what has to be kept, and no slab beside it. */
  end(): void {
    this.#readOn(Number.POSITIVE_INFINITY)
    this.#readLong(Number.POSITIVE_INFINITY)
    if (this.model.revision > this.model.floor) this.take({ type: 'compact', back: 0 })
    while (!this.mvcc.isSwept) this.mvcc.sweep(50)
    this.mvcc.defragment()
    while (!this.mvcc.isSwept) this.mvcc.sweep(50)
    this.compareAll()
    const kept = this.model.kept()
    const values = kept.reduce((sum, { value }) => sum + value.length, 0)
    const rest = kept.reduce((sum, { key }) => sum + key.length + rowBytes, 0)
    same(this.mvcc.bytes, values + rest, 'bytes kept')
    // Each slab is more than half alive, but for the one that is being filled.
    const most = 2 * values + 1_400_000
    if (this.mvcc.heldBytes > most) throw new Error(`${this.mvcc.heldBytes} B held, ${most} may be`)
  }

  #compareRange(op: Parameters<EtcdModel['range']>[0]): void {
    const read = this.mvcc.range(op)
    same(read.ok ? read.range : { failed: read.why }, this.model.range(op), 'range')
  }

  /** Page by page; each ends with a whole revision. */
  #compareEvents(from: number, eventsMax: number): void {
    const wanted = this.model.events(from)
    const query = { key: '\0', rangeEnd: '\0', prevKv: true, eventsMax, bytesMax: 1e9 }
    const events: EventPage['events'] = []
    for (let next = from; ; ) {
      const page = this.mvcc.events({ ...query, from: next })
      if (!page.ok) {
        same({ failed: page.why }, wanted, 'events')
        return
      }
      events.push(...page.events)
      if (!page.more) break
      if (page.events.length === 0) throw new Error('a page without an end')
      next = page.revision + 1
    }
    const expected = 'events' in wanted ? wanted.events.map(eventOf) : wanted
    same(events, expected, 'events')
  }

  /** Between the steps of what is written everybody sees the state before it. */
  #inSteps<T>(steps: Generator<void, T>): T {
    for (;;) {
      const step = steps.next()
      if (step.done) return step.value
      this.mvcc.sweep(3)
      this.#compareRange({ type: 'range', key: '\0', rangeEnd: '\0' })
      this.#compareRange({ type: 'range', key: 'b', rangeEnd: 'm', limit: 1 })
      this.#compareEvents(this.model.floor, 7)
      const rows = [...this.mvcc.freeze().byRevision()].flat()
      same(rows.map(rowOf), this.model.kept(), 'rows between steps')
      this.#readLong(1)
    }
  }

  #readLong(count: number): void {
    const long = this.#long
    if (long === undefined) return
    for (let left = count; left > 0; left--) {
      const step = long.steps.next()
      if (!step.done) continue
      this.#long = undefined
      const read = step.value
      if (!read.ok && read.why === 'compacted' && this.model.floor > long.at) return
      const whole = read.ok && { ...read.range, kvs: [...long.first, ...read.range.kvs] }
      same(read.ok ? whole : { failed: read.why }, long.expected, 'long read')
      return
    }
  }

  #readOn(count: number): void {
    const reading = this.#reading
    if (reading === undefined) return
    for (let left = count; left > 0; left--) {
      const slice = reading.slices.next()
      if (!slice.done) {
        reading.copy.import(slice.value)
        continue
      }
      reading.copy.importDone()
      same(reading.copy.hash(), reading.hash, 'hash of a snapshot')
      const rows = [...reading.copy.freeze().byRevision()].flat()
      same(rows.map(rowOf), reading.kept, 'rows of a snapshot')
      this.#reading = undefined
      return
    }
  }

  #replace(slices: readonly MvccSlice[]): void {
    const copy = new Mvcc(options)
    for (const slice of slices) copy.import(slice)
    copy.importDone()
    same(copy.hash(), this.mvcc.hash(), 'hash after a load')
    this.mvcc = copy
    this.#long = undefined
    this.compareAll()
  }

  #head(): MvccSlice {
    const { revision, floor } = this.mvcc
    const leases = this.mvcc.leases.all().map(({ id, ttlSeconds }) => [id, ttlSeconds] as const)
    return { type: 'head', revision, floor, leases }
  }
}

function* rowSlices(view: FrozenView): Generator<MvccSlice> {
  for (const slice of view.byRevision()) yield { type: 'rows', rows: slice.map(rowOf) }
}

/** A row of a frozen view as it stands in a snapshot, and in the model. */
function rowOf({ kv, sub, deleted }: RevisionRow): VersionRow {
  return {
    ...{ key: kv.key, value: kv.value, mod: kv.modRevision, sub, lease: kv.lease },
    ...(deleted ? { create: 0, version: 0 } : { create: kv.createRevision, version: kv.version }),
  }
}

function eventOf([version, before]: [Version, Version | undefined]) {
  const type = version.version === 0 ? 'delete' : 'put'
  const event = { type, kv: kvOf(version) }
  return before === undefined ? event : { ...event, prevKv: kvOf(before) }
}

function whyOf(result: { readonly ok: boolean; readonly why?: string }): string | undefined {
  return result.ok ? undefined : result.why
}

function same(found: unknown, expected: unknown, what: string): void {
  const [left, right] = [plain(found), plain(expected)]
  if (isDeepStrictEqual(left, right)) return
  const shown = [left, right].map(each => JSON.stringify(each)?.slice(0, 600))
  throw new Error(`${what}: found ${shown[0]}, expected ${shown[1]}`)
}

/** Values as short texts, and nothing that is undefined. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return textOf(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(entries.map(([name, each]) => [name, plain(each)]))
}

function textOf(value: Uint8Array): string {
  if (value.length <= 40) return Buffer.from(value).toString('hex')
  return `${value.length}:${createHash('sha1').update(value).digest('hex')}`
}
