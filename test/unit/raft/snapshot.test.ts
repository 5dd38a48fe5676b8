import { expect, test } from 'vitest'
import { createPrng } from '../../../src/kernel/prng.ts'
import { Core } from '../../../src/raft/core.ts'
import { stepAll } from '../../../src/raft/step.ts'
import type { Entry, SnapshotMessage } from '../../../src/raft/types.ts'
import { defaultTimings, raftConfig } from '../../../src/store/options.ts'

const membership = { voters: ['a', 'b', 'c'], learners: [] }
const entry = (index: number, term: number): Entry => {
  return { index, term, kind: 'command', data: new Uint8Array(0) }
}

/** A follower with entries 1 to 6 of term 2 on its disk, of which it knows 1 and 2 committed. */
function follower(): Core {
  const core = new Core(
    {
      id: 'b',
      config: raftConfig(defaultTimings),
      hardState: { term: 2, vote: 'a', commit: 2 },
      membership,
      applied: 2,
      offset: { index: 0, term: 0 },
      entries: [1, 2, 3, 4, 5, 6].map(index => entry(index, 2)),
    },
    createPrng(1),
  )
  return core
}

function receive(core: Core, snapshot: Pick<SnapshotMessage, 'index' | 'snapshotTerm'>) {
  const envelope = { from: 'a', to: 'b', term: 3, membership }
  const message: SnapshotMessage = { type: 'snapshot', ...envelope, ...snapshot }
  return stepAll(core, [{ type: 'message', message }], createPrng(2))
}

test('what follows the last entry of a snapshot was acknowledged, and stays', () => {
  const core = follower()
  const ready = receive(core, { index: 4, snapshotTerm: 2 })
  expect(core.log.last).toBe(6)
  expect(ready.restored).toBeUndefined()
  expect(ready.committed.map(({ index }) => index)).toEqual([3, 4])
})

test('a log that disagrees with a snapshot, or ends before it, gives way', () => {
  for (const snapshot of [
    { index: 4, snapshotTerm: 3 },
    { index: 9, snapshotTerm: 3 },
  ]) {
    const core = follower()
    const ready = receive(core, snapshot)
    expect(ready.restored).toEqual({ index: snapshot.index, term: 3 })
    expect(core.log.last).toBe(snapshot.index)
  }
})
