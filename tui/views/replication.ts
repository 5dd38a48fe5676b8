import type { PeerReport } from '../../src/admin/types.ts'
import { leaderOf, termOf } from '../model/select.ts'
import { spark } from '../widgets/bar.ts'
import { type Line, span } from '../widgets/line.ts'
import { bytes, millis, short } from '../widgets/numbers.ts'
import { panel } from '../widgets/panel.ts'
import { peerTable } from './peers.ts'
import type { View, ViewInput } from './types.ts'

const sampleOldMs = 3_000

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

/** The leader's figures; without a leader there are none, and the last sample is no present. */
function speeds({ model, theme, width }: ViewInput): Line[] {
  const { samples } = model
  const report = leaderOf(model)?.report
  const cells = Math.max(8, Math.min(48, width - 54))
  const last = samples.at(-1)
  const now = report && last && model.now - last.at < sampleOldMs ? last : undefined
  const graph = (name: string, values: readonly number[], text: string): Line => [
    span(` ${name} `, 'dim'),
    span(spark(values, cells, theme), now ? 'leader' : 'stale'),
    span(`  ${text}`),
  ]
  const known = (text: (of: PeerReport) => string) => (report ? text(report) : '-')
  const count = (pick: (of: PeerReport) => number | undefined) =>
    known(of => short(pick(of) ?? 0, 6))
  const commit = known(of => `p50 ${millis(of.commitMs.p50)}  p99 ${millis(of.commitMs.p99)}`)
  const fsync = known(of => millis(of.fsyncMs.p50))
  const sizes = `db ${known(of => bytes(of.dbBytes))}  wal ${known(of => bytes(of.walBytes))}`
  return [
    graph(
      'writes/s ',
      samples.map(sample => sample.writesPerSecond),
      `now ${now ? short(now.writesPerSecond, 5) : '-'}   commit ${commit}`,
    ),
    graph(
      'wal fsync',
      samples.map(sample => sample.fsyncMs),
      `now ${fsync}   ${sizes}`,
    ),
    [],
    [
      span(` watchers ${count(of => of.watchers)}   leases ${count(of => of.leases)}   `),
      span(`compacted at ${known(of => short(of.compactRevision, 9))}   `),
      span(`fenced ${count(of => of.counters.fenced)}   `),
      span(`duplicates dropped ${count(of => of.counters.duplicates)}`),
    ],
  ]
}
