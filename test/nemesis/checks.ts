import { checkLinearizable } from '../linearizability/check.ts'
import { checkLease } from '../linearizability/lease.ts'
import { registerModel } from '../linearizability/register.ts'
import { checkRevisions } from '../linearizability/revisions.ts'
import { txnModel } from '../linearizability/txn.ts'
import { checkWatches } from '../linearizability/watch.ts'
import { leaseMark } from './leases.ts'
import type { Recorder } from './recorder.ts'

/** A lease may take so much longer than its time, milliseconds: elections on a busy machine. */
export const leaseLateMsMax = 5_000

/** Everything that does not hold in a round's history, as text. */
export function checkRound(recorder: Recorder, healedAt: number): string[] {
  const { registers, txns, answers, watches, writes, leases, prefix } = recorder
  const problems: string[] = []
  for (const verdict of [
    checkLinearizable(registerModel, registers),
    checkLinearizable(txnModel, txns),
  ]) {
    if (!verdict.ok) problems.push(verdict.text)
  }
  problems.push(...checkRevisions(answers).map(text => `revisions: ${text}`))
  const mayDelete = (key: string) => key.startsWith(`${prefix}${leaseMark}`)
  problems.push(...checkWatches(watches, writes, mayDelete).map(text => `watch: ${text}`))
  const bounds = { healedAt, lateMsMax: leaseLateMsMax }
  for (const lease of leases) {
    problems.push(...checkLease(lease, bounds).map(text => `lease: ${text}`))
  }
  return problems
}
