import { afterAll, beforeAll, describe } from 'vitest'
import { must } from '../../src/kernel/assert.ts'
import { testLeadership } from './store-leadership.ts'
import { testLease } from './store-lease.ts'
import { testRange } from './store-range.ts'
import type { Subject, Traits } from './store-support.ts'
import { testTxn } from './store-txn.ts'
import { testWatch } from './store-watch.ts'

/**
 * What every store has to do, whichever driver is below: the suite of the interface Store. Each
 * test runs through every view, for instance the leader and a follower. A difference between two
 * drivers is a bug of one of them.
 */
export function testStore(name: string, start: () => Promise<Subject>, traits: Traits): void {
  describe(name, () => {
    let subject: Subject | undefined
    const running = () => must(subject, `${name} has started`)
    beforeAll(async () => {
      subject = await start()
      for (const view of traits.views) await subject.store(view)
    }, 90_000)
    afterAll(() => subject?.stop(), 30_000)

    describe.each(traits.views)('through the %s', view => {
      const open = () => running().store(view)
      testTxn(open)
      testRange(open)
      testWatch(open)
      testLease(open)
    })
    testLeadership(running, traits)
  })
}
