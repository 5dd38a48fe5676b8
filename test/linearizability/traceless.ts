import type { Model, Operation } from './types.ts'

/**
 * Without operations that nobody answered and nobody saw the trace of: whether they took effect is
 * the same to all. Reads without an answer say nothing at all.
 */
export function withoutTraceless<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): Operation<Input, Output>[] {
  const shown = new Set<string>()
  let isAnything = false
  for (const { input, output } of history) {
    const values = model.shownBy(input, output)
    if (values === undefined) isAnything = true
    else for (const value of values) shown.add(value)
  }
  return history.filter(({ input, output }) => {
    if (output !== undefined) return true
    if (model.isRead(input)) return false
    const trace = model.traceOf(input)
    return isAnything || trace === undefined || trace.some(value => shown.has(value))
  })
}
