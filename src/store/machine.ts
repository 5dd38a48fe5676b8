import { runAtOnce } from '../kernel/long-work.ts'
import { messages } from '../mvcc/check.ts'
import { SetHash } from '../mvcc/hash.ts'
import { Mvcc, type MvccOptions } from '../mvcc/mvcc.ts'
import type { MvccSlice } from '../mvcc/snapshot.ts'
import type { LeaseId, Op } from '../mvcc/types.ts'
import { decodeChange } from '../raft/membership.ts'
import type { Entry, MembershipChange } from '../raft/types.ts'
import type { Action } from './action.ts'
import { refusalSteps } from './auth/admit.ts'
import { type AuthExport, AuthStore } from './auth/auth.ts'
import { type Command, splitCommands, unpackCommand } from './command.ts'
import { Dedupe, type DedupeRow } from './dedupe.ts'
import type { AlarmMember, MemberChange } from './member-types.ts'
import { Roster, type RosterExport } from './roster.ts'
import type { StoreFailure, StoreResult } from './types.ts'

/** What applying an action gave; the shape depends on the action. */
export type ActionResult = StoreResult<{
  readonly revision?: number
  readonly ttlSeconds?: number
  readonly alarms?: readonly AlarmMember[]
}>

/** What counts of an entry, once its place in the log is known. */
type Applicable = Pick<Entry, 'kind' | 'data' | 'term'>

/** Told of each command as it is applied; not of repeats. */
export type OnApplied = (command: Command, result: ActionResult) => void

/** A part of the state machine's snapshot. */
export type MachineSlice =
  | { readonly type: 'dedupe'; readonly rows: readonly DedupeRow[] }
  | { readonly type: 'roster'; readonly roster: RosterExport }
  | { readonly type: 'auth'; readonly auth: AuthExport }
  | MvccSlice

/**
 * The replicated state machine: keys and leases, the table of applied proposals, who belongs to the
 * store, alarms, users and roles. Deterministic.
 */
export class Machine {
  readonly mvcc: Mvcc
  readonly dedupe = new Dedupe()
  readonly roster = new Roster()
  readonly auth = new AuthStore()
  /**
   * Commands seen, applied, refused by their fence, dropped as repeats: since this process began.
   */
  readonly counters = { applied: 0, fenced: 0, duplicates: 0 }

  constructor(options?: MvccOptions) {
    this.mvcc = new Mvcc(options)
  }

  /** Applies one entry of the log, of whatever kind. */
  apply(entry: Applicable, onApplied: OnApplied): void {
    runAtOnce(this.applySteps(entry, onApplied))
  }

  /**
   * As apply, in steps: a command that touches many keys takes several. Until the last one readers
   * of `mvcc` see the state before that command; no snapshot may be taken, nor `hash` be asked for.
   */
  *applySteps({ kind, data, term }: Applicable, onApplied: OnApplied): Generator<void, void> {
    if (kind === 'config') this.#configure(decodeChange(data))
    if (kind !== 'command') return
    for (const bytes of splitCommands(data)) {
      const command = unpackCommand(bytes)
      if (!this.dedupe.admit(command)) {
        this.counters.duplicates++
        continue
      }
      onApplied(command, yield* this.#run(command, term))
    }
  }

  /** All of the state, independent of how it came about. */
  hash(): string {
    const [low, high] = halves(this.mvcc.hash())
    const sum = new SetHash()
    sum.add(low, high)
    sum.add(this.dedupe.hash.low, this.dedupe.hash.high)
    sum.add(this.roster.hash(6), this.roster.hash(7))
    sum.add(this.auth.hash(8), this.auth.hash(9))
    return sum.toString()
  }

  /** An alarm says that members differ: nothing is read or written until it is disarmed. */
  get isCorrupt(): boolean {
    return this.roster.alarms.some(({ alarm }) => alarm === 'CORRUPT')
  }

  /** Slices of this moment's state, to be read while writes go on. */
  freeze(): Generator<MachineSlice> {
    const heads: MachineSlice[] = [
      { type: 'dedupe', rows: this.dedupe.export() },
      { type: 'roster', roster: this.roster.export() },
      { type: 'auth', auth: this.auth.export() },
    ]
    return slicesOf(heads, this.mvcc.freeze().slices())
  }

  import(slice: MachineSlice): void {
    if (slice.type === 'dedupe') this.dedupe.import(slice.rows)
    else if (slice.type === 'roster') this.roster.import(slice.roster)
    else if (slice.type === 'auth') this.auth.import(slice.auth)
    else this.mvcc.import(slice)
  }

  importDone(): void {
    this.mvcc.importDone()
  }

  /** As importDone, a slice each time. */
  importSteps(): Generator<void> {
    return this.mvcc.importSteps()
  }

  /** Who votes and who is on record change together; old logs say only who votes. */
  #configure(change: MembershipChange | undefined): void {
    if (change === undefined) return
    const { kind, id, context } = change
    if (kind === 'remove') this.roster.remove(id)
    else if (context !== undefined) this.roster.set(id, context as MemberChange)
  }

  *#run({ fence, caller, action }: Command, term: number): Generator<void, ActionResult> {
    if (fence !== 0 && fence !== term) {
      this.counters.fenced++
      return fenced(fence, term)
    }
    this.counters.applied++
    const refused =
      caller && (yield* refusalSteps(this.auth, caller, action, id => this.#keysOfLease(id)))
    if (refused !== undefined) return refusal(refused)
    if (this.isCorrupt && corruptRefuses.has(action.type)) return corrupt
    if (this.roster.isFull && takesSpace(action)) return noSpace
    if (action.type === 'txn') return yield* this.mvcc.txnSteps(action)
    if (action.type === 'revoke') return yield* this.mvcc.revokeSteps(action.id, action.renewals)
    return this.#act(action)
  }

  #act(action: Exclude<Action, { type: 'txn' | 'revoke' }>): ActionResult {
    const { mvcc } = this
    switch (action.type) {
      case 'compact': {
        const done = mvcc.compact(action.revision)
        return done.ok ? { ok: true, revision: mvcc.revision } : done
      }
      case 'grant':
        return mvcc.grant(action.id, action.ttlSeconds)
      case 'keep-alive': {
        const lease = mvcc.leases.renew(action.id)
        if (lease !== undefined) return { ok: true, ttlSeconds: lease.ttlSeconds }
        return refusal(messages.leaseNotFound)
      }
      case 'member-set':
        return outcomeOf(this.roster.set(action.id, action.change))
      case 'member-remove':
        return outcomeOf(this.roster.remove(action.id))
      case 'alarm':
        return { ok: true, alarms: this.roster.setAlarm(action.raised, action) }
      default:
        return outcomeOf(this.auth.apply(action))
    }
  }

  #keysOfLease(id: LeaseId): Iterable<string> {
    return this.mvcc.leases.get(id)?.keys ?? []
  }
}

/** The failure of a write whose fence is not the entry's term. */
export function fenced(fence: number, term: number): StoreFailure {
  const message = `the write is fenced: it belongs to term ${fence}, the entry to term ${term}`
  return { ok: false, why: 'fenced', message }
}

/** The failure of reads and writes while an alarm says that members differ. */
export const corrupt: StoreFailure = {
  ok: false,
  why: 'unavailable',
  message: 'etcdserver: corrupt cluster',
}

/**
 * What stops with that alarm; leases are still renewed, members and alarms still changed.
 * Source: etcd server/etcdserver/apply.go applierV3Corrupt.
 */
const corruptRefuses: ReadonlySet<Action['type']> = new Set(['txn', 'compact', 'grant', 'revoke'])

/** The failure of a write while an alarm says that there is no space. */
export const noSpace: StoreFailure = {
  ok: false,
  why: 'no-space',
  message: 'etcdserver: mvcc: database space exceeded',
}

/** Writes that make the store grow: with an alarm up only deleting and compacting go on. */
export function takesSpace(action: Action): boolean {
  if (action.type === 'grant') return true
  return action.type === 'txn' && [...action.success, ...action.failure].some(isPut)
}

function isPut(op: Op): boolean {
  return op.type === 'put' || (op.type === 'txn' && [...op.success, ...op.failure].some(isPut))
}

function refusal(message: string): StoreFailure {
  return { ok: false, why: 'invalid', message }
}

function outcomeOf(refused: string | undefined): ActionResult {
  return refused === undefined ? { ok: true } : refusal(refused)
}

function* slicesOf(
  heads: readonly MachineSlice[],
  rest: Generator<MachineSlice>,
): Generator<MachineSlice> {
  yield* heads
  yield* rest
}

function halves(hash: string): [number, number] {
  return [Number.parseInt(hash.slice(8), 16) | 0, Number.parseInt(hash.slice(0, 8), 16) | 0]
}
