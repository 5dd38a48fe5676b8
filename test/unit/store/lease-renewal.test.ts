import { expect, test } from 'vitest'
import type { Action } from '../../../src/store/action.ts'
import { joinCommands, packCommand } from '../../../src/store/command.ts'
import { type ActionResult, Machine } from '../../../src/store/machine.ts'

/**
 * A renewal that stands before the leader's revocation in the log was acknowledged with the full
 * time: then the revocation must not count. Found by the simulator, seed 2046 of its day.
 */
let sequence = 0
function apply(machine: Machine, action: Action): ActionResult {
  const identity = { origin: 'a', incarnation: 1, sequence: ++sequence, settledBelow: 0, fence: 0 }
  let outcome: ActionResult | undefined
  const data = joinCommands([packCommand({ ...identity, action })])
  machine.apply({ kind: 'command', term: 1, data }, (_command, result) => {
    outcome = result
  })
  return outcome!
}

function copyOf(machine: Machine): Machine {
  const copy = new Machine()
  for (const slice of machine.freeze()) copy.import(slice)
  copy.importDone()
  return copy
}

test('a lease that was renewed in the log is not revoked for its age, also after a snapshot', () => {
  const first = new Machine()
  apply(first, { type: 'grant', id: 7, ttlSeconds: 1 })
  const op = { type: 'put', key: 'k', value: Buffer.from('v'), lease: 7 } as const
  apply(first, { type: 'txn', compares: [], success: [op], failure: [] })
  expect(apply(first, { type: 'keep-alive', id: 7 })).toEqual({ ok: true, ttlSeconds: 1 })
  for (const machine of [first, copyOf(first)]) {
    expect(apply(machine, { type: 'revoke', id: 7, renewals: 0 })).toMatchObject({ ok: false })
    expect(machine.mvcc.leases.get(7)?.keys.has('k')).toBe(true)
    expect(apply(machine, { type: 'revoke', id: 7, renewals: 1 })).toEqual({ ok: true })
    expect(machine.mvcc.liveKeys).toBe(0)
  }
})

test('who revokes a lease by hand need not know of its renewals', () => {
  const machine = new Machine()
  apply(machine, { type: 'grant', id: 8, ttlSeconds: 1 })
  apply(machine, { type: 'keep-alive', id: 8 })
  expect(apply(machine, { type: 'revoke', id: 8 })).toEqual({ ok: true })
})
