import { expect, test } from 'vitest'
import { changesBetween, changeText } from '../../tui/model/changes.ts'
import { quorumOf, roleOf, sinceStart, termOf } from '../../tui/model/select.ts'
import { marks, type SourceEvent } from '../../tui/model/types.ts'
import { afterKill, killEvents, leaderReport, noon, play, report, start, steady } from './model.ts'

const t0 = noon + 100
const raft = (at: number, source: string, message: string): SourceEvent => ({
  type: 'events',
  fresh: true,
  list: [{ id: at, at, source, kind: 'RAFT', message }],
})

test('the stopwatch measures each step from the fault', () => {
  const { failover, history } = afterKill()
  expect(failover?.cause).toBe('peer-1 killed')
  expect(marks.map(mark => failover && sinceStart(failover, mark))).toEqual([
    212, 253, 271, 334, 422,
  ])
  expect(failover).toMatchObject({ done: true, leader: 'peer-3', term: 8, startFrom: 'fault' })
  expect(history).toHaveLength(1)
})

test('the order in which answers arrive changes nothing', () => {
  const [fault, ...rest] = killEvents()
  const raftFirst = rest.filter(event => event.type === 'events').reverse()
  const others = rest.filter(event => event.type !== 'events')
  const late = play(steady(), [fault!, ...raftFirst, ...others])
  expect(late.failover?.at).toEqual(afterKill().failover?.at)
})

test.each([
  { name: 'before the vote', until: 2, known: ['detect'], done: false },
  { name: 'before a write', until: 7, known: ['detect', 'vote', 'commit'], done: false },
  {
    name: 'before a reconcile',
    until: 8,
    known: ['detect', 'vote', 'commit', 'write'],
    done: false,
  },
])('a failover is unfinished $name', ({ until, known, done }) => {
  const events = killEvents().slice(0, until)
  const { failover, history } = play(steady(), events)
  // Without a commit nothing is known of what comes before it but the detection.
  const seen = Object.keys(failover?.at ?? {}).sort()
  expect(seen).toEqual([...known].sort())
  expect(failover?.done).toBe(done)
  expect(history).toHaveLength(0)
})

test('a write before the new leader is none after the failover', () => {
  const early: SourceEvent = {
    type: 'probe',
    probe: steady().probe,
    acknowledged: [t0 + 5, t0 + 270],
  }
  const model = play(steady(), [...killEvents().slice(0, 5), early])
  expect(model.failover?.at.write).toBeUndefined()
})

test('a fault on a follower starts no stopwatch', () => {
  const fault = { at: t0, type: 'kill', peers: ['peer-4'] }
  expect(play(steady(), [{ type: 'fault', fault }]).failover).toBeUndefined()
})

test('a change of leadership nobody announced counts from the last write', () => {
  const model = play(steady(), [raft(noon + 500, 'peer-3', 'became leader of term 8')])
  expect(model.failover).toMatchObject({
    cause: 'peer-1 lost the leadership',
    startFrom: 'write',
    startedAt: noon - 20,
  })
})

test('an earlier fault is not blamed twice', () => {
  const t1 = afterKill().now
  const model = play(afterKill(), [
    { type: 'probe', probe: afterKill().probe, acknowledged: [t1 - 20] },
    raft(t1 + 500, 'peer-2', 'became leader of term 9'),
    {
      type: 'processes',
      at: t1 + 600,
      list: [{ name: 'peer-3', pid: 1, state: 'down', startedAt: '' }],
    },
    { type: 'tick', now: t1 + 700 },
  ])
  expect(model.failover).toMatchObject({ number: 2, cause: 'peer-3 died', startedAt: t1 - 20 })
})

test('what happened before the dashboard came is shown and not measured', () => {
  const list = [
    { id: 1, at: noon - 9_000, source: 'peer-3', kind: 'RAFT', message: 'became leader of term 9' },
  ] as const
  const model = play(steady(), [{ type: 'events', fresh: false, list }])
  expect(model.failover).toBeUndefined()
  expect(model.log.map(line => line.message)).toContain('became leader of term 9')
})

test('events of several peers stand in order of time', () => {
  const model = play(start(), [
    raft(noon + 9, 'peer-2', 'b'),
    raft(noon + 3, 'peer-1', 'a'),
    raft(noon + 12, 'peer-3', 'c'),
  ])
  expect(model.log.map(line => line.message)).toEqual(['a', 'b', 'c'])
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
  expect(quorumOf(model)).toEqual({ ok, have, need: 3, voters: 5 })
})

test('a silent peer is down after a while, and a paused leader leads no more', () => {
  const silent = play(steady(), [
    { type: 'unreachable', at: noon, peer: 'peer-2' },
    { type: 'tick', now: noon + 1_000 },
  ])
  const peer = () => silent.peers.find(each => each.name === 'peer-2')!
  expect(roleOf(peer(), noon + 1_000)).toBe('follower')
  expect(roleOf(peer(), noon + 2_000)).toBe('down')
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
    'quorum=true term=8 leader=peer-3',
  )
  expect(lines.find(line => line.includes('failover: peer-1 killed'))).toContain('writeMs=334')
  expect(changesBetween(afterKill(), afterKill())).toHaveLength(afterKill().log.length)
  const same = afterKill()
  expect(changesBetween(same, same)).toEqual([])
})
