import { finish, mixInteger, mixString, SetHash } from '../mvcc/hash.ts'
import type { Command } from './command.ts'

interface Row {
  readonly incarnation: number
  /** Of origin and incarnation, for the hashes of its sequences. */
  readonly seed: number
  /** Everything below was settled. */
  floor: number
  readonly applied: Set<number>
}

/** A row in a snapshot: origin, incarnation, floor, applied sequences. */
export type DedupeRow = readonly [string, number, number, readonly number[]]

/**
 * Which proposals were applied: replicated state, so that a repeated one is dropped on every member
 * alike. Bounded: one row a member, and in it what the member may still be waiting for.
 */
export class Dedupe {
  readonly #rows = new Map<string, Row>()
  readonly #hash = new SetHash()

  get hash(): SetHash {
    return this.#hash
  }

  /** False when the command was applied before, or comes from a former life of its origin. */
  admit({ origin, incarnation, sequence, settledBelow }: Command): boolean {
    let row = this.#rows.get(origin)
    if (row === undefined || row.incarnation < incarnation) {
      if (row !== undefined) this.#forget(row, Number.POSITIVE_INFINITY)
      row = rowOf(origin, incarnation, 0)
      this.#rows.set(origin, row)
    }
    if (row.incarnation > incarnation || sequence < row.floor) return false
    if (row.applied.has(sequence)) return false
    row.applied.add(sequence)
    this.#count(row, sequence, 1)
    if (settledBelow > row.floor) this.#forget(row, settledBelow)
    return true
  }

  /** True when the proposal is known to have been applied. */
  has(origin: string, incarnation: number, sequence: number): boolean {
    const row = this.#rows.get(origin)
    if (row === undefined || row.incarnation !== incarnation) return false
    return sequence < row.floor || row.applied.has(sequence)
  }

  export(): DedupeRow[] {
    const rows = [...this.#rows]
    return rows.map(([origin, row]) => [origin, row.incarnation, row.floor, [...row.applied]])
  }

  import(rows: readonly DedupeRow[]): void {
    for (const [origin, incarnation, floor, applied] of rows) {
      const row = rowOf(origin, incarnation, floor)
      this.#rows.set(origin, row)
      for (const sequence of applied) {
        row.applied.add(sequence)
        this.#count(row, sequence, 1)
      }
    }
  }

  #forget(row: Row, below: number): void {
    const { applied, floor } = row
    row.floor = below
    // Nearly always the floor moves by one or two; what is above it is not to be walked over.
    if (below - floor <= applied.size) {
      for (let sequence = floor; sequence < below; sequence++) this.#drop(row, sequence)
    } else {
      for (const sequence of applied) if (sequence < below) this.#drop(row, sequence)
    }
  }

  #drop(row: Row, sequence: number): void {
    if (row.applied.delete(sequence)) this.#count(row, sequence, -1)
  }

  #count({ seed }: Row, sequence: number, sign: 1 | -1): void {
    const base = mixInteger(seed, sequence)
    const low = finish(base)
    const high = finish(base ^ 0x2545f491)
    if (sign > 0) this.#hash.add(low, high)
    else this.#hash.remove(low, high)
  }
}

function rowOf(origin: string, incarnation: number, floor: number): Row {
  const seed = mixInteger(mixString(5, origin), incarnation)
  return { incarnation, seed, floor, applied: new Set() }
}
