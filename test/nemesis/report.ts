import { median } from '../../src/kernel/statistics.ts'
import type { HostileClient } from './hostile.ts'
import type { Recorder } from './recorder.ts'
import type { NemesisWatcher } from './watcher.ts'

interface FaultFigures {
  readonly gapsMs: number[]
  readonly tookMs: number[]
}

/** Figures of a run: faults with the gaps that they tore, calls, checks. */
export class Report {
  readonly #faults = new Map<string, FaultFigures>()
  readonly #skipped = new Map<string, string>()
  readonly #say: (text: string) => void
  readonly totals = {
    ...{ rounds: 0, acknowledged: 0, refused: 0, unknown: 0, events: 0, resumes: 0 },
    ...{ compactions: 0, leases: 0, hostile: 0, verified: 0, checkedMs: 0 },
  }

  constructor(say: (text: string) => void) {
    this.#say = say
  }

  get faults(): number {
    return [...this.#faults.values()].reduce((sum, { gapsMs }) => sum + gapsMs.length, 0)
  }

  begin(fault: string): void {
    this.#say(`${fault} ...`)
  }

  end(fault: string, gapMs: number, tookMs: number): void {
    const figures = this.#faults.get(fault) ?? { gapsMs: [], tookMs: [] }
    figures.gapsMs.push(gapMs)
    figures.tookMs.push(tookMs)
    this.#faults.set(fault, figures)
    this.#say(`${fault}: no write for ${Math.round(gapMs)} ms at most`)
  }

  skip(fault: string, why: string): void {
    if (!this.#skipped.has(fault)) this.#say(`${fault}: skipped, ${why}`)
    this.#skipped.set(fault, why)
  }

  addRound(
    { counts, watches, leases }: Recorder,
    checkMs: number,
    watchers: readonly NemesisWatcher[],
  ): void {
    const { totals } = this
    totals.rounds++
    totals.acknowledged += counts.acknowledged
    totals.refused += counts.refused
    totals.unknown += counts.unknown
    for (const { entries } of watches) {
      for (const entry of entries) {
        if (entry.type === 'events') totals.events += entry.events.length
        if (entry.type === 'compacted') totals.compactions++
      }
    }
    totals.resumes += watchers.reduce((sum, { resumes }) => sum + resumes, 0)
    totals.leases += leases.length
    totals.checkedMs += Math.round(checkMs)
    const { acknowledged, refused, unknown } = counts
    const told = `${acknowledged} answers, ${refused} refusals, ${unknown} unknown`
    this.#say(`round ${totals.rounds}: ${told}, checked in ${Math.round(checkMs)} ms`)
  }

  addHostile(clients: readonly HostileClient[]): void {
    for (const { done, verified } of clients) {
      this.totals.hostile += done
      this.totals.verified += verified
    }
  }

  table(): string {
    const rows = [['FAULT', 'TIMES', 'GAP MEDIAN', 'GAP MAX', 'WITH HEALING']]
    for (const [name, { gapsMs, tookMs }] of this.#faults) {
      const ms = (value: number) => `${Math.round(value)} ms`
      const took = tookMs.reduce((sum, each) => sum + each, 0) / tookMs.length
      rows.push([
        name,
        String(gapsMs.length),
        ms(median(gapsMs)),
        ms(Math.max(0, ...gapsMs)),
        ms(took),
      ])
    }
    const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
    const lines = rows.map(row => row.map((cell, at) => cell.padEnd(widths[at]!)).join('  '))
    const skipped = [...this.#skipped].map(([name, why]) => `${name}: skipped, ${why}`)
    return [...lines.map(line => line.trimEnd()), ...skipped].join('\n')
  }
}
