import { expect, test } from 'vitest'
import { checkLease, type LeaseRecord } from '../../linearizability/lease.ts'
import { type Answer, checkRevisions } from '../../linearizability/revisions.ts'
import {
  checkWatches,
  type SeenEvent,
  type WatchEntry,
  type WatchRecord,
} from '../../linearizability/watch.ts'

const put = (revision: number, value: string, prev?: SeenEvent['prev']): SeenEvent => ({
  ...{ type: 'put', key: 'k', value, revision },
  ...(prev && { prev }),
})
const begin = (startRevision: number): WatchEntry => ({
  type: 'begin',
  endpoint: 'a',
  startRevision,
})
const events = (...seen: SeenEvent[]): WatchEntry => ({
  ...{ type: 'events', events: seen, fragment: false },
})
const record = (name: string, ...entries: WatchEntry[]): WatchRecord => ({
  ...{ name, entries, prevKv: true, until: 4 },
})
const writes = [2, 3, 4].map(revision => ({ key: 'k', value: `v${revision}`, revision }))
const whole = record('w1', begin(2), events(put(2, 'v2'), put(3, 'v3')), events(put(4, 'v4')))
const check = (...records: WatchRecord[]) => checkWatches(records, writes, () => false)

test('watches that agree pass, also over a cut', () => {
  const resumed = record(
    'w2',
    begin(2),
    events(put(2, 'v2')),
    begin(3),
    events(put(3, 'v3'), put(4, 'v4')),
  )
  expect(check(whole, resumed)).toEqual([])
})

const wrong: Record<string, readonly [WatchRecord, string]> = {
  'a gap': [
    record('w2', begin(2), events(put(2, 'v2')), begin(3), events(put(4, 'v4'))),
    'lacks k at 3',
  ],
  'a duplicate at the resume': [
    record(
      'w2',
      begin(2),
      events(put(2, 'v2'), put(3, 'v3')),
      begin(4),
      events(put(3, 'v3'), put(4, 'v4')),
    ),
    'k at 3 came after 3',
  ],
  'a revision in two parts': [
    record(
      'w2',
      begin(2),
      events(put(2, 'v2')),
      events({ ...put(2, 'x'), key: 'l' }),
      events(put(3, 'v3'), put(4, 'v4')),
    ),
    'l at 2 came after 2',
  ],
  'the wrong order': [
    record('w2', begin(2), events(put(3, 'v3'), put(2, 'v2')), events(put(4, 'v4'))),
    'k at 2 came after 3',
  ],
  'another value': [
    record('w2', begin(2), events(put(2, 'v2'), put(3, 'v9'), put(4, 'v4'))),
    'is v9, not v3',
  ],
  'a wrong previous value': [
    record(
      'w2',
      begin(2),
      events(put(2, 'v2'), put(3, 'v3'), put(4, 'v4', { value: 'v2', modRevision: 2 })),
    ),
    'was v3 at 3, not v2',
  ],
  'a compaction in silence': [
    record('w2', begin(2), begin(4), events(put(4, 'v4'))),
    'lacks k at 2',
  ],
}

test.each(Object.entries(wrong))('%s', (_name, [bad, text]) => {
  expect(check(whole, bad).join('\n')).toContain(text)
})

test('what a compaction took may be missing, if it was said', () => {
  const told: WatchEntry = { type: 'compacted', revision: 4 }
  expect(check(whole, record('w2', begin(2), told, begin(4), events(put(4, 'v4'))))).toEqual([])
})

test('an acknowledged write without an event, a value from nowhere, one applied twice', () => {
  const lost = [...writes, { key: 'k', value: 'lost', revision: 4 }]
  expect(checkWatches([whole], lost, () => false).join()).toContain('no event of it')
  expect(checkWatches([whole], writes.slice(1), () => false).join()).toContain(
    'nobody wrote k = v2',
  )
  const twice = record('w1', begin(2), events(put(2, 'v2'), put(3, 'v3'), put(4, 'v2')))
  expect(checkWatches([twice], writes, () => false).join()).toContain('was applied at 2 and 4')
  const deleted = record('w1', begin(2), events({ ...put(2, ''), type: 'delete' }))
  expect(checkWatches([deleted], [], () => false).join()).toContain('nobody deleted k')
})

const lease: LeaseRecord = {
  ...{ id: '7', key: 'k', ttlMs: 1_000, grant: { call: 0, end: 10 }, refusals: [] },
  ...{ renewals: [{ call: 500, end: 520 }], reads: [] },
}
const bounds = { healedAt: 0, lateMsMax: 300 }
const read = (call: number, isThere: boolean) => ({ call, end: call + 10, isThere })

test('a lease ends after its time, neither early nor late', () => {
  const ends = (...reads: LeaseRecord['reads']) => checkLease({ ...lease, reads }, bounds).join()
  expect(ends(read(1_400, true), read(1_600, false))).toBe('')
  expect(ends(read(1_400, false))).toContain('gone with 90 ms left')
  expect(ends(read(1_900, true))).toContain('too long')
  expect(
    checkLease({ ...lease, reads: [read(1_900, true)] }, { ...bounds, healedAt: 800 }),
  ).toEqual([])
  const refused = { ...lease, refusals: [1_200] }
  expect(checkLease(refused, bounds).join()).toContain('gone with 300 ms left')
})

test('a revoked lease has no keys', () => {
  const revoked = { ...lease, revoke: { call: 600, end: 620 } }
  expect(checkLease({ ...revoked, reads: [read(650, false)] }, bounds)).toEqual([])
  expect(checkLease({ ...revoked, reads: [read(650, true)] }, bounds).join()).toContain(
    'was revoked',
  )
})

const answer = (call: number, revision: number, more: Partial<Answer> = {}): Answer => ({
  ...{ client: 'c', endpoint: 'a', call, end: call + 5, revision, keys: [] },
  ...more,
})

test('revisions only grow, and each write has its own', () => {
  const kv = { key: 'k', value: 'v', modRevision: 3, createRevision: 2, version: 2 }
  expect(checkRevisions([answer(0, 3), answer(10, 3), answer(20, 4, { wrote: true })])).toEqual([])
  expect(checkRevisions([answer(0, 3), answer(10, 2)]).join()).toContain('after c at a')
  const stale = answer(10, 2, { isSerializable: true, endpoint: 'b' })
  expect(checkRevisions([answer(0, 3), stale])).toEqual([])
  expect(checkRevisions([answer(0, 3), { ...stale, endpoint: 'a' }]).join()).toContain('one member')
  const wrote = { wrote: true }
  expect(checkRevisions([answer(0, 3, wrote), answer(2, 3, wrote)]).join()).toContain('share')
  const twice = [answer(0, 3, { keys: [kv] }), answer(9, 3, { keys: [{ ...kv, value: 'x' }] })]
  expect(checkRevisions(twice).join()).toContain('k at 3 is v and x')
  const back = { ...kv, modRevision: 4, version: 1 }
  expect(checkRevisions([answer(0, 4, { keys: [kv, back] })]).join()).toContain('version 1 after 2')
})
