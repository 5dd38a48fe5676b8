import { search } from './search.ts'
import { withoutTraceless } from './traceless.ts'
import type { Model, Operation } from './types.ts'

/** Searches of one shrinking, each of at most `stepsMax` steps. */
const stepsMax = 200_000

/**
 * Fewer operations that still can't be put in order. Only steps that make no new contradiction: the
 * end of the history is cut off, reads are left out, and answers of writes are forgotten, so that
 * they may take effect at any later time or never. What is left contradicts itself as it stands.
 */
export function shrink<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): Operation<Input, Output>[] {
  const fails = (part: readonly Operation<Input, Output>[]) =>
    search(model, part, stepsMax).result === 'violation'
  let core = withoutTraceless(model, cutEnd(history, fails))
  for (let size = core.length >> 1; size >= 1; size >>= 1)
    core = weakenAll(model, core, size, fails)
  core = weakenAll(model, core, 1, fails)
  return core
}

/** Tries each `size` operations; from the end, for what is contradicted is oftener there. */
function weakenAll<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  size: number,
  fails: (part: readonly Operation<Input, Output>[]) => boolean,
): Operation<Input, Output>[] {
  let core = [...history]
  for (let to = core.length; to > 0; to = Math.min(to - size, core.length)) {
    const smaller = weaken(model, core, Math.max(0, to - size), to)
    if (smaller !== undefined && fails(smaller)) core = smaller
  }
  return core
}

/** The history until a moment: later calls are not there, later answers are not known. */
function until<Input, Output>(
  history: readonly Operation<Input, Output>[],
  moment: number,
): Operation<Input, Output>[] {
  return history
    .filter(({ call }) => call <= moment)
    .map(operation => ((operation.end ?? 0) > moment ? open(operation) : operation))
}

/** The earliest moment at which it has failed. */
function cutEnd<Input, Output>(
  history: readonly Operation<Input, Output>[],
  fails: (part: readonly Operation<Input, Output>[]) => boolean,
): Operation<Input, Output>[] {
  const moments = history.flatMap(({ end }) => (end === undefined ? [] : [end]))
  moments.sort((left, right) => left - right)
  let low = 0
  let high = moments.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (fails(until(history, moments[middle]!))) high = middle
    else low = middle + 1
  }
  return until(history, moments[high] ?? Number.POSITIVE_INFINITY)
}

/** Reads in [from, to) left out, and answers of writes there forgotten; undefined: no change. */
function weaken<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  from: number,
  to: number,
): Operation<Input, Output>[] | undefined {
  const part = history.slice(from, to)
  if (part.every(({ input, end }) => end === undefined && !model.isRead(input))) return undefined
  const weak = part.filter(({ input }) => !model.isRead(input)).map(open)
  return withoutTraceless(model, [...history.slice(0, from), ...weak, ...history.slice(to)])
}

function open<Input, Output>({
  end: _end,
  output: _output,
  ...operation
}: Operation<Input, Output>): Operation<Input, Output> {
  return operation
}
