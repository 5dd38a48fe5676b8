import { median } from '../kernel/statistics.ts'
import type { Outage } from '../probe/outage.ts'
import type { ProbeReport, Verdict } from '../probe/types.ts'

/** One event of the demonstration, and what it cost. Times in milliseconds. */
export interface EventFigures {
  readonly cause: 'kill' | 'partition'
  readonly peer: string
  /** Between two acknowledgements around the event; undefined: the probe stood still meanwhile. */
  readonly gapMs?: number
  /** From the event to the first acknowledgement of a write that was sent after it. */
  readonly firstMs?: number
  /** How finely the gap was seen. */
  readonly resolutionMs: number
  /** From the event to a new leader, by that leader's own word. */
  readonly electedMs: number
  /** From a kill to a Deployment, scaled at that moment, being complete. */
  readonly reconciledMs?: number
}

export interface Summary {
  readonly gapMsMedian: number
  readonly gapMsMax: number
  readonly resolutionMs: number
  readonly electedMsMedian: number
  readonly reconciledMsMedian: number
  readonly lost: number
  readonly duplicated: number
  readonly writesAcknowledged: number
  readonly writesUnknown: number
  readonly writesFailed: number
  readonly readsFailed: number
  readonly verdict: Verdict
  readonly events: readonly EventFigures[]
}

/** What a measured outage says of an event. */
export function figuresOf(
  outage: Outage,
): Pick<EventFigures, 'gapMs' | 'firstMs' | 'resolutionMs'> {
  const { state, gapMs, firstMs, resolutionMs } = outage
  return { resolutionMs, ...(state === 'closed' && { gapMs, firstMs }) }
}

/** One line for people, as the event happened. */
export function lineOf(event: EventFigures): string {
  const { gapMs, firstMs, resolutionMs, electedMs, reconciledMs } = event
  const gap =
    gapMs === undefined
      ? 'no figure (the probe stood still)'
      : `${Math.round(gapMs)} ms without a write (±${Math.round(resolutionMs)}), ` +
        `the first one sent after it took ${Math.round(firstMs ?? 0)} ms`
  const reconciled =
    reconciledMs === undefined ? '' : `, reconciled after ${Math.round(reconciledMs)} ms`
  const elected = `leader after ${Math.round(electedMs)} ms`
  return `${event.cause} ${event.peer}: ${gap}, ${elected}${reconciled}`
}

/** The headline is of the kills: a partition is found by another way, and is told apart. */
export function summarize(
  events: readonly EventFigures[],
  report: ProbeReport,
  verdict: Verdict,
): Summary {
  const kills = events.filter(({ cause }) => cause === 'kill')
  const gaps = kills.flatMap(({ gapMs }) => gapMs ?? [])
  return {
    gapMsMedian: Math.round(median(gaps)),
    gapMsMax: Math.round(Math.max(0, ...gaps)),
    resolutionMs: Math.round(Math.max(0, ...kills.map(({ resolutionMs }) => resolutionMs))),
    electedMsMedian: Math.round(median(kills.map(({ electedMs }) => electedMs))),
    reconciledMsMedian: Math.round(median(kills.flatMap(({ reconciledMs }) => reconciledMs ?? []))),
    lost: verdict.lost,
    duplicated: verdict.duplicated,
    writesAcknowledged: report.creates.acknowledged + report.increments.acknowledged,
    writesUnknown: report.creates.unknown + report.increments.unknown,
    writesFailed: report.creates.failed + report.increments.failed,
    readsFailed: report.reads.failed,
    verdict,
    events,
  }
}

/** The table at the end. */
export function tableOf(summary: Summary, report: ProbeReport): string {
  const { verdict } = summary
  const rows: readonly (readonly [string, string])[] = [
    ['no write for, median of the kills', `${summary.gapMsMedian} ms`],
    ['no write for, longest', `${summary.gapMsMax} ms`],
    ['seen with a resolution of', `${summary.resolutionMs} ms`],
    ['new leader after, median', `${summary.electedMsMedian} ms`],
    ['scaled and complete, median', `${summary.reconciledMsMedian} ms`],
    ['acknowledged writes', String(summary.writesAcknowledged)],
    ['lost', String(summary.lost)],
    ['duplicated', String(summary.duplicated)],
    [
      'outcome unknown (connection cut)',
      `${summary.writesUnknown}, ${verdict.unknownApplied} applied`,
    ],
    ['failed writes', String(summary.writesFailed)],
    ['failed reads', `${summary.readsFailed} of ${report.reads.acknowledged}`],
  ]
  const lines = rows.map(([name, value]) => `  ${name.padEnd(36)}${value}`)
  for (const failure of report.failures) lines.push(`  failure: ${failure}`)
  lines.push(verdict.ok ? 'nothing acknowledged was lost' : 'ACKNOWLEDGED WRITES LOST')
  return `${lines.join('\n')}\n`
}
