import { errorMessage } from '../kernel/result.ts'
import type { Entry } from '../raft/types.ts'

/**
 * Applying an entry threw. Every member that applies it throws alike, now and after each start, so
 * this names the entry: the way out goes by its index (see readStoppedStore).
 */
export class EntryNotAppliedError extends Error {
  override readonly name = 'EntryNotAppliedError'
  readonly index: number
  readonly term: number

  constructor({ index, term }: Pick<Entry, 'index' | 'term'>, cause: unknown) {
    const why = errorMessage(cause)
    super(`entry ${index} of term ${term} can not be applied: ${why}`, { cause })
    this.index = index
    this.term = term
  }
}
