import { leaderOf, termOf } from '../model/select.ts'
import { spark } from '../widgets/bar.ts'
import { type Line, span } from '../widgets/line.ts'
import { bytes, grouped, millis } from '../widgets/numbers.ts'
import { panel } from '../widgets/panel.ts'
import { peerTable } from './peers.ts'
import type { View, ViewInput } from './types.ts'

/** Panel 2: each peer's log as the leader sees it, and how fast the store is. */
export const replicationView: View = input => {
  const { model, ui, theme, width, height } = input
  const leader = leaderOf(model)
  const options = {
    title: `2 REPLICATION (${leader ? `as seen by leader ${leader.name}` : 'no leader'})`,
    note: 'bar 0-100 entries',
    width,
    height,
    theme,
    focused: ui.focus === 2,
    edge: termOf(model) % 2 === 0 ? ('edge' as const) : ('edgeOdd' as const),
  }
  const table = peerTable(input, width - 2)
  const graphs = speeds(input)
  const blank: Line[] = table.length + graphs.length < height - 2 ? [[]] : []
  return panel(options, [...table, ...blank, ...graphs])
}

function speeds({ model, theme, width }: ViewInput): Line[] {
  const { samples } = model
  const report = leaderOf(model)?.report
  const cells = Math.max(8, Math.min(48, width - 54))
  const now = samples.at(-1)
  const graph = (name: string, values: readonly number[], text: string): Line => [
    span(` ${name} `, 'dim'),
    span(spark(values, cells, theme), 'leader'),
    span(`  ${text}`),
  ]
  const commit = report?.commitMs ?? { p50: 0, p99: 0 }
  const writes = grouped(now?.writesPerSecond ?? 0)
  const fsync = millis(report?.fsyncMs.p50 ?? 0)
  const sizes = `db ${bytes(report?.dbBytes ?? 0)}  wal ${bytes(report?.walBytes ?? 0)}`
  const { watchers = 0, leases = 0, compactRevision = 0, counters = {} } = report ?? {}
  return [
    graph(
      'writes/s ',
      samples.map(sample => sample.writesPerSecond),
      `now ${writes}   commit p50 ${millis(commit.p50)}  p99 ${millis(commit.p99)}`,
    ),
    graph(
      'wal fsync',
      samples.map(sample => sample.fsyncMs),
      `now ${fsync}   ${sizes}`,
    ),
    [],
    [
      span(` watchers ${grouped(watchers)}   leases ${grouped(leases)}   `),
      span(`compacted at ${grouped(compactRevision)}   fenced ${grouped(counters.fenced ?? 0)}   `),
      span(`duplicates dropped ${grouped(counters.duplicates ?? 0)}`),
    ],
  ]
}
