import { SetHash } from '../mvcc/hash.ts'
import { Mvcc } from '../mvcc/mvcc.ts'
import type { MvccSlice } from '../mvcc/snapshot.ts'
import { type Action, type Command, splitCommands, unpackCommand } from './command.ts'
import { Dedupe, type DedupeRow } from './dedupe.ts'
import type { StoreFailure, StoreResult } from './types.ts'

/** What applying an action gave; the shape depends on the action. */
export type ActionResult = StoreResult<{
  readonly revision?: number
  readonly ttlSeconds?: number
}>

/** Told of each command as it is applied; not of repeats. */
export type OnApplied = (command: Command, result: ActionResult) => void

/** A part of the state machine's snapshot. */
export type MachineSlice =
  | { readonly type: 'dedupe'; readonly rows: readonly DedupeRow[] }
  | MvccSlice

/** The replicated state machine: keys, leases and the table of applied proposals. Deterministic. */
export class Machine {
  readonly mvcc = new Mvcc()
  readonly dedupe = new Dedupe()
  /**
   * Commands seen, applied, refused by their fence, dropped as repeats: since this process began.
   */
  readonly counters = { applied: 0, fenced: 0, duplicates: 0 }

  /** Applies one command entry of the log. */
  apply(data: Uint8Array, term: number, onApplied: OnApplied): void {
    for (const bytes of splitCommands(data)) {
      const command = unpackCommand(bytes)
      if (!this.dedupe.admit(command)) {
        this.counters.duplicates++
        continue
      }
      onApplied(command, this.#run(command, term))
    }
  }

  /** All of the state, independent of how it came about. */
  hash(): string {
    const [low, high] = halves(this.mvcc.hash())
    const sum = new SetHash()
    sum.add(low, high)
    sum.add(this.dedupe.hash.low, this.dedupe.hash.high)
    return sum.toString()
  }

  /** Slices of this moment's state, to be read while writes go on. */
  freeze(): Generator<MachineSlice> {
    return slicesOf({ type: 'dedupe', rows: this.dedupe.export() }, this.mvcc.freeze().slices())
  }

  import(slice: MachineSlice): void {
    if (slice.type === 'dedupe') this.dedupe.import(slice.rows)
    else this.mvcc.import(slice)
  }

  importDone(): void {
    this.mvcc.importDone()
  }

  #run({ fence, action }: Command, term: number): ActionResult {
    if (fence !== 0 && fence !== term) {
      this.counters.fenced++
      return fenced(fence, term)
    }
    this.counters.applied++
    return this.#act(action)
  }

  #act(action: Action): ActionResult {
    const { mvcc } = this
    switch (action.type) {
      case 'txn':
        return mvcc.txn(action)
      case 'compact': {
        const done = mvcc.compact(action.revision)
        return done.ok ? { ok: true, revision: mvcc.revision } : done
      }
      case 'grant':
        return mvcc.grant(action.id, action.ttlSeconds)
      case 'keep-alive': {
        const lease = mvcc.leases.get(action.id)
        if (lease !== undefined) return { ok: true, ttlSeconds: lease.ttlSeconds }
        const message = 'etcdserver: requested lease not found'
        return { ok: false, why: 'invalid', message }
      }
      case 'revoke':
        return mvcc.revoke(action.id)
    }
  }
}

/** The failure of a write whose fence is not the entry's term. */
export function fenced(fence: number, term: number): StoreFailure {
  const message = `the write is fenced: it belongs to term ${fence}, the entry to term ${term}`
  return { ok: false, why: 'fenced', message }
}

function* slicesOf(head: MachineSlice, rest: Generator<MachineSlice>): Generator<MachineSlice> {
  yield head
  yield* rest
}

function halves(hash: string): [number, number] {
  return [Number.parseInt(hash.slice(8), 16) | 0, Number.parseInt(hash.slice(0, 8), 16) | 0]
}
