import { expect, test } from 'vitest'
import { createPrng } from '../../../src/kernel/prng.ts'
import type { Action } from '../../../src/store/action.ts'
import type { Command } from '../../../src/store/command.ts'
import { Lessor } from '../../../src/store/lessor.ts'
import { Machine } from '../../../src/store/machine.ts'

const command = (action: Action): Command => ({
  ...{ origin: 'a', incarnation: 1, sequence: 1, settledBelow: 0, fence: 0, action },
})

/** The lessor as it would be with a walk over all leases. */
class Model {
  readonly due = new Map<number, number>()
  readonly expiring = new Set<number>()

  take(now: number): number[] {
    const ids = [...this.due].filter(([id, at]) => at <= now && !this.expiring.has(id))
    for (const [id] of ids) this.expiring.add(id)
    return ids.map(([id]) => id)
  }
}

test.each([1, 2, 3, 4])('the leases whose time is over, and no other, seed %i', seed => {
  const prng = createPrng(seed)
  const machine = new Machine()
  const { leases } = machine.mvcc
  const [lessor, model] = [new Lessor(), new Model()]
  let now = 0
  const begin = () => {
    lessor.begin(machine, now)
    model.due.clear()
    model.expiring.clear()
    for (const { id, ttlSeconds } of leases.all()) model.due.set(id, now + ttlSeconds * 1_000)
  }
  begin()
  for (let step = 0; step < 3_000; step++) {
    const id = 1 + prng.below(60)
    const draw = prng.next()
    const lease = leases.get(id)
    if (draw < 0.4 && lease === undefined) {
      leases.grant(id, 1 + prng.below(20))
      lessor.onApplied(command({ type: 'grant', id, ttlSeconds: 1 }), machine, now)
      model.due.set(id, now + leases.get(id)!.ttlSeconds * 1_000)
    } else if (draw < 0.6 && lease !== undefined) {
      lessor.onApplied(command({ type: 'keep-alive', id }), machine, now)
      model.due.set(id, now + lease.ttlSeconds * 1_000)
    } else if (draw < 0.7) {
      leases.remove(id)
      lessor.onApplied(command({ type: 'revoke', id }), machine, now)
      model.due.delete(id)
      model.expiring.delete(id)
    } else if (draw < 0.72) begin()
    else if (draw < 0.8) {
      lessor.failed(id)
      model.expiring.delete(id)
    } else now += prng.below(900)
    expect(lessor.takeExpired(now).sort()).toEqual(model.take(now).sort())
    const due = model.due.get(id)
    expect(lessor.remainingMs(id, now)).toBe(due === undefined ? undefined : Math.max(0, due - now))
  }
})

test('of many leases only the soonest are looked at, and renewing one costs nothing', () => {
  const machine = new Machine()
  const { leases } = machine.mvcc
  for (let id = 1; id <= 50_000; id++) leases.grant(id, id <= 300 ? 1 : 1_000_000)
  const lessor = new Lessor()
  lessor.begin(machine, 0)
  // Not all are taken over yet; each has its time all the same.
  expect(lessor.remainingMs(49_999, 0)).toBe(1e9)
  for (let n = 0; n < 5; n++) expect(lessor.takeExpired(n)).toEqual([])
  const first = lessor.takeExpired(1_000)
  expect(first).toHaveLength(256)
  expect(lessor.takeExpired(1_001)).toEqual([])
  for (const id of first) {
    leases.remove(id)
    lessor.onApplied(command({ type: 'revoke', id }), machine, 1_002)
  }
  expect(lessor.takeExpired(1_003)).toHaveLength(44)
})
