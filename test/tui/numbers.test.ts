import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { initialUi } from '../../tui/keys/dispatch.ts'
import type { Model, SourceEvent } from '../../tui/model/types.ts'
import { makeTheme } from '../../tui/theme/theme.ts'
import { screenView } from '../../tui/views/screen.ts'
import { span } from '../../tui/widgets/line.ts'
import { age, bytes, duration, millis, short } from '../../tui/widgets/numbers.ts'
import { cut, pad, safe, widthOf } from '../../tui/widgets/text.ts'
import { afterKill, leaderReport, noon, outage, play, report, steady } from './model.ts'

test.each([
  [0, 4, '0'],
  [999, 4, '999'],
  [2_165, 5, '2,165'],
  [2_165, 4, '2.2k'],
  [9_960, 4, '10k'],
  [14_233, 4, '14k'],
  [14_233_000, 8, '14.2M'],
  [1_400_000, 4, '1.4M'],
  [999_960, 5, '1.0M'],
  [999_960, 4, '1.0M'],
  [123_456_789, 4, '123M'],
  [7.4, 3, '7'],
])('%d in %d cells is %s', (value, cells, text) => {
  expect(short(value, cells)).toBe(text)
})

test('whatever the number and the column, it fits, and says what it is within five percent', () => {
  const units: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 }
  for (let cells = 4; cells <= 9; cells++) {
    for (let value = 1; value < 1e15; value = Math.ceil(value * 1.37)) {
      const text = short(value, cells)
      expect(text.length).toBeLessThanOrEqual(cells)
      const [, digits = '', unit = ''] = /^([\d,.]+)([kMGT]?)$/.exec(text) ?? []
      const told = Number(digits.replaceAll(',', '')) * units[unit]!
      expect(Math.abs(told - value) / value, `${value} as ${text}`).toBeLessThan(0.05)
    }
  }
})

test('times and sizes at the edges of their units', () => {
  expect([999, 999.6, 12_300, 59_949, 59_951, 3_600_000, 86_400_000].map(age)).toEqual([
    ...['999ms', '1.0s', '12.3s', '59.9s', '0m', '1h', '1d'],
  ])
  expect([346, 9_120, 12_345, 142_344, 7_620_000].map(duration)).toEqual([
    ...['346 ms', '9,120 ms', '12.3 s', '2 m 22 s', '2 h 7 m'],
  ])
  expect([9.94, 9.96, 34].map(millis)).toEqual(['9.9 ms', '10 ms', '34 ms'])
  expect([999_400, 999_600, 999_960_000].map(bytes)).toEqual(['999 kB', '1.0 MB', '1.0 GB'])
})

test('a number that does not fit is left out, and never another number', () => {
  expect(cut('lag 2,165', 8)).toBe('lag ')
  expect(cut('peer-12 died', 6)).toBe('peer-')
  expect(cut('gap 346 ms', 9)).toBe('gap ')
  expect(cut('took 12.3 s today', 11)).toBe('took 12.3 s')
  expect(pad('14,233', 4)).toBe('    ')
  expect(cut('a 3 masters', 5)).toBe('a 3 m')
})

/** Numbers of a cluster that has run for a year, with one member that lags. */
function large(): Model {
  const index = 1_234_567_890
  const big = {
    lastIndex: index,
    commit: index,
    applied: index,
    revision: 987_654_321,
    term: 12_345,
  }
  const reports = ['peer-2', 'peer-3', 'peer-4', 'peer-5'].map(
    (peer): SourceEvent => ({ type: 'report', at: noon, peer, report: report(peer, big) }),
  )
  const { replication, controlPlane } = leaderReport('peer-1', 12_345)
  const leader = leaderReport('peer-1', 12_345, {
    ...big,
    ...{ watchers: 1_234_567, leases: 7_654_321, compactRevision: 987_654_000 },
    counters: { fenced: 1_234_567, duplicates: 7_654_321 },
    replication: replication.map((row, at) => ({ ...row, match: index - 10 ** (at * 2 + 1) })),
    controlPlane: {
      ...controlPlane,
      components: controlPlane.components.map(each => ({
        ...each,
        ...{ queue: 23_456, done: 3_456_789, errors: 456_789 },
      })),
    },
  })
  return play(steady(), [
    ...reports,
    { type: 'report', at: noon, peer: 'peer-1', report: leader },
    { type: 'tick', now: noon },
  ])
}

test('large numbers are whole in every column of every width', () => {
  const theme = makeTheme({ ascii: true, colours: 'none' })
  // What is left of them when digits or a unit are cut off.
  const broken = /\b(1,234,(\d{0,2}|567,?\d{0,2})|1,23?|987,6?5?4?,?3?2?|3,456,?7?8?9?)(?![\d,.kM])/
  for (let width = 80; width <= 240; width += 7) {
    const lines = screenView({ model: large(), ui: initialUi, theme, width, height: 40 }).map(
      line => line.map(({ text }) => text).join(''),
    )
    const table = lines.filter(line => /^\|.*(peer-[1-5] [LF])/.test(line))
    expect(table.length).toBeGreaterThan(3)
    // The leader's lag of each follower: 10, 1,000, 100,000 and 10,000,000 entries.
    expect(table.join('\n')).toMatch(/ 10 /)
    expect(table.join('\n')).toMatch(/ 1.0k /)
    expect(table.join('\n')).toMatch(/ 100k /)
    expect(table.join('\n')).toMatch(/ 10M /)
    const all = lines.join('\n').replaceAll(/1,234,567,890|987,654,(321|000)|1,234,567/g, '')
    expect(broken.exec(all)?.[0], `${width}`).toBeUndefined()
  }
})

test('the gap is told whole at every width, however long it was', () => {
  const theme = makeTheme({ ascii: false, colours: 'none' })
  const t0 = noon + 100
  const long = outage(t0, { gapMs: 1_142_344, firstMs: 1_142_300, resolutionMs: 1_011 })
  const failover = { ...afterKill().failover!, outage: long, cause: 'peer-1 killed; '.repeat(9) }
  const model = { ...afterKill(), failover, history: [failover] }
  for (let width = 60; width <= 240; width++) {
    const lines = screenView({ model, ui: initialUi, theme, width, height: 40 })
    const all = lines.map(line => line.map(({ text }) => text).join('')).join('\n')
    expect(all, `${width}`).toMatch(/1,142,344 ms without a write|19 m 2 s/)
    // With its resolution, whoever has room for it: a long list of causes gives way.
    if (width >= 200) expect(all, `${width}`).toMatch(/1,142,344 ms without a write \(\S1,011\)/)
  }
})

test('one measure of width: what makes terminals disagree is not drawn', () => {
  const hostile = [
    ...['\u2716\ufe0f', '\u26a0\ufe0f ok', '1\u20e3\ufe0f', 'a\u200db', '\u{1f44d}\u{1f3fd}'],
    ...['\u{1f1e9}\u{1f1ea}', 'x\u00ady', '\u061cx\u202ey\u2066z', '\ufeffa', '\u{e0041}'],
    ...['\x1b[2J', '\x9b31m', 'a\nb\tc', '\u2028', '\ud83d', '\u{1f469}\u200d\u{1f467}'],
  ]
  for (const text of hostile) {
    const drawn = safe(text)
    expect(drawn).not.toMatch(/[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cs}\p{Me}]/u)
    expect(span(text).text).toBe(drawn)
    expect(widthOf(text)).toBe(stringWidth(drawn))
    // As a terminal counts: each character by itself.
    const cells = [...drawn].reduce((sum, character) => sum + stringWidth(character), 0)
    expect(widthOf(text)).toBe(cells)
    expect(stringWidth(pad(text, 12))).toBe(12)
  }
  expect(safe('\u26a0\ufe0f low')).toBe('\u26a0 low')
  expect(safe('集群 é')).toBe('集群 é')
})
