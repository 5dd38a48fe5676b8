import { expect, test } from 'vitest'
import type { Core } from '../../../src/raft/core.ts'
import { refusalOfChange } from '../../../src/store/members.ts'
import { memberTexts, Roster } from '../../../src/store/roster.ts'

/**
 * `c` is one of the first members and has never started; `b` is not heard by a leader that has just
 * been elected. Without `b` the cluster would wait for `c`, whose new disk waits for a majority.
 * Found by the simulator, seed 3145 of its day.
 */
test('a first member without a record has not started, and counts for no majority', () => {
  const roster = new Roster()
  for (const id of ['a', 'b']) roster.set(id, { name: id })
  const core = {
    id: 'a',
    membership: { voters: ['a', 'b', 'c'], learners: [] },
    progress: new Map(),
  } as unknown as Core
  expect(refusalOfChange(core, roster, { kind: 'remove', id: 'b' })).toBe(
    memberTexts.notEnoughStarted,
  )
  roster.set('c', { name: 'c' })
  expect(refusalOfChange(core, roster, { kind: 'remove', id: 'b' })).toBeUndefined()
})
