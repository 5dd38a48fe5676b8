import { createHash } from 'node:crypto'
import type { Event, KeyValue } from '../../src/mvcc/types.ts'
import { type Checker, check } from './checkers.ts'
import { paddingMark } from './hostile-ops.ts'
import type { Life, SimPeer } from './peer.ts'

/** One change within a revision, as text that two members must agree on. */
export interface Line {
  readonly key: string
  readonly text: string
}

/** Nobody may write below this: see SimAuthClient. */
export const forbiddenPrefix = 'x'

interface Change {
  readonly revision: number
  /** The written value; undefined: deleted. */
  readonly value: string | undefined
}

/**
 * The one history that all members must agree on: events by revision, as any member applied them
 * first. Values are unique, so it also shows what was applied twice. Revisions order all writes, so
 * linearizability is: every answer fits this history, and real time never contradicts its order.
 */
export class History implements Checker {
  readonly #digests: string[] = []
  readonly #lines: (readonly Line[])[] = []
  readonly #times: number[] = []
  readonly #now: () => number
  readonly #appliedAt = new Map<string, number>()
  readonly #keys = new Map<string, Change[]>()
  readonly #cursors = new Map<string, { life: number; next: number }>()
  readonly #refused = new Set<string>()
  /** The highest revision that any caller has been told of. */
  acknowledged = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** The changes of a revision, in the order of their text; undefined while nobody has shown it. */
  linesAt(revision: number): readonly Line[] | undefined {
    return this.#lines[revision]
  }

  /** Virtual time at which a member showed the revision first. */
  timeOf(revision: number): number | undefined {
    return this.#times[revision]
  }

  /** When `key` was deleted first after `revision`. */
  deletedAfter(key: string, revision: number): number | undefined {
    const found = this.#keys
      .get(key)
      ?.find(({ revision: at, value }) => at > revision && value === undefined)
    return found && this.#times[found.revision]
  }

  afterStep(peer: SimPeer, life: Life): void {
    const { mvcc } = life.replica.machine
    let cursor = this.#cursors.get(peer.id)
    if (cursor?.life !== life.number) {
      cursor = { life: life.number, next: 2 }
      this.#cursors.set(peer.id, cursor)
    }
    if (cursor.next > mvcc.revision) return
    // What a snapshot skipped, the hash of states has compared.
    const from = Math.max(cursor.next, mvcc.floor + 1)
    const limits = { eventsMax: 1e6, bytesMax: 1e9 }
    const page = mvcc.events({ key: '\0', rangeEnd: '\0', from, ...limits })
    if (!page.ok) return
    for (const [revision, events] of byRevision(page.events)) this.#add(peer, revision, events)
    cursor.next = mvcc.revision + 1
  }

  /** The value of `key` at `revision`. */
  valueAt(key: string, revision: number): string | undefined {
    return this.#keys.get(key)?.findLast(change => change.revision <= revision)?.value
  }

  /** The last revision of `key` at or before `revision` that is a put; 0 when it doesn't exist. */
  modAt(key: string, revision: number): number {
    const change = this.#keys.get(key)?.findLast(({ revision: at }) => at <= revision)
    return change?.value === undefined ? 0 : change.revision
  }

  /** A write was acknowledged: it is in the history where it says, and after all it could know. */
  onAcknowledged(value: string, revision: number, knownBefore: number): void {
    const at = this.#appliedAt.get(value)
    check(at === revision, () => `acknowledged ${value} at ${revision}, applied at ${at}`)
    check(revision > knownBefore, () => `${value} at ${revision} came before ${knownBefore}`)
    this.acknowledged = Math.max(this.acknowledged, revision)
  }

  /** A write was refused for certain: it must never appear. */
  onRefused(value: string): void {
    const at = this.#appliedAt.get(value)
    check(at === undefined, () => `${value} was refused and applied at ${at}`)
    this.#refused.add(value)
  }

  /** A linearizable read saw `value` at `revision`. */
  onRead(key: string, value: string | undefined, revision: number, knownBefore: number): void {
    check(revision >= knownBefore, () => `stale read: ${revision}, ${knownBefore} was known`)
    const expected = this.valueAt(key, revision)
    check(value === expected, () => `${key} at ${revision} was read ${value}, is ${expected}`)
    this.acknowledged = Math.max(this.acknowledged, revision)
  }

  /** A read of several keys at `revision`: exactly those that are there, as they were written. */
  onList(
    { key, rangeEnd }: { readonly key: string; readonly rangeEnd: string },
    kvs: readonly KeyValue[],
    revision: number,
  ): void {
    const expected: string[] = []
    const keys = [...this.#keys.keys()].filter(each => each >= key && each < rangeEnd)
    for (const each of keys.sort()) {
      const changes = this.#keys.get(each)!
      const change = changes.findLast(({ revision: at }) => at <= revision)
      if (change?.value === undefined) continue
      expected.push(`${each}=${change.value}@${change.revision}`)
    }
    const found = kvs.map(kv => `${kv.key}=${textOf(kv.value)}@${kv.modRevision}`)
    const [left, right] = [found.join(' '), expected.join(' ')]
    check(left === right, () => `${key}.. at ${revision} was read "${left}", is "${right}"`)
  }

  #add(peer: SimPeer, revision: number, events: readonly Event[]): void {
    const lines = events.map(lineOf).sort((left, right) => (left.text < right.text ? -1 : 1))
    const digest = lines.map(({ text }) => text).join('\n')
    const known = this.#digests[revision]
    if (known !== undefined) {
      check(known === digest, () => `${peer.id} applied another revision ${revision}`)
      return
    }
    this.#digests[revision] = digest
    this.#lines[revision] = lines
    this.#times[revision] = this.#now()
    for (const { type, kv } of events) {
      const value = type === 'put' ? textOf(kv.value) : undefined
      this.#addChange(kv.key, revision, value)
    }
  }

  #addChange(key: string, revision: number, value: string | undefined): void {
    check(!key.startsWith(forbiddenPrefix), () => `${key} was written without permission`)
    if (value !== undefined && isUnique(value)) {
      const before = this.#appliedAt.get(value) ?? revision
      check(before === revision, () => `${value} was applied twice: at ${before}, ${revision}`)
      check(!this.#refused.has(value), () => `${value} was refused and applied at ${revision}`)
      this.#appliedAt.set(value, revision)
    }
    const changes = this.#keys.get(key)
    // A member may be the first to show a revision that others have passed with a snapshot.
    const change = { revision, value }
    if (changes === undefined) this.#keys.set(key, [change])
    else if (changes.at(-1)!.revision < revision) changes.push(change)
    else {
      changes.push(change)
      changes.sort((left, right) => left.revision - right.revision)
    }
  }
}

/** Long values are told apart by their length and hash. */
export function textOf(value: Uint8Array): string {
  if (value.length <= 64) return Buffer.from(value).toString()
  const mark = String.fromCharCode(value[0]!)
  return `${mark}${value.length}:${createHash('sha1').update(value).digest('hex')}`
}

/** Most values name the one write that they come from. */
function isUnique(value: string): boolean {
  return value !== '' && !value.startsWith(paddingMark)
}

/** Events by their revision, in the order in which they came. */
export function byRevision(events: readonly Event[]): Map<number, Event[]> {
  const groups = new Map<number, Event[]>()
  for (const event of events) {
    const group = groups.get(event.kv.modRevision)
    if (group === undefined) groups.set(event.kv.modRevision, [event])
    else group.push(event)
  }
  return groups
}

/** An event as a line, without what was there before. */
export function lineOf({ type, kv }: Event): Line {
  const value = textOf(kv.value)
  const text = `${type} ${kv.key} ${value} ${kv.createRevision} ${kv.version} ${kv.lease}`
  return { key: kv.key, text }
}
