import { expect, test } from 'vitest'
import { initialUi, press } from '../../tui/keys/dispatch.ts'
import type { Model, SourceEvent } from '../../tui/model/types.ts'
import { leaderReport, noon, play, report, start } from './model.ts'

const masters = ['peer-1', 'peer-2', 'peer-3']
const voters = masters.map(name => `id-${name}`)

/** Three masters, of which peer-1 leads, and peer-4 a worker with five pods. */
function three(over: Readonly<Record<string, Parameters<typeof report>[1]>> = {}): Model {
  const told = (peer: string, ...rest: Parameters<typeof report>[1][]): SourceEvent => {
    const all = Object.assign({ voters }, ...rest, over[peer])
    const made = peer === 'peer-1' ? leaderReport(peer, 7, all) : report(peer, all)
    return { type: 'report', at: noon, peer, report: made }
  }
  const replication = ['peer-2', 'peer-3'].map(peer => ({
    ...{ peer, match: 14_233, next: 14_234, state: 'replicate' as const },
    ...{ lastHeardMs: 20, rttMs: 1 },
  }))
  const list = ['a', 'b', 'c', 'd', 'e'].map(name => ({
    ...{ namespace: 'dev', name: `web-${name}`, node: 'peer-4', health: 'running' as const },
    ...{ cpuMilli: 0, memoryBytes: 0 },
  }))
  const done = { ...list[0]!, name: 'job-1', health: 'done' as const }
  return play(start(), [
    told('peer-1', { replication }),
    told('peer-2'),
    told('peer-3'),
    told('peer-4', { role: 'worker', roles: ['worker'], voters: [] }),
    { type: 'pods', list: [...list, done] },
    { type: 'tick', now: noon },
  ])
}

function asked(model: Model, key: string, selected: string) {
  const { ui } = press(model, { ...initialUi, selected }, key)
  return ui.confirm?.expect ?? `refused: ${ui.notice?.text}`
}

const cut = {
  'peer-3': {
    ...{ role: 'pre-candidate' as const, leader: null },
    faults: ['partition from peer-1,peer-2'],
  },
}

test.each([
  { key: 'X', peer: 'peer-1', says: 'a new leader within 1 s, 0 lost' },
  { key: 'X', peer: 'peer-2', says: 'writes go on, 0 lost' },
  { key: 'Z', peer: 'peer-1', says: 'a new leader after the election timeout, 0 lost' },
  { key: 'P', peer: 'peer-1', says: 'a new leader after the election timeout, 0 lost' },
  { key: 'P', peer: 'peer-2', says: 'only its own clients wait, 0 lost' },
  { key: 'H', peer: 'peer-1', says: 'all that are up follow one leader, and catch up' },
])('with all well, $key on $peer: $says', ({ key, peer, says }) => {
  expect(asked(three(), key, peer)).toBe(`expect: ${says}`)
})

test.each([
  { key: 'X', peer: 'peer-3', says: 'writes go on, 0 lost' },
  { key: 'X', peer: 'peer-2', says: 'no quorum, writes stop until it is back' },
  { key: 'P', peer: 'peer-2', says: 'no quorum, writes stop until it is back' },
  { key: 'X', peer: 'peer-1', says: 'no quorum, writes stop until it is back' },
  { key: 'R', peer: 'peer-3', says: 'writes go on, 0 lost' },
])('2 of 3 with peer-3 cut off, $key on $peer: $says', ({ key, peer, says }) => {
  expect(asked(three(cut), key, peer)).toBe(`expect: ${says}`)
})

test('X on a worker names its pods, and a quorum is not its matter', () => {
  const text = 'expect: writes go on, 0 lost; its pods are without kubelet: '
  expect(asked(three(), 'X', 'peer-4')).toBe(`${text}web-a, web-b, web-c and 2 more`)
  expect(asked(three(cut), 'X', 'peer-4')).toContain('writes go on')
})

test('without a majority nothing is promised', () => {
  const alone = play(three(), [
    {
      type: 'processes',
      at: noon,
      list: masters.map(name => ({
        ...{ name, pid: 1, startedAt: '' },
        state: name === 'peer-3' ? ('running' as const) : ('down' as const),
      })),
    },
    { type: 'tick', now: noon },
  ])
  expect(asked(alone, 'X', 'peer-3')).toContain('no leader has a majority now')
  expect(asked(alone, 'R', 'peer-1')).toBe('expect: it follows, and catches up')
  expect(asked(alone, 'H', 'peer-1')).toBe('expect: no quorum yet: 1 of 3 voters are up')
})

test('T goes to voters that can take it, never to a worker or to the leader itself', () => {
  const question = (model: Model, selected: string) =>
    press(model, { ...initialUi, selected }, 'T').ui.confirm?.question
  expect(question(three(), 'peer-1')).toBe('hand the leadership of peer-1 to peer-2 or peer-3?')
  expect(question(three(), 'peer-2')).toBe('hand the leadership of peer-1 to peer-2?')
  expect(asked(three(), 'T', 'peer-4')).toBe('refused: peer-4 is a worker: it has no vote')
  expect(question(three(cut), 'peer-1')).toBe('hand the leadership of peer-1 to peer-2?')
  expect(asked(three(cut), 'T', 'peer-3')).toBe('refused: peer-3 is cut off: H heals')
  const lonely = three({ ...cut, 'peer-2': { role: 'learner' } })
  expect(asked(lonely, 'T', 'peer-1')).toBe('refused: no other voter could lead now')
})
