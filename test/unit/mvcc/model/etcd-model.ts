import type {
  Compare,
  Key,
  KeyValue,
  Op,
  OpResult,
  PutOp,
  RangeOp,
  RangeResult,
  TxnOp,
} from '../../../../src/mvcc/types.ts'

/** One version of a key: the model forgets none. */
export interface Version {
  readonly key: Key
  readonly value: Uint8Array
  readonly mod: number
  readonly sub: number
  readonly create: number
  /** 0: a delete. */
  readonly version: number
  readonly lease: number
}

type Failure = 'invalid' | 'compacted' | 'future'
type Txn = Pick<TxnOp, 'compares' | 'success' | 'failure'>
export type Done<T> = { readonly failed: Failure } | T

const nothing = new Uint8Array(0)

/**
 * etcd's key-value state as its documents tell it, with no thought of speed or memory: a list of
 * every version there ever was. Source: etcd server/mvcc (kvstore_txn.go, index.go),
 * server/etcdserver/apply.go (applyCompares, Range, checkRequestPut), lease/lessor.go.
 */
export class EtcdModel {
  readonly versions: Version[] = []
  readonly leases = new Map<number, number>()
  revision = 1
  floor = 0
  #live = new Map<Key, Version>()

  /** What is live at `revision`, in key order. */
  at(revision: number): Version[] {
    let live = this.#live
    if (revision < this.revision) {
      live = new Map()
      for (const version of this.versions) {
        if (version.mod > revision) break
        if (version.version === 0) live.delete(version.key)
        else live.set(version.key, version)
      }
    }
    return [...live.values()].sort((left, right) => (left.key < right.key ? -1 : 1))
  }

  range(op: RangeOp): Done<RangeResult> {
    const failed = this.#refusalOfRevision(op)
    return failed === undefined ? this.#range(op) : { failed }
  }

  txn(txn: Txn): Done<{ readonly succeeded: boolean; readonly results: readonly OpResult[] }> {
    const taken = this.#decide(txn)
    const failed = this.#refusal(txn, taken)
    if (failed !== undefined) return { failed }
    const writing = { mod: this.revision + 1, subs: 0 }
    const results = this.#run(txn, taken, writing)
    if (writing.subs > 0) this.revision = writing.mod
    return { succeeded: taken.get(txn) === true, results }
  }

  grant(id: number, ttl: number): Failure | undefined {
    if (this.leases.has(id)) return 'invalid'
    this.leases.set(id, ttl)
    return undefined
  }

  /** The lease's keys go in one revision, in key order. */
  revoke(id: number): Failure | undefined {
    if (!this.leases.delete(id)) return 'invalid'
    const writing = { mod: this.revision + 1, subs: 0 }
    for (const each of this.at(this.revision)) {
      if (each.lease === id) this.#delete(each.key, writing)
    }
    if (writing.subs > 0) this.revision = writing.mod
    return undefined
  }

  compact(revision: number): Failure | undefined {
    if (revision <= this.floor) return 'compacted'
    if (revision > this.revision) return 'future'
    this.floor = revision
    return undefined
  }

  /**
   * Every change from `from` on with the version before it: unknown where that one could be read
   * only below the floor. Source: etcd watchable_store.go, watch.go (PrevKv reads at mod - 1).
   */
  events(from: number): Done<{ readonly events: [Version, Version | undefined][] }> {
    if (from < this.floor) return { failed: 'compacted' }
    const last = new Map<Key, Version>()
    const events: [Version, Version | undefined][] = []
    for (const each of this.versions) {
      const before = last.get(each.key)
      last.set(each.key, each)
      if (each.mod < from) continue
      const isKnown = each.mod > this.floor && before?.version !== 0
      events.push([each, isKnown ? before : undefined])
    }
    return { events }
  }

  /**
   * What a compacted store still has to hold, in the order written. Tombstones at the floor are
   * kept, so that a watch from there is whole; etcd of 3.5.16 and later does the same.
   */
  kept(): Version[] {
    const newest = new Map<Key, Version>()
    for (const each of this.versions) if (each.mod <= this.floor) newest.set(each.key, each)
    return this.versions.filter(each => {
      if (each.mod > this.floor) return true
      if (newest.get(each.key) !== each) return false
      return each.version > 0 || each.mod === this.floor
    })
  }

  #refusalOfRevision({ revision = 0 }: RangeOp): Failure | undefined {
    if (revision > this.revision) return 'future'
    return revision > 0 && revision < this.floor ? 'compacted' : undefined
  }

  /** All compares, nested ones too, are made before the first write. */
  #decide(txn: Txn, taken = new Map<object, boolean>()): Map<object, boolean> {
    const holds = txn.compares.every(compare => this.#holds(compare))
    taken.set(txn, holds)
    for (const op of holds ? txn.success : txn.failure) {
      if (op.type === 'txn') this.#decide(op, taken)
    }
    return taken
  }

  #refusal(txn: Txn, taken: Map<object, boolean>): Failure | undefined {
    for (const op of taken.get(txn) ? txn.success : txn.failure) {
      let failed: Failure | undefined
      if (op.type === 'range') failed = this.#refusalOfRevision(op)
      if (op.type === 'put') failed = this.#refusalOfPut(op)
      if (op.type === 'txn') failed = this.#refusal(op, taken)
      if (failed !== undefined) return failed
    }
    return undefined
  }

  #refusalOfPut({ key, lease = 0, ignoreValue, ignoreLease }: PutOp): Failure | undefined {
    if (lease !== 0 && !this.leases.has(lease)) return 'invalid'
    return (ignoreValue || ignoreLease) && !this.#live.has(key) ? 'invalid' : undefined
  }

  #holds({ key, rangeEnd, target, op, operand }: Compare): boolean {
    const found = this.at(this.revision).filter(each => isIn(each.key, key, rangeEnd))
    if (found.length === 0) return target !== 'value' && meets(op, 0 - Number(operand))
    return found.every(each => {
      if (target !== 'value') return meets(op, each[target] - Number(operand))
      return meets(op, Buffer.compare(each.value, operand as Uint8Array))
    })
  }

  #run(txn: Txn, taken: Map<object, boolean>, writing: Writing): OpResult[] {
    const ops = taken.get(txn) ? txn.success : txn.failure
    return ops.map(op => this.#runOp(op, taken, writing))
  }

  #runOp(op: Op, taken: Map<object, boolean>, writing: Writing): OpResult {
    if (op.type === 'range') return this.#range(op)
    if (op.type === 'put') return this.#put(op, writing)
    if (op.type === 'txn') {
      const succeeded = taken.get(op) === true
      return { type: 'txn', succeeded, results: this.#run(op, taken, writing) }
    }
    const found = this.#now().filter(each => isIn(each.key, op.key, op.rangeEnd))
    for (const { key } of found) this.#delete(key, writing)
    const result = { type: 'delete', deleted: found.length } as const
    return op.prevKv ? { ...result, prevKvs: found.map(kvOf) } : result
  }

  /** With what the transaction under way has written. */
  #now(): Version[] {
    return [...this.#live.values()].sort((left, right) => (left.key < right.key ? -1 : 1))
  }

  #put(op: PutOp, writing: Writing): OpResult {
    const before = this.#live.get(op.key)
    this.#write({
      key: op.key,
      value: op.ignoreValue ? before!.value : op.value,
      mod: writing.mod,
      sub: writing.subs++,
      create: before?.create ?? writing.mod,
      version: (before?.version ?? 0) + 1,
      lease: op.ignoreLease ? before!.lease : (op.lease ?? 0),
    })
    return op.prevKv && before ? { type: 'put', prevKv: kvOf(before) } : { type: 'put' }
  }

  #delete(key: Key, writing: Writing): void {
    const { mod } = writing
    const row = { key, value: nothing, mod, sub: writing.subs++, create: 0, version: 0, lease: 0 }
    this.#write(row)
  }

  #write(version: Version): void {
    this.versions.push(version)
    if (version.version === 0) this.#live.delete(version.key)
    else this.#live.set(version.key, version)
  }

  #range(op: RangeOp): RangeResult {
    const all = op.revision ? this.at(op.revision) : this.#now()
    let found = all.filter(each => isIn(each.key, op.key, op.rangeEnd))
    const count = found.length
    if (op.countOnly) return { type: 'range', kvs: [], count, more: false }
    found = found.filter(each => passes(op, each))
    if (op.sort !== undefined) {
      const { by, descending } = op.sort
      const sign = descending ? -1 : 1
      found.sort((left, right) => sign * differ[by](left, right))
    }
    const limit = op.limit || found.length
    const kvs = found.slice(0, limit).map(kvOf)
    const shown = op.keysOnly ? kvs.map(kv => ({ ...kv, value: nothing })) : kvs
    return { type: 'range', kvs: shown, count, more: found.length > limit }
  }
}

interface Writing {
  readonly mod: number
  subs: number
}

export function isIn(key: Key, from: Key, end: Key | undefined): boolean {
  if (end === undefined) return key === from
  return key >= from && (end === '\0' || key < end)
}

const differ: Readonly<
  Record<NonNullable<RangeOp['sort']>['by'], (left: Version, right: Version) => number>
> = {
  key: (left, right) => (left.key < right.key ? -1 : 1),
  version: (left, right) => left.version - right.version,
  create: (left, right) => left.create - right.create,
  mod: (left, right) => left.mod - right.mod,
  value: (left, right) => Buffer.compare(left.value, right.value),
}

function passes(op: RangeOp, { mod, create }: Version): boolean {
  if (op.minModRevision && mod < op.minModRevision) return false
  if (op.maxModRevision && mod > op.maxModRevision) return false
  if (op.minCreateRevision && create < op.minCreateRevision) return false
  return !op.maxCreateRevision || create <= op.maxCreateRevision
}

function meets(op: Compare['op'], sign: number): boolean {
  return { '=': sign === 0, '!=': sign !== 0, '<': sign < 0, '>': sign > 0 }[op]
}

export function kvOf({ key, value, create, mod, version, lease }: Version): KeyValue {
  return {
    key,
    value,
    createRevision: create,
    modRevision: mod,
    version,
    lease,
  } as unknown as KeyValue
}
