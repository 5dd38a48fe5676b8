import { sinceStart, statsOf } from '../model/select.ts'
import { type Failover, type Mark, type Model, marks } from '../model/types.ts'
import type { Style, Theme } from '../theme/theme.ts'
import { type Line, span } from '../widgets/line.ts'
import { age, clock, duration, grouped, short } from '../widgets/numbers.ts'
import { panel } from '../widgets/panel.ts'
import { cut, pad, widthOf } from '../widgets/text.ts'
import type { View, ViewInput } from './types.ts'

/** Corners, lines and blanks around the title and the note; the least that is said of a cause. */
const edgeWidth = 11
const causeMin = 13

const names: Readonly<Record<Mark, string>> = {
  detect: 'detect',
  vote: 'vote',
  commit: 'commit',
  write: 'API write',
  reconcile: 'reconcile',
}
const styles: Readonly<Record<Mark, Style>> = {
  detect: 'down',
  vote: 'pending',
  commit: 'warn',
  write: 'leader',
  reconcile: 'cut',
}

/** The judge speaks every three seconds; what it said before this is no present. */
const judgedOldMs = 10_000

/** Where the times are counted from, when nobody said when the cause was. */
const starts: Partial<Readonly<Record<Failover['startFrom'], string>>> = {
  election: 'the election',
  write: 'the last write',
}

/** Panel 3: what a change of leadership costs, step by step, and the client's verdict. */
export const failoverView: View = input => {
  const { model, ui, theme, width, height } = input
  const { failover } = model
  const title = failover ? titleOf(model, failover, width, theme) : '3 FAILOVER  none yet'
  const options = {
    title,
    note: summary(model, width - widthOf(title) - edgeWidth, theme),
    width,
    height,
    theme,
    focused: ui.focus === 3,
  }
  const rows = height - 2
  const narrow = width < 100
  const probe = probeLine(model, narrow)
  if (!failover) {
    const hint: Line = [span('   select a peer and press X: the stopwatch starts', 'dim')]
    return panel(options, rows > 1 ? [hint, ...timeline(input, rows - 3), probe] : [probe])
  }
  if (narrow || rows < 4) {
    return panel(options, [chain(failover), ...older(input, rows - 2), probe])
  }
  const bars = strip(input, failover)
  const reigns = timeline(input, rows - bars.length - 1)
  const before = older(input, rows - bars.length - reigns.length - 1)
  return panel(options, [...bars, ...reigns, probe, ...before])
}

/** The figure in the edge counts more than the whole list of causes. */
function titleOf(model: Model, failover: Failover, width: number, theme: Theme): string {
  const [whole = ''] = headline(model, failover, theme)
  const [before, after] = [`3 FAILOVER #${failover.number}  `, clock(failover.startedAt, true)]
  const taken = widthOf(before) + widthOf(after) + 1 + edgeWidth + widthOf(whole)
  return `${before}${cut(failover.cause, Math.max(causeMin, width - taken))} ${after}`
}

/** The note in the edge: the most of the figure that counts that fits beside the title. */
function summary(model: Model, room: number, theme: Theme): string | undefined {
  const { failover } = model
  if (!failover) return undefined
  const [whole, plain, brief] = headline(model, failover, theme)
  const stats = statsOf(model).find(({ kind }) => kind === failover.kind)
  const figures = stats && [grouped(stats.median), grouped(stats.most)]
  const texts = [
    figures &&
      `${whole} | ${stats.count} x ${stats.kind}: median ${figures[0]}, longest ${figures[1]}`,
    figures && `${whole} | median ${figures[0]}`,
    whole,
    plain,
  ]
  return texts.find(text => text !== undefined && widthOf(text) <= room) ?? brief ?? whole
}

/** What the writers felt, from full to brief; while none of them gets through it grows. */
function headline(model: Model, failover: Failover, { glyphs }: Theme): readonly string[] {
  const { outage } = failover
  if (outage?.state === 'void')
    return ['no figure: the probe itself stood still', 'no figure', 'no figure']
  if (outage?.state === 'closed') {
    const resolution = `(${glyphs.plusMinus}${grouped(outage.resolutionMs)})`
    const ms = `${grouped(outage.gapMs)} ms`
    return [`${ms} without a write ${resolution}`, `${ms} without a write`, duration(outage.gapMs)]
  }
  const ms = outage ? outage.gapMs + model.now - model.probe.at : model.now - failover.startedAt
  const growing = `${duration(ms)} ...`
  if (outage) return [`${grouped(ms)} ms without a write ...`, `${grouped(ms)} ms ...`, growing]
  return failover.done ? ['not measured'] : [`${grouped(ms)} ms ...`, growing, growing]
}

/** `detect 212 > vote +41 > ... = 334 ms`. */
function chain(failover: Failover): Line {
  const parts: Line[number][] = [span(' ')]
  let before = 0
  for (const { mark, ms } of reached(failover)) {
    if (parts.length > 1) parts.push(span(' > ', 'dim'))
    parts.push(span(`${names[mark].toLowerCase()} `), span(grouped(ms - before), 'strong'))
    if (mark === 'write') parts.push(span(` = ${grouped(ms)} ms`, 'strong'))
    before = ms
  }
  if (!failover.done) parts.push(span(' ...', 'dim'))
  return parts
}

/** The steps so far in order of time: controllers may be at work before the client's write. */
function reached(failover: Failover): { readonly mark: Mark; readonly ms: number }[] {
  return marks
    .flatMap(mark => {
      const ms = sinceStart(failover, mark)
      return ms === undefined ? [] : [{ mark, ms }]
    })
    .sort((a, b) => a.ms - b.ms)
}

/** Labels above a bar, each step as long as it took. */
function strip({ model, theme, width }: ViewInput, failover: Failover): Line[] {
  const cells = width - 8
  const known = reached(failover)
  const runningMs = failover.done ? 0 : model.now - failover.startedAt
  const total = Math.max(1, runningMs, ...known.map(({ ms }) => ms))
  const column = (ms: number) => Math.round((ms / total) * cells)
  const bars: Line[number][] = [span('   ')]
  let from = 0
  for (const { mark, ms } of known) {
    const to = Math.max(from, column(ms))
    const glyph = theme.glyphs.segments[marks.indexOf(mark)] ?? theme.glyphs.full
    bars.push(span(glyph.repeat(to - from), styles[mark]))
    from = to
  }
  if (!failover.done) bars.push(span(theme.glyphs.ring.repeat(Math.max(0, cells - from)), 'dim'))
  return [labels(known, theme.glyphs.segments, failover), bars]
}

/** Times since the start, each with its sign in the bar. */
function labels(
  known: readonly { readonly mark: Mark; readonly ms: number }[],
  segments: readonly string[],
  failover: Failover,
): Line {
  const line: Line[number][] = [span('   0 ms ')]
  for (const { mark, ms } of known) {
    const sign = segments[marks.indexOf(mark)] ?? ''
    line.push(
      span('  '),
      span(`${sign}`, styles[mark]),
      span(` ${names[mark]} `),
      span(grouped(ms), mark === 'write' ? 'strong' : 'plain'),
    )
  }
  if (!failover.done && known.length < marks.length) line.push(span('  ...', 'dim'))
  const from = starts[failover.startFrom]
  if (from !== undefined) line.push(span(`   (from ${from})`, 'dim'))
  return line
}

/** Reigns from left to right, with the faults below them. */
function timeline({ model, theme, width }: ViewInput, rows: number): Line[] {
  if (rows < 1 || model.reigns.length === 0) return []
  const { line, leader, arrow } = theme.glyphs
  const shown: string[] = []
  let room = width - 16
  for (const reign of [...model.reigns].reverse()) {
    const text = `term ${reign.term} ${line}${line}${leader}${reign.leader}${line.repeat(4)}`
    if (widthOf(text) + 1 > room) break
    room -= widthOf(text) + 1
    shown.unshift(text)
  }
  const reigns: Line = [span('   '), span(`${shown.join(' ')}${arrow} now`, 'leader')]
  const faults = model.faults
    .slice(-6)
    .map(fault => `${clock(fault.at)} ${fault.type} ${fault.peers.join(',')}`.trimEnd())
    .join('   ')
  const below: Line[] = faults === '' ? [] : [[span(`   ${cut(faults, width - 6)}`, 'dim')]]
  return [reigns, ...below].slice(0, rows)
}

/** Earlier failovers, newest first. */
function older({ model }: ViewInput, rows: number): Line[] {
  if (rows < 1) return []
  return [...model.history]
    .filter(failover => failover.number !== model.failover?.number)
    .reverse()
    .slice(0, rows)
    .map(failover => [
      span(` #${pad(String(failover.number), 4)}`, 'dim'),
      span(pad(`${failover.cause} > ${failover.leader ?? '-'}`, 34)),
      ...chain(failover),
    ])
}

/** The client's side: nothing in it is assumed. */
function probeLine(model: Model, narrow: boolean): Line {
  const { probe } = model
  if (probe.state === 'off') return [span('   client probe: off', 'dim')]
  if (probe.state === 'failed') {
    return [span(`   client probe: ${probe.error ?? 'failed'}`, 'warn')]
  }
  const { verdict } = probe
  const { failover } = model
  const sinceWriteMs = probe.sinceWriteMs + Math.max(0, model.now - probe.at)
  const since = failover ? (failover.at.write ?? failover.startedAt) : 0
  // What was judged before the failover says nothing of it.
  const current = verdict !== undefined && verdict.at > since
  const old = verdict ? model.now - verdict.at : 0
  const bad = verdict !== undefined && (verdict.lost > 0 || verdict.duplicated > 0)
  const judged = verdict
    ? `${short(verdict.lost, 6)} lost  ${short(verdict.duplicated, 6)} duplicated`
    : 'not judged yet'
  return [
    span(narrow ? ' probe: ' : '   client probe: ', 'dim'),
    span(`${short(probe.writes, 9)} writes  `),
    span(judged, bad ? 'down' : current && old < judgedOldMs ? 'ok' : 'dim'),
    ...(verdict && !current ? [span(` before #${failover?.number}`, 'dim')] : []),
    ...(old >= judgedOldMs ? [span(` ${age(old)} ago`, 'dim')] : []),
    span(`  ${short(probe.retried, 6)} retried  longest gap ${duration(probe.longestGapMs)}`),
    ...(probe.unknown > 0 ? [span(`  ${short(probe.unknown, 6)} unknown`, 'warn')] : []),
    ...(probe.failed > 0 ? [span(`  ${short(probe.failed, 6)} failed`, 'warn')] : []),
    ...(sinceWriteMs > 1_000 ? [span(`  no write for ${duration(sinceWriteMs)}`, 'down')] : []),
  ]
}
