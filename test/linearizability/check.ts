import { search } from './search.ts'
import { shrink } from './shrink.ts'
import { drawTimeline } from './timeline.ts'
import { withoutTraceless } from './traceless.ts'
import type { Model, Operation, Verdict } from './types.ts'

/**
 * Is there an order of the operations, each between its call and its answer, in which every answer
 * is the model's? Parts that share nothing are checked apart.
 */
export function checkLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  stepsMax?: number,
): Verdict<Input, Output> {
  let steps = 0
  for (const part of model.partition(history)) {
    const relevant = withoutTraceless(model, part)
    const found = search(model, relevant, stepsMax)
    steps += found.steps
    if (found.result === 'undecided') {
      const text = `undecided after ${found.steps} steps over ${part.length} operations`
      return { ok: undefined, text }
    }
    if (found.result === 'linearizable') continue
    const core = shrink(model, relevant)
    return { ok: false, core, text: `not linearizable:\n${drawTimeline(model, core)}` }
  }
  return { ok: true, operations: history.length, steps }
}
