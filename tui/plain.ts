import type { Clock } from '../src/kernel/clock.ts'
import { changesBetween } from './model/changes.ts'
import { reduce } from './model/reduce.ts'
import type { Model } from './model/types.ts'
import type { Source } from './source/types.ts'
import { safe } from './widgets/text.ts'

const pollMs = 250

/** One line per change until `ended` resolves: for pipes, files and dumb terminals. */
export async function runPlain(options: {
  readonly source: Source
  readonly clock: Clock
  readonly start: Model
  readonly write: (text: string) => void
  readonly format: (change: ReturnType<typeof changesBetween>[number]) => string
  readonly ended: Promise<void>
}): Promise<void> {
  const { source, clock, write, format, ended } = options
  let model = options.start
  let told = model
  const flush = () => {
    model = reduce(model, { type: 'tick', now: clock.wall() })
    for (const change of changesBetween(told, model)) write(`${safe(format(change))}\n`)
    told = model
  }
  const cancel = clock.every(pollMs, flush)
  await source.start(event => {
    model = reduce(model, event)
  })
  await ended
  cancel()
  await source.stop()
  flush()
}
