import { sleep } from '../../src/kernel/clock.ts'
import { createPrng, type Prng } from '../../src/kernel/prng.ts'
import { calls } from './calls.ts'
import { checkRound, leaseLateMsMax } from './checks.ts'
import { NemesisClient } from './client.ts'
import type { FaultContext, FaultRow } from './faults.ts'
import { HostileClient } from './hostile.ts'
import { LeaseClient } from './leases.ts'
import { Recorder } from './recorder.ts'
import type { Report } from './report.ts'
import { NemesisWatcher } from './watcher.ts'

export interface RoundPlan {
  readonly number: number
  /** Faults begin until then, milliseconds after the start of the round. */
  readonly faultsMs: number
  readonly clients: number
  readonly leaseClients: number
  readonly hostileClients: number
  readonly watchers: number
  /** Longest pause of a client between two calls, milliseconds. */
  readonly thinkMs: number
  /** Draws the next fault. */
  readonly draw: (prng: Prng) => FaultRow
}

const calmMs = { min: 1_000, max: 3_000 } as const
const compactEveryMs = 6_000
/** Revisions that a compaction leaves. */
const compactKeeps = 150
const watchersLateMsMax = 60_000

/**
 * One round: clients with keys of their own, faults one after the other, then everything heals, the
 * watchers catch up, and the history is checked and forgotten.
 */
export async function runRound(
  context: FaultContext,
  plan: RoundPlan,
  report: Report,
): Promise<void> {
  const recorder = new Recorder(`nemesis/r${plan.number}/`)
  const fork = () => createPrng(context.prng.below(2 ** 31))
  const { endpoints } = context
  const startRevision = (await currentRevision(context)) + 1
  const make = <T>(count: number, one: (name: string, at: number) => T, kind: string): T[] =>
    Array.from({ length: count }, (_, at) => one(`${kind}${at + 1}`, at))
  const newClient = (name: string) =>
    new NemesisClient(name, fork(), endpoints, recorder, plan.thinkMs)
  const newLease = (name: string) => new LeaseClient(name, fork(), endpoints, recorder)
  const newWatcher = (name: string, at: number) => {
    return new NemesisWatcher(name, fork(), endpoints, recorder, {
      ...{ startRevision, prevKv: at % 2 === 1 },
    })
  }
  const clients = make(plan.clients, newClient, 'c')
  const leases = make(plan.leaseClients, newLease, 'l')
  const watchers = make(plan.watchers, newWatcher, 'w')
  const newHostile = (name: string) =>
    new HostileClient(`r${plan.number}-${name}`, fork(), endpoints, context.problem)
  const hostile = make(plan.hostileClients, newHostile, 'h')
  const working = new AbortController()
  const watching = new AbortController()
  const work = [
    ...clients.map(client => client.run(working.signal)),
    ...leases.map(client => client.run(working.signal)),
    ...hostile.map(client => client.run(working.signal)),
    compactor(context, recorder, working.signal),
  ]
  const watches = watchers.map(watcher => watcher.run(watching.signal))
  try {
    await breakThings(context, plan, recorder, report)
  } catch (error) {
    working.abort()
    watching.abort()
    await Promise.allSettled([...work, ...watches])
    throw error
  }
  working.abort()
  const healedAt = performance.now()
  await Promise.all(work)
  const last = recorder.revision
  await catchUp(watchers, last, context)
  watching.abort()
  await Promise.all(watches)
  for (const watcher of watchers) watcher.finish(last)
  const ttlMs = Math.max(0, ...recorder.leases.map(lease => lease.ttlMs))
  await sleep(Math.max(0, healedAt + ttlMs + leaseLateMsMax + 500 - performance.now()))
  await leases[0]?.readAll()
  const began = performance.now()
  for (const text of checkRound(recorder, healedAt)) context.problem(text)
  report.addRound(recorder, performance.now() - began, watchers)
  report.addHostile(hostile)
}

async function breakThings(
  context: FaultContext,
  plan: RoundPlan,
  recorder: Recorder,
  report: Report,
): Promise<void> {
  const until = performance.now() + plan.faultsMs
  const calm = () => sleep(calmMs.min + context.prng.next() * (calmMs.max - calmMs.min))
  await calm()
  while (performance.now() < until) {
    const row = plan.draw(context.prng)
    const missing = row.missing?.(context)
    if (missing !== undefined) {
      report.skip(row.name, missing)
      await sleep(50)
      continue
    }
    const from = performance.now()
    report.begin(row.name)
    await row.run(context)
    await context.cluster.settle()
    await calm()
    report.end(row.name, recorder.gapMs(from, performance.now()), performance.now() - from)
  }
}

async function catchUp(
  watchers: readonly NemesisWatcher[],
  revision: number,
  { problem }: FaultContext,
): Promise<void> {
  const deadline = performance.now() + watchersLateMsMax
  while (!watchers.every(watcher => watcher.hasSeen(revision))) {
    if (performance.now() > deadline) {
      problem(`watches have not reached revision ${revision} after ${watchersLateMsMax / 1_000} s`)
      return
    }
    await sleep(50)
  }
}

async function currentRevision({ endpoints, prng }: FaultContext): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    try {
      const client = endpoints.client(endpoints.some(prng))
      const { header } = await calls.range(client, { key: 'nemesis' })
      return header?.revision ?? 0
    } catch (error) {
      if (attempt > 20) throw error
      await sleep(200)
    }
  }
}

async function compactor(
  { endpoints, prng }: FaultContext,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  let next = performance.now() + compactEveryMs
  while (!signal.aborted) {
    await sleep(200)
    if (performance.now() < next) continue
    next = performance.now() + compactEveryMs
    const revision = recorder.revision - compactKeeps
    if (revision <= 0) continue
    // Refused where somebody was faster.
    await calls.compact(endpoints.client(endpoints.some(prng)), { revision }).catch(() => {})
  }
}
