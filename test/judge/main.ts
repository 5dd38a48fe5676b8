import { parseArgs } from 'node:util'
import { Court } from './court.ts'
import { type EventKind, type EventResult, tableOf } from './verdict.ts'

/**
 * Whether the dashboards' figures are true: a real cluster, two dashboards, a third one whose
 * terminal nobody reads, and an independent writer that measures for itself.
 *
 *     judge [--kills 20] [--hangs 5] [--partitions 5] [--quorum 1] [--minutes N] [--json]
 *
 * For each event every dashboard must show what the writer measured, within what both say of their
 * resolution; the state word of every frame must be what the peers say of themselves. Who stood
 * still has no figure and says so: that is void, and not all of a kind may be. Exit code 1 when
 * something does not hold. After `minutes` no other event begins.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    hangs: { type: 'string', default: '5' },
    partitions: { type: 'string', default: '5' },
    quorum: { type: 'string', default: '1' },
    minutes: { type: 'string', default: 'Infinity' },
    json: { type: 'boolean', default: false },
  },
})

const say = (text: string) => {
  if (!values.json) process.stdout.write(`${text}\n`)
}

process.exitCode = await main()

async function main(): Promise<number> {
  const court = await Court.open()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void court.close().finally(() => process.exit(1)))
  }
  try {
    const results: EventResult[] = []
    const until = performance.now() + Number(values.minutes) * 60_000
    for (const kind of order()) {
      if (performance.now() > until) break
      const result = await court.event(kind)
      results.push(result)
      say(lineOf(result))
      if (typeof result.verdict !== 'string') process.stderr.write(`${court.now}\n`)
    }
    const frames = court.frames()
    const { count, wrong } = frames
    const unreadSeconds = court.unreadSeconds
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ results, frames, unreadSeconds })}\n`)
    }
    say(`\n${tableOf(results)}\n`)
    say(
      `${count} frames, ${wrong.length} with a wrong state word, ${frames.void} void; unread for ${unreadSeconds} s`,
    )
    for (const each of wrong.slice(0, 50)) say(`  ${JSON.stringify(each)}`)
    const isRight = results.every(({ verdict }) => typeof verdict === 'string')
    const hasFigure = results.some(({ verdict }) => verdict === 'right')
    return isRight && hasFigure && wrong.length === 0 ? 0 : 1
  } finally {
    await court.close()
  }
}

/** Rare ones among the frequent ones, so that each comes after different others. */
function order(): EventKind[] {
  const wanted: readonly (readonly [EventKind, number])[] = [
    ['kill', Number(values.kills)],
    ['hang', Number(values.hangs)],
    ['partition', Number(values.partitions)],
    ['quorum', Number(values.quorum)],
  ]
  return wanted
    .flatMap(([kind, count]) =>
      Array.from({ length: count }, (_, n) => ({ kind, place: (n + 0.5) / count })),
    )
    .sort((left, right) => left.place - right.place)
    .map(({ kind }) => kind)
}

function lineOf({ kind, peers, t0, witness, shown, verdict }: EventResult): string {
  const figures = Object.entries(shown).map(([name, figure]) =>
    figure === undefined || figure === 'later' || figure.gapMs === undefined
      ? `${name} ${typeof figure === 'object' ? figure.state : figure}`
      : `${name} ${figure.gapMs} ±${figure.resolutionMs} (first ${figure.firstMs ?? '-'})`,
  )
  const own = `witness ${witness.gapMs} ±${witness.resolutionMs} (first ${witness.firstMs})`
  const said = typeof verdict === 'string' ? verdict : `WRONG: ${verdict.join('; ')}`
  const when = new Date(t0).toISOString().slice(11, 23)
  return `${when} ${kind} ${peers.join(' ')}: ${[own, ...figures].join(', ')}: ${said}`
}
