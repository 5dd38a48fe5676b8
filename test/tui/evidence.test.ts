import { expect, test } from 'vitest'
import { initialUi } from '../../tui/keys/dispatch.ts'
import { quorumOf } from '../../tui/model/select.ts'
import { stateOf } from '../../tui/model/state.ts'
import type { Model, SourceEvent } from '../../tui/model/types.ts'
import { makeTheme } from '../../tui/theme/theme.ts'
import { screenView } from '../../tui/views/screen.ts'
import { panelNumbers, type Ui } from '../../tui/views/types.ts'
import type { Span } from '../../tui/widgets/line.ts'
import { afterKill, noon, play, report, start, steady } from './model.ts'

const theme = makeTheme({ ascii: false, colours: 'none' })

function spans(model: Model, ui: Ui = initialUi, width = 120, height = 36): Span[] {
  return screenView({ model, ui, theme, width, height }).flat()
}

function text(model: Model, ui?: Ui, width?: number, height?: number): string {
  return spans(model, ui, width, height)
    .map(span => span.text)
    .join('')
}

/** What a dashboard hears after `quorate down`: nothing, from anybody. */
function silence(from: Model, ms: number): Model {
  const later = from.now + ms
  return play(from, [
    { type: 'processes', at: from.now + 200, list: [] },
    ...from.peers.map(
      ({ name }): SourceEvent => ({ type: 'unreachable', at: from.now + 500, peer: name }),
    ),
    { type: 'api', at: later, ok: false, watchedAt: from.api.watchedAt },
    {
      type: 'probe',
      probe: { ...from.probe, at: later, sinceWriteMs: ms },
      outages: from.outages,
    },
    { type: 'tick', now: later },
  ])
}

test.each([
  ['steady', steady()],
  ['after a failover', afterKill()],
])('%s, then silent: nothing is green, and what is old carries its age', (_name, model) => {
  const silent = silence(model, 30_000)
  const views = [initialUi, ...panelNumbers.map(focus => ({ ...initialUi, focus, zoomed: true }))]
  for (const ui of views) {
    for (const [width, height] of [
      [80, 24],
      [120, 36],
      [200, 50],
    ] as const) {
      const green = (from: Model) =>
        spans(from, ui, width, height).filter(span => span.style === 'ok' && span.text.trim())
      // Events tell of the past with their times: the styles of their kinds are no states.
      expect(green(silent).filter(span => span.text.trim() !== 'CONTROL')).toEqual([])
    }
  }
  expect(spans(model).some(span => span.style === 'ok')).toBe(true)
  const shown = text(silent)
  for (const wanted of ['UNKNOWN (30.', '?/5', 'as of 30.', 'silent 30.', 'leader -']) {
    expect(shown).toContain(wanted)
  }
  expect(shown).not.toMatch(/WRITABLE|NO QUORUM|nothing reconciles/)
})

test('at the start nothing is claimed: no quorum lost, no voters counted, no peer down', () => {
  for (const ms of [0, 4_000]) {
    const model = play(start(), [{ type: 'tick', now: noon + ms }])
    const shown = text(model)
    expect(shown).toContain('CONNECTING -/-')
    expect(shown).not.toMatch(/NO QUORUM|no quorum|DOWN|0\/5|no answer/)
    expect(
      spans(model)
        .filter(span => span.style === 'down')
        .map(span => span.text),
    ).toEqual(['-'])
  }
})

test('workers are no voters, neither before their first report nor after it', () => {
  const voters = ['id-peer-1', 'id-peer-2', 'id-peer-3']
  const master = (peer: string): SourceEvent => ({
    ...{ type: 'report', at: noon, peer },
    report: report(peer, { voters, leader: null, role: 'pre-candidate' }),
  })
  const worker: SourceEvent = {
    ...{ type: 'report', at: noon, peer: 'peer-4' },
    report: report('peer-4', { role: 'worker', roles: ['worker'], voters: [] }),
  }
  const only = play(start(), [worker, { type: 'tick', now: noon }])
  expect(quorumOf(only)).toMatchObject({ have: 0, voters: 0 })
  // peer-4 and peer-5 are workers; peer-5 has said nothing yet.
  const model = play(start(), [master('peer-1'), worker, { type: 'tick', now: noon }])
  expect(quorumOf(model)).toMatchObject({ have: 1, need: 2, voters: 3, possible: false })
  expect(stateOf(model)).toMatchObject({ word: 'NO QUORUM', because: '1 of 3 answer' })
  expect(text(model)).toContain('NO QUORUM 1/3')
})

test('a learner that answers makes no quorum possible', () => {
  const voters = ['id-peer-1', 'id-peer-2', 'id-peer-3']
  const told = (peer: string, role: 'follower' | 'learner'): SourceEvent => ({
    ...{ type: 'report', at: noon, peer },
    report: report(peer, { voters, role, leader: null }),
  })
  const model = play(start(), [
    ...[told('peer-1', 'follower'), told('peer-4', 'learner'), told('peer-5', 'learner')],
    { type: 'tick', now: noon },
  ])
  expect(stateOf(model).word).toBe('NO QUORUM')
})

test('nodes and pods are of now only while the API answers and its watches tell something', () => {
  const later = (api: Partial<Model['api']>, ms: number) =>
    text(
      play(steady(), [
        { type: 'api', at: noon + ms, ok: true, watchedAt: noon + ms, ...api },
        { type: 'tick', now: noon + ms },
      ]),
    )
  expect(later({}, 60_000)).not.toContain('as of')
  // Answers come from another peer than the one whose watch hangs.
  expect(later({ watchedAt: noon }, 60_000)).toContain('as of 45.0s ago')
  expect(later({ ok: false }, 60_000)).toContain('as of 1m ago')
})

test('without a leader the figures of the store are not zero, they are not known', () => {
  const shown = text(silence(steady(), 5_000))
  expect(shown).toContain('watchers -   leases -')
  expect(shown).toContain('db -  wal -')
  expect(shown).not.toContain('rev 0')
})
