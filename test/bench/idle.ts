import { readFileSync } from 'node:fs'
import { must } from '../../src/kernel/assert.ts'
import { sleep } from '../../src/kernel/clock.ts'
import { storeTimings } from '../support/store-cluster.ts'
import { etcdInstalled, startEtcd } from './etcd.ts'
import { leaderOf } from './leader.ts'
import { startQuorate } from './quorate.ts'
import type { System } from './systems.ts'

/** Heartbeats and elections to compare, milliseconds; 50 and 250 are the profiles lan and wan. */
const heartbeats = [
  { heartbeatMs: 10, electionTimeoutMinMs: 150, electionTimeoutMaxMs: 300 },
  { heartbeatMs: 50, electionTimeoutMinMs: 300, electionTimeoutMaxMs: 600 },
  { heartbeatMs: 250, electionTimeoutMinMs: 1_500, electionTimeoutMaxMs: 3_000 },
] as const

/** Start-up and what follows it is over by then. */
const settleMs = 5_000
const measureMs = 10_000
/** Of /proc/PID/stat, on every Linux that there is. */
const tickMs = 10

/**
 * What heartbeats cost: the CPU time of a cluster that nobody asks anything, in percent of a core,
 * the leader's first; beside etcd with its default heartbeat of 100 ms. Linux.
 */
export async function benchIdle(): Promise<void> {
  for (const times of heartbeats) {
    const system = await startQuorate({ timings: { ...storeTimings, ...times } })
    await report(system, times.heartbeatMs)
  }
  if (etcdInstalled()) await report(await startEtcd(true), 100)
}

async function report(system: System, heartbeatMs: number): Promise<void> {
  try {
    await sleep(settleMs)
    const { n } = must(await leaderOf(system.targets), 'a leader')
    const pids = system.pids().slice(0, system.targets.length)
    const before = pids.map(cpuMs)
    await sleep(measureMs)
    const shares = pids.map((pid, at) => ((cpuMs(pid) - before[at]!) / measureMs) * 100)
    const [own = 0] = shares.splice(n, 1)
    const texts = [own, ...shares].map(share => `${share.toFixed(1)} %`)
    const name = system.name.padEnd(8)
    process.stdout.write(`${name} heartbeat ${heartbeatMs} ms: ${texts.join(', ')} of a core\n`)
  } finally {
    await system.stop()
  }
}

function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}
