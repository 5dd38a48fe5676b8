import { expect, test } from 'vitest'
import { RaftLog } from '../../../src/raft/log.ts'
import { applyChange } from '../../../src/raft/membership.ts'
import { Progress } from '../../../src/raft/progress.ts'
import { quorumIndex, tally } from '../../../src/raft/quorum.ts'
import type { Entry, MembershipChange } from '../../../src/raft/types.ts'

const entries = (first: number, terms: readonly number[]): Entry[] =>
  terms.map((term, at) => ({ index: first + at, term, kind: 'command', data: Buffer.alloc(10) }))

test('the log: terms, slices, truncation, compaction', () => {
  const log = new RaftLog(10, 2, entries(11, [2, 3, 3, 5]))
  expect([9, 10, 11, 14, 15].map(index => log.term(index))).toEqual([undefined, 2, 2, 5, undefined])
  expect(log.slice(11, 14, 50).map(({ index }) => index)).toEqual([11])
  expect(log.slice(11, 14, 52).map(({ index }) => index)).toEqual([11, 12])
  expect(() => log.append(entries(20, [6]))).toThrow('log gap')
  log.truncate(13)
  expect([log.last, log.lastTerm]).toEqual([12, 3])
  log.compact(12)
  expect([log.offset, log.last, log.lastTerm]).toEqual([12, 12, 3])
  expect(() => log.truncate(12)).toThrow('snapshot')
})

test.each([
  [14, 5, 14],
  [14, 4, 13],
  [14, 2, 11],
  [14, 1, 10],
  [99, 3, 13],
])('logs may agree at most at: index %i, term %i -> %i', (index, term, expected) => {
  expect(new RaftLog(10, 2, entries(11, [2, 3, 3, 5])).findConflictByTerm(index, term)).toBe(
    expected,
  )
})

test.each([
  [14, 5, true],
  [13, 5, false],
  [1, 6, true],
  [99, 4, false],
])('a log that ends at index %i, term %i is up to date: %s', (index, term, expected) => {
  expect(new RaftLog(10, 2, entries(11, [2, 3, 3, 5])).isUpToDate(index, term)).toBe(expected)
})

test.each([
  [[5], 5],
  [[5, 3], 3],
  [[5, 3, 9], 5],
  [[5, 3, 9, 1], 3],
  [[5, 3, 9, 1, 7], 5],
  [[], 0],
])('a majority of %j has reached %i', (matches, expected) => {
  const voters = matches.map((_, at) => String(at))
  expect(quorumIndex(voters, voter => matches[Number(voter)]!)).toBe(expected)
})

test.each([
  ['yy-', 'won'],
  ['yn-', 'open'],
  ['nn-', 'lost'],
  ['yyn--', 'open'],
  ['yynn', 'lost'],
])('votes %s: %s', (text, expected) => {
  const voters = [...text].map((_, at) => String(at))
  const votes = new Map(voters.map(id => [id, text[Number(id)]] as const))
  const known = [...votes]
    .filter(([, vote]) => vote !== '-')
    .map(([id, vote]) => [id, vote === 'y'] as const)
  expect(tally(voters, new Map(known))).toBe(expected)
})

test.each<[MembershipChange['kind'], string, string | undefined]>([
  ['add-learner', 'd', 'a,b|c,d'],
  ['add-learner', 'a', undefined],
  ['add-voter', 'c', 'a,b,c|'],
  ['add-voter', 'd', 'a,b,d|c'],
  ['add-voter', 'b', undefined],
  ['remove', 'a', 'b|c'],
  ['remove', 'c', 'a,b|'],
  ['remove', 'x', undefined],
])('membership a,b|c after %s %s: %s', (kind, id, expected) => {
  const after = applyChange({ voters: ['a', 'b'], learners: ['c'] }, { kind, id })
  expect(after && `${after.voters}|${after.learners}`).toBe(expected)
})

test('the last voter stays', () => {
  const only = { voters: ['a'], learners: [] }
  expect(applyChange(only, { kind: 'remove', id: 'a' })).toBeUndefined()
})

test('progress: a pipeline fills, empties, and backs off', () => {
  const progress = new Progress(6)
  progress.matched(5)
  expect(progress.state).toBe('replicate')
  progress.sent(7, 100)
  progress.sent(9, 100)
  expect([progress.next, progress.isFull(2, 1000), progress.isFull(9, 200)]).toEqual([
    10,
    true,
    true,
  ])
  progress.matched(7)
  expect(progress.isFull(2, 1000)).toBe(false)
  expect(progress.refused(6, 3)).toBe(false)
  expect(progress.refused(9, 8)).toBe(true)
  expect([progress.state, progress.next]).toEqual(['probe', 8])
  expect(progress.refused(9, 8)).toBe(false)
})
