import type { Model, Operation } from './types.ts'

const width = 48

/**
 * A picture of a history, one line an operation, by the time of its call:
 * ```
 * c1 @peer-2   |-------|                 put k = 1: ok              120.0 .. 131.5
 * c2 @peer-1            |----->          put k = 2: no answer       133.0 ..
 * ```
 */
export function drawTimeline<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): string {
  const times = history.flatMap(({ call, end }) => [call, ...(end === undefined ? [] : [end])])
  const first = Math.min(...times)
  const span = Math.max(Math.max(...times) - first, 1)
  const column = (time: number) => Math.round(((time - first) / span) * (width - 2))
  const sorted = [...history].sort((left, right) => left.call - right.call)
  const rows = sorted.map(operation => {
    const { client, endpoint, call, end, input, output } = operation
    const who = endpoint === undefined ? client : `${client} @${endpoint}`
    const from = column(call)
    const to = end === undefined ? width - 1 : Math.max(column(end), from + 1)
    const bar = `${' '.repeat(from)}|${'-'.repeat(to - from - 1)}${end === undefined ? '>' : '|'}`
    const when = `${(call - first).toFixed(1)} .. ${end === undefined ? '' : (end - first).toFixed(1)}`
    return { who, bar, what: model.describe(input, output), when }
  })
  const widest = Math.max(0, ...rows.map(({ who }) => who.length))
  const what = Math.max(0, ...rows.map(row => row.what.length))
  return rows
    .map(
      row =>
        `${row.who.padEnd(widest)} ${row.bar.padEnd(width)} ${row.what.padEnd(what)} ${row.when}`,
    )
    .join('\n')
}
