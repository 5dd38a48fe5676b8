import { expect, test } from 'vitest'
import type { CoreEvent } from '../../src/api/objects.ts'
import type { NamedOutage } from '../../src/probe/outages.ts'
import { changesBetween, changeText } from '../../tui/model/changes.ts'
import { quorumOf, roleOf, sinceStart, statsOf, termOf } from '../../tui/model/select.ts'
import { stateOf } from '../../tui/model/state.ts'
import { marks, type SourceEvent } from '../../tui/model/types.ts'
import { eventLine } from '../../tui/source/objects.ts'
import { ClockOffset } from '../../tui/source/offset.ts'
import {
  afterKill,
  faultEvent,
  killEvents,
  leaderReport,
  noon,
  outage,
  play,
  raft,
  report,
  start,
  steady,
} from './model.ts'

const t0 = noon + 100

test('the stopwatch measures each step from the fault, and the gap that the writers felt', () => {
  const { failover, history } = afterKill()
  expect(failover?.cause).toBe('peer-1 killed')
  expect(marks.map(mark => failover && sinceStart(failover, mark))).toEqual([
    212, 253, 271, 334, 422,
  ])
  expect(failover).toMatchObject({
    ...{ done: true, kind: 'kill', leader: 'peer-3', term: 8, startFrom: 'fault' },
    ...{ startedAt: t0, askedAt: t0 - 9, outage: { gapMs: 346 } },
  })
  expect(history).toHaveLength(1)
  expect(statsOf(afterKill())).toEqual([
    { kind: 'kill', count: 1, least: 346, median: 346, most: 346 },
  ])
})

test('the order in which answers arrive changes nothing, not even when the cause comes last', () => {
  const [fault, ...rest] = killEvents()
  const raftFirst = rest.filter(event => event.type === 'events').reverse()
  const others = rest.filter(event => event.type !== 'events')
  const expected = afterKill().failover
  for (const events of [
    [fault!, ...raftFirst, ...others],
    [...raftFirst, fault!, ...others],
    [...raftFirst, ...others.slice(0, 2), fault!, ...others],
  ]) {
    const { failover } = play(steady(), events)
    expect(failover).toMatchObject({ at: expected!.at, cause: 'peer-1 killed', kind: 'kill' })
  }
})

test.each([
  { name: 'before the vote', until: 2, known: ['detect'] },
  { name: 'before a write', until: 7, known: ['detect', 'vote', 'commit'] },
  { name: 'before a reconcile', until: 8, known: ['detect', 'vote', 'commit', 'write'] },
])('a failover is unfinished $name', ({ until, known }) => {
  const { failover, history } = play(steady(), killEvents().slice(0, until))
  // Without a commit nothing is known of what comes before it but the detection.
  expect(Object.keys(failover?.at ?? {}).sort()).toEqual([...known].sort())
  expect(failover?.done).toBe(false)
  expect(history).toHaveLength(0)
})

test('an outage goes on until a write is acknowledged, however long that takes', () => {
  const open = outage(t0, { state: 'open', firstMs: undefined, nextAt: undefined, gapMs: 142_344 })
  const later = t0 + 142_000
  const model = play(steady(), [
    ...killEvents().slice(0, 7),
    {
      type: 'probe',
      probe: { ...steady().probe, at: later, sinceWriteMs: 142_344 },
      outages: [open],
    },
    { type: 'tick', now: later },
  ])
  expect(model.failover).toMatchObject({ done: false, outage: { gapMs: 142_344 } })
  expect(statsOf(model)).toEqual([])
})

test('without a quorum the outage is about that', () => {
  const names = ['peer-1', 'peer-2', 'peer-3']
  const list = steady().peers.map(({ name }) => ({
    ...{ name, pid: 1, startedAt: '' },
    state: names.includes(name) ? ('down' as const) : ('running' as const),
  }))
  const open = outage(t0, { state: 'open', firstMs: undefined, nextAt: undefined, gapMs: 900 })
  const model = play(steady(), [
    faultEvent(t0, 'kill', 'peer-1'),
    { type: 'processes', at: t0 + 10, list },
    { type: 'probe', probe: steady().probe, outages: [open] },
    { type: 'tick', now: t0 + 900 },
  ])
  expect(model.failover).toMatchObject({ kind: 'quorum loss', done: false })
})

test('a gap that nobody announced is told, with the faults that lie in it', () => {
  const gap = outage(t0, { id: `gap-${t0}`, gapMs: 700, firstMs: 700 })
  const probe = { type: 'probe', probe: steady().probe, outages: [gap] } as const
  const tick = { type: 'tick', now: t0 + 800 } as const
  expect(play(steady(), [probe, tick]).failover).toMatchObject({
    ...{ kind: 'other', cause: 'writes stopped', startFrom: 'write', done: true },
  })
  const both = faultEvent(t0 + 5, 'pause', 'peer-4')
  expect(play(steady(), [both, probe, tick]).failover?.cause).toBe('peer-4 paused')
})

test('what had been repaired is no cause of what came later, nor is its repair', () => {
  const id = `fault-${t0}`
  const open = outage(t0, { id, state: 'open', firstMs: undefined, nextAt: undefined, gapMs: 600 })
  const begun = play(steady(), [
    faultEvent(t0 - 9_000, 'pause', 'peer-3'),
    faultEvent(t0 - 8_000, 'kill', 'peer-2'),
    faultEvent(t0 - 7_000, 'resume', 'peer-3'),
    faultEvent(t0 - 6_000, 'partition', 'peer-4'),
    faultEvent(t0 - 5_000, 'heal'),
    faultEvent(t0 - 4_000, 'restart', 'peer-5'),
    faultEvent(t0 - 2_000, 'kill', 'peer-4'),
    faultEvent(t0, 'kill', 'peer-5'),
    { type: 'probe', probe: steady().probe, outages: [open] },
    { type: 'tick', now: t0 + 600 },
  ])
  expect(begun.failover?.cause).toBe('peer-2 killed; peer-4 killed; peer-5 killed')
})

test('the last follower that dies takes the quorum, and that is an outage like any other', () => {
  const id = `fault-${t0}`
  const open = outage(t0, { id, state: 'open', firstMs: undefined, nextAt: undefined, gapMs: 600 })
  const down = ['peer-3', 'peer-4', 'peer-5']
  const list = steady().peers.map(({ name }) => ({
    ...{ name, pid: 1, startedAt: '' },
    state: down.includes(name) ? ('down' as const) : ('running' as const),
  }))
  const probe = steady().probe
  const begun = play(steady(), [
    faultEvent(t0 - 900, 'kill', 'peer-3'),
    faultEvent(t0 - 800, 'kill', 'peer-4'),
    faultEvent(t0, 'kill', 'peer-5'),
    { type: 'processes', at: t0 + 10, list },
    { type: 'probe', probe, outages: [open] },
    { type: 'tick', now: t0 + 600 },
  ])
  expect(begun.failover).toMatchObject({
    ...{ id, kind: 'quorum loss', startedAt: t0, startFrom: 'fault', done: false },
    ...{ cause: 'peer-3 killed; peer-4 killed; peer-5 killed', outage: { gapMs: 600 } },
  })
  const closed = outage(t0, { id, gapMs: 9_012, nextAt: t0 + 9_000, firstMs: 9_000 })
  const over = play(begun, [
    { type: 'probe', probe, outages: [closed] },
    { type: 'tick', now: t0 + 9_100 },
  ])
  expect(over.failover).toMatchObject({ kind: 'quorum loss', outage: { gapMs: 9_012 } })
  // Heard of only when it was over, and without a figure: it happened all the same.
  const late = play(steady(), [
    faultEvent(t0, 'kill', 'peer-5'),
    { type: 'probe', probe, outages: [{ ...closed, state: 'void' }] },
    { type: 'tick', now: t0 + 9_100 },
  ])
  expect(late.failover).toMatchObject({ id, cause: 'peer-5 killed', outage: { state: 'void' } })
  // No other leader has been elected: nothing else is waited for.
  const later = play(over, [{ type: 'tick', now: t0 + 9_000 + 15_100 }])
  expect(later.failover?.done).toBe(true)
  expect(later.history).toHaveLength(1)
  expect(later.failoverCount).toBe(1)
})

test('the gap of a lost quorum is one, whether it or its cause is heard of first', () => {
  const open = { state: 'open', firstMs: undefined, nextAt: undefined } as const
  const first = outage(t0, { ...open, id: `gap-${t0 - 12}`, t0: t0 - 12, gapMs: 600 })
  const told = outage(t0, { ...open, gapMs: 800 })
  const model = play(steady(), [
    faultEvent(t0 - 900, 'kill', 'peer-4'),
    { type: 'probe', probe: steady().probe, outages: [first] },
    { type: 'tick', now: t0 + 600 },
    faultEvent(t0, 'kill', 'peer-5'),
    { type: 'probe', probe: steady().probe, outages: [told] },
    { type: 'tick', now: t0 + 800 },
  ])
  expect(model.failover).toMatchObject({
    ...{ number: 1, id: `fault-${t0}`, startedAt: t0, cause: 'peer-4 killed; peer-5 killed' },
    ...{ done: false, outage: { gapMs: 800 } },
  })
})

test('a cause that comes last brings its own figure, not that of the election', () => {
  const election = outage(t0 + 271, { id: 'term-8', t0: t0 + 271, gapMs: 346, firstMs: 63 })
  const heard = play(steady(), [
    raft(t0 + 271, 'peer-3', { type: 'elected', term: 8 }),
    { type: 'probe', probe: steady().probe, outages: [election] },
  ])
  expect(heard.failover).toMatchObject({ id: 'term-8', outage: { firstMs: 63 } })
  const told = play(heard, [faultEvent(t0, 'kill', 'peer-1')])
  expect(told.failover).toMatchObject({ id: `fault-${t0}`, done: false })
  expect(told.failover?.outage).toBeUndefined()
  const outages = [outage(t0), election]
  const { failover } = play(told, [{ type: 'probe', probe: steady().probe, outages }])
  expect(failover).toMatchObject({ outage: { gapMs: 346, firstMs: 334 }, at: { write: t0 + 334 } })
})

test('a gap that was the probe standing still is taken back', () => {
  const gap = outage(t0 + 9_000, { id: `gap-${t0 + 9_000}`, state: 'open', nextAt: undefined })
  const told = (list: readonly NamedOutage[]): SourceEvent => ({
    ...{ type: 'probe', probe: steady().probe, outages: [outage(t0), ...list] },
  })
  const begun = play(afterKill(), [told([{ ...gap, gapMs: 600 }])])
  expect(begun.failover).toMatchObject({ number: 2, startFrom: 'write' })
  const { failover, history } = play(begun, [told([{ ...gap, state: 'void', gapMs: 700 }])])
  expect(failover).toMatchObject({ number: 1, cause: 'peer-1 killed', done: true })
  expect(history).toHaveLength(1)
})

test('a quorum that goes while the last failover still settles is not kept waiting', () => {
  const t1 = t0 + 350
  const lost = outage(t1, { state: 'open', firstMs: undefined, nextAt: undefined, lastAt: t1 - 2 })
  const settling = play(steady(), killEvents().slice(0, 8))
  expect(settling.failover).toMatchObject({ number: 1, done: false, outage: { state: 'closed' } })
  const model = play(settling, [
    faultEvent(t1, 'kill', 'peer-2'),
    { type: 'probe', probe: steady().probe, outages: [outage(t0), { ...lost, gapMs: 700 }] },
    { type: 'tick', now: t1 + 700 },
  ])
  expect(model.failover).toMatchObject({ number: 2, id: `fault-${t1}`, outage: { gapMs: 700 } })
  expect(model.history.map(({ number }) => number)).toEqual([1])
})

test('a gap whose cause is told late is the one that it made, and no second one', () => {
  const gap = outage(t0, { id: `gap-${t0 - 12}`, t0: t0 - 12 })
  const long = { ...gap, gapMs: 746, nextAt: t0 + 734 }
  const probe = steady().probe
  const seen = play(steady(), [
    { type: 'probe', probe, outages: [long] },
    { type: 'tick', now: t0 + 800 },
  ])
  expect(seen.failover).toMatchObject({ cause: 'writes stopped', done: true })
  const told = outage(t0, { gapMs: 746, nextAt: t0 + 734, firstMs: 734 })
  const model = play(seen, [
    ...killEvents().map(
      (event): SourceEvent => (event.type === 'probe' ? { ...event, outages: [told] } : event),
    ),
  ])
  expect(model.failover).toMatchObject({ number: 1, kind: 'kill', cause: 'peer-1 killed' })
  expect(model.history.map(({ cause }) => cause)).toEqual(['peer-1 killed'])
})

test('what is heard of late is told in its place, and does not take the screen', () => {
  const before = outage(t0 - 4_000, { id: `fault-${t0 - 4_000}`, gapMs: 900, state: 'void' })
  const early = { ...steady(), startedAt: t0 - 9_000 }
  const heard = play(early, [faultEvent(t0 - 4_000, 'kill', 'peer-4'), ...killEvents()])
  const model = play(heard, [
    { type: 'probe', probe: steady().probe, outages: [before, outage(t0)] },
    { type: 'tick', now: t0 + 5_000 },
  ])
  expect(model.failover).toMatchObject({ number: 1, cause: 'peer-1 killed', done: true })
  expect(model.history.map(({ cause }) => cause)).toEqual(['peer-4 killed', 'peer-1 killed'])
})

test('a probe that stood still itself has no figure, and does not count', () => {
  const events = killEvents().map(
    (event): SourceEvent =>
      event.type === 'probe' ? { ...event, outages: [outage(t0, { state: 'void' })] } : event,
  )
  const model = play(steady(), events)
  expect(model.failover).toMatchObject({ done: true, outage: { state: 'void' } })
  expect(statsOf(model)).toEqual([])
})

test('a fault on a follower starts no stopwatch', () => {
  const model = play(steady(), [faultEvent(t0, 'kill', 'peer-4')])
  expect(model.failover).toBeUndefined()
  expect(model.faults).toHaveLength(1)
})

test('a change of leadership nobody announced counts from the election', () => {
  const model = play(steady(), [raft(noon + 500, 'peer-3', { type: 'elected', term: 8 })])
  expect(model.failover).toMatchObject({
    ...{ id: 'term-8', kind: 'other', cause: 'peer-1 lost the leadership' },
    ...{ startFrom: 'election', startedAt: noon + 500 },
  })
})

test('an earlier fault is not blamed twice', () => {
  const t1 = afterKill().now
  const model = play(afterKill(), [
    raft(t1 + 500, 'peer-2', { type: 'elected', term: 9 }),
    {
      type: 'processes',
      at: t1 + 600,
      list: [{ name: 'peer-3', pid: 1, state: 'down', startedAt: '' }],
    },
    { type: 'tick', now: t1 + 700 },
  ])
  expect(model.failover).toMatchObject({ number: 2, cause: 'peer-3 died', startedAt: t1 + 500 })
})

test('what happened before the dashboard came is shown and not measured', () => {
  const event = raft(noon - 9_000, 'peer-3', { type: 'elected', term: 9 })
  const model = play(steady(), [{ ...event, fresh: false } as SourceEvent])
  expect(model.failover).toBeUndefined()
  expect(model.log.map(line => line.message)).toContain('became leader of term 9')
})

test('the state is one word, from evidence', () => {
  const states = (events: readonly SourceEvent[], from = steady()) => stateOf(play(from, events))
  const gone = steady().peers.map(
    ({ name }): SourceEvent => ({ type: 'unreachable', at: noon, peer: name }),
  )
  const down = (names: readonly string[]): SourceEvent => ({
    type: 'processes',
    at: noon,
    list: steady().peers.map(({ name }) => ({
      ...{ name, pid: 1, startedAt: '' },
      state: names.includes(name) ? ('down' as const) : ('running' as const),
    })),
  })
  const alone = (peer: string): SourceEvent => ({
    ...{ type: 'report', at: noon, peer },
    report: report(peer, { leader: null, role: 'pre-candidate' }),
  })
  const quiet: SourceEvent = {
    type: 'probe',
    probe: { ...steady().probe, sinceWriteMs: 5_000 },
    outages: [],
  }
  const all = steady().peers.map(({ name }) => name)
  expect(states([], start()).word).toBe('CONNECTING')
  expect(states([{ type: 'tick', now: noon + 6_000 }], start()).word).toBe('UNKNOWN')
  expect(states([]).word).toBe('WRITABLE')
  // Almost a second without an answer from anybody: that the machine is busy is no news of the cluster.
  expect(states([...gone, { type: 'tick', now: noon + 900 }]).word).toBe('WRITABLE')
  expect(states([quiet])).toMatchObject({ word: 'READ-ONLY', because: 'no write for 5 s' })
  const full = leaderReport('peer-1', 7, { alarms: ['NOSPACE'] })
  expect(states([{ type: 'report', at: noon, peer: 'peer-1', report: full }])).toMatchObject({
    ...{ word: 'READ-ONLY', because: 'alarm NOSPACE' },
  })
  expect(states([quiet, down(['peer-1'])]).word).toBe('ELECTING')
  expect(states([quiet, down(all.slice(0, 3)), alone('peer-4'), alone('peer-5')]).word).toBe(
    'NO QUORUM',
  )
  // They follow a leader that can't be reached from here: whether there is a quorum is not known.
  expect(states([quiet, down(all.slice(0, 3))]).word).toBe('UNKNOWN')
  expect(states([...gone, { type: 'tick', now: noon + 12_000 }])).toMatchObject({
    ...{ word: 'UNKNOWN', ageMs: 12_000 },
  })
})

test('another clock is measured by its quickest answer', () => {
  const offset = new ClockOffset()
  expect(offset.ms).toBe(0)
  offset.answered(1_000, 6_010, 1_020)
  expect(offset.ms).toBe(5_000)
  offset.answered(2_000, 7_300, 2_400)
  expect(offset.ms).toBe(5_000)
  const event = { id: 1, at: 6_500, source: 'x', kind: 'RAFT', message: '' } as const
  expect(offset.ours(event).at).toBe(1_500)
  // What the journey alone could be is no difference.
  const same = new ClockOffset()
  same.answered(1_000, 1_002, 1_005)
  expect(same.ours(event)).toBe(event)
})

test('events of several peers stand in order of time', () => {
  const model = play(start(), [
    raft(noon + 9, 'peer-2', { type: 'no-leader', term: 2 }),
    raft(noon + 3, 'peer-1', { type: 'no-leader', term: 1 }),
    raft(noon + 12, 'peer-3', { type: 'no-leader', term: 3 }),
  ])
  expect(model.log.map(({ source }) => source)).toEqual(['peer-1', 'peer-2', 'peer-3'])
})

test('what the API tells to the second stands where it may have been, and shows no more', () => {
  const fault = faultEvent(noon + 700, 'kill', 'peer-1')
  const told = (heardAt: number, time: object) =>
    eventLine(
      {
        ...{ metadata: {}, involvedObject: { kind: 'Pod', name: 'web-1', namespace: 'dev' } },
        ...{ reason: 'Killing', message: 'Stopping', ...time },
      } as CoreEvent,
      heardAt,
    )
  // Told as 12:04:27, for it was 12:04:27.8: after the fault of .7.
  const line = told(noon + 850, { lastTimestamp: new Date(noon).toISOString() })
  expect(line).toMatchObject({ at: noon + 850, coarse: true })
  expect(told(noon + 9_000, { lastTimestamp: new Date(noon).toISOString() }).at).toBe(noon + 999)
  const exact = told(noon + 9_000, { eventTime: '2026-11-22T12:04:27.355000Z' })
  expect(exact).toMatchObject({ at: noon + 355 })
  expect(exact.coarse).toBeUndefined()
  const nodes = steady().nodes.map(node => ({ ...node, ready: false, readyAt: noon + 3_000 }))
  const model = play(steady(), [
    { type: 'tick', now: noon + 8_000 },
    { type: 'nodes', list: nodes.slice(0, 1) },
    { type: 'log', line },
    fault,
  ])
  expect(model.log.map(({ kind, at }) => [kind, at - noon])).toEqual([
    ['FAULT', 700],
    ['KUBE', 850],
    ['NODE', 3_999],
  ])
})

test('a process that runs again does so since its start, not since it was seen', () => {
  const process = (state: 'down' | 'running', startedAt: string, at: number): SourceEvent => ({
    ...{ type: 'processes', at },
    list: [{ name: 'peer-1', pid: 1, state, startedAt }],
  })
  const model = play(steady(), [
    process('down', '2026-11-22T12:00:00Z', noon + 300),
    process('running', new Date(noon + 1_000).toISOString(), noon + 1_250),
  ])
  const lines = model.log.filter(({ kind, source }) => kind === 'PROCESS' && source === 'peer-1')
  expect(lines.map(({ at, message }) => [at - noon, message])).toEqual([
    [300, 'is down'],
    [1_000, 'is running'],
  ])
})

test.each([
  { name: 'all well', down: [], have: 5, ok: true },
  { name: 'two down', down: ['peer-4', 'peer-5'], have: 3, ok: true },
  { name: 'three down', down: ['peer-3', 'peer-4', 'peer-5'], have: 2, ok: false },
])('quorum: $name', ({ down, have, ok }) => {
  const list = steady().peers.map(({ name }) => ({
    name,
    pid: 1,
    state: down.includes(name) ? ('down' as const) : ('running' as const),
    startedAt: '',
  }))
  const model = play(steady(), [{ type: 'processes', at: noon, list }])
  expect(quorumOf(model)).toEqual({ ok, have, need: 3, voters: 5, possible: ok })
})

test('a silent peer is unknown after a while, and a paused leader leads no more', () => {
  const silent = play(steady(), [
    { type: 'unreachable', at: noon, peer: 'peer-2' },
    { type: 'tick', now: noon + 1_000 },
  ])
  const peer = () => silent.peers.find(each => each.name === 'peer-2')!
  expect(roleOf(peer(), noon + 1_000)).toBe('follower')
  expect(roleOf(peer(), noon + 2_000)).toBe('unknown')
  const paused = { name: 'peer-1', pid: 1, state: 'paused', startedAt: '' } as const
  const model = play(steady(), [{ type: 'processes', at: noon, list: [paused] }])
  expect(quorumOf(model).ok).toBe(false)
})

test('the newest term wins where two peers say that they lead', () => {
  const model = play(steady(), [
    { type: 'report', at: noon, peer: 'peer-2', report: leaderReport('peer-2', 8) },
    {
      type: 'report',
      at: noon,
      peer: 'peer-3',
      report: report('peer-3', { term: 8, leader: 'peer-2' }),
    },
    {
      type: 'report',
      at: noon,
      peer: 'peer-4',
      report: report('peer-4', { term: 8, leader: 'peer-2' }),
    },
  ])
  expect(termOf(model)).toBe(8)
  expect(quorumOf(model)).toMatchObject({ ok: true, have: 3 })
})

test('rates are differences of one second', () => {
  const later = (revision: number, second: number): SourceEvent[] => [
    {
      type: 'report',
      at: noon + second * 1_000,
      peer: 'peer-1',
      report: leaderReport('peer-1', 7, { revision }),
    },
    { type: 'tick', now: noon + second * 1_000 },
  ]
  const model = play(steady(), [...later(9_971, 1), ...later(10_171, 2)])
  expect(model.samples.map(sample => sample.writesPerSecond)).toEqual([100, 200])
})

test('plain mode tells each change once, as one line', () => {
  const lines = changesBetween(steady(), afterKill()).map(changeText)
  expect(lines).toContain('2026-11-22T12:04:27.371Z info peer-3 became leader of term 8 kind=RAFT')
  expect(lines.find(line => line.includes('cluster state'))).toContain(
    'state=WRITABLE quorum=true term=8 leader=peer-3',
  )
  expect(lines.find(line => line.includes('failover: peer-1 killed'))).toContain(
    'cause=kill term=8 gapMs=346 resolutionMs=11 firstMs=334',
  )
  expect(changesBetween(afterKill(), afterKill())).toHaveLength(afterKill().log.length)
  const same = afterKill()
  expect(changesBetween(same, same)).toEqual([])
})
