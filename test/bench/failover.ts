import { must } from '../../src/kernel/assert.ts'
import { sleep } from '../../src/kernel/clock.ts'
import { moveLeaderRequest } from '../../src/store/etcd/rpc/maintenance.ts'
import { storeSettings } from '../support/store-cluster.ts'
import type { StoreMemberOptions } from '../support/store-member.ts'
import { until } from '../support/until.ts'
import { etcdInstalled, startEtcd } from './etcd.ts'
import { leaderOf, memberIdOf, statusOf } from './leader.ts'
import { LeanSession } from './lean/session.ts'
import { startQuorate } from './quorate.ts'
import type { EmbeddedSystem, System } from './systems.ts'
import { RetryingWriter } from './writer.ts'

/** What is done to the leader, and how it is undone. */
interface Fault {
  readonly name: string
  /** False where a system can't be brought into it. */
  can(system: System): boolean
  begin(system: System, leader: number): Promise<void>
  end(system: System, leader: number): Promise<void>
}

/** As long as full load lasts, a store without compaction would only grow. */
const store: StoreMemberOptions['store'] = {
  ...storeSettings,
  autoCompaction: { mode: 'revision', retention: 100_000 },
}
const hangMs = 3_000
const settleMs = 500

const faults: readonly Fault[] = [
  {
    name: 'kill -9',
    can: () => true,
    begin: async (system, n) => void process.kill(pidOf(system, n), 'SIGKILL'),
    end: (system, n) => system.restart(n),
  },
  {
    name: 'SIGSTOP',
    can: () => true,
    begin: async (system, n) => void process.kill(pidOf(system, n), 'SIGSTOP'),
    end: async (system, n) => void process.kill(pidOf(system, n), 'SIGCONT'),
  },
  {
    name: 'partition',
    can: system => 'partition' in system,
    begin: (system, n) => (system as EmbeddedSystem).partition(n, true),
    end: (system, n) => (system as EmbeddedSystem).partition(n, false),
  },
  {
    name: 'transfer',
    can: () => true,
    begin: (system, n) => transfer(system, n),
    end: async () => {},
  },
  {
    // What the machine itself does to a writer: its disk and its other users.
    name: 'nothing',
    can: () => true,
    begin: async () => {},
    end: async () => {},
  },
]

/**
 * How long nothing can be written after a fault of the leader: one writer with retries over all
 * endpoints, the longest time between two acknowledged writes. `--trials N` of each fault, and of
 * none; `--only NAME`; then `--load-minutes N` of full load without any fault, in which nobody may
 * elect.
 */
export async function benchFailover(args: readonly string[]): Promise<void> {
  const option = (name: string, otherwise: string) => {
    const at = args.indexOf(`--${name}`)
    return at < 0 ? otherwise : (args[at + 1] ?? otherwise)
  }
  const trials = Number(option('trials', '10'))
  const only = option('only', '')
  const systems: System[] = [await startQuorate({ store })]
  if (etcdInstalled()) systems.push(await startEtcd(true))
  else say('etcd is not here (Debian: apt-get install etcd-server)')
  try {
    for (const fault of faults) {
      if (only !== '' && fault.name !== only) continue
      for (const system of systems) if (fault.can(system)) await series(system, fault, trials)
    }
    const minutes = Number(option('load-minutes', '0'))
    if (minutes > 0) await quietLoad(systems[0] as EmbeddedSystem, minutes)
  } finally {
    for (const system of systems) await system.stop()
  }
}

async function series(system: System, fault: Fault, trials: number): Promise<void> {
  const gaps: number[] = []
  for (let trial = 0; trial < trials; trial++) gaps.push(await once(system, fault))
  const sorted = gaps.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(trials * share))]!
  const figures = [
    `median ${at(0.5).toFixed(0)}`,
    `p90 ${at(0.9).toFixed(0)}`,
    `p99 ${at(0.99).toFixed(0)}`,
    `max ${sorted.at(-1)!.toFixed(0)} ms`,
    `${gaps.filter(gap => gap > 100).length} above 100`,
  ]
  say(`${fault.name.padEnd(10)} ${system.name.padEnd(8)} ${trials} trials: ${figures.join(', ')}`)
}

/** The gap of one trial, milliseconds. */
async function once(system: System, fault: Fault): Promise<number> {
  const leader = await settled(system)
  const writer = new RetryingWriter(system.targets)
  writer.start()
  await until('writes', () => writer.acknowledged > 10, 30_000)
  writer.mark()
  const before = writer.acknowledged
  await fault.begin(system, leader)
  await until('writes again', () => writer.gapMs > 0 && writer.acknowledged > before + 20, 30_000)
  if (fault.name === 'SIGSTOP' || fault.name === 'partition') await sleep(hangMs)
  else await sleep(settleMs)
  await writer.stop()
  await fault.end(system, leader)
  return writer.gapMs
}

/** Waits until all members follow one leader; gives its number. */
async function settled(system: System): Promise<number> {
  return until(
    `${system.name} is whole`,
    async () => {
      const statuses = await Promise.all(system.targets.map(statusOf))
      if (statuses.some(status => status === undefined)) return undefined
      if (new Set(statuses.map(status => status?.term)).size !== 1) return undefined
      const found = await leaderOf(system.targets)
      // A number, and 0 is one: as a string it is true.
      return found && String(found.n)
    },
    60_000,
  ).then(Number)
}

async function transfer(system: System, from: number): Promise<void> {
  const to = system.targets[(from + 1) % system.targets.length]!
  const targetId = must(await memberIdOf(to), 'the member to lead answers')
  const session = await LeanSession.open(system.targets[from]!)
  const request = moveLeaderRequest.encode({ targetId })
  await session.unary('/etcdserverpb.Maintenance/MoveLeader', request).catch(() => {})
  session.close()
}

async function quietLoad(system: EmbeddedSystem, minutes: number): Promise<void> {
  const leader = await settled(system)
  const before = await statusOf(system.targets[leader]!)
  for (let minute = 0; minute < minutes; minute++) {
    const { perSecond, p99Ms } = await system.measureInside('put', 512, 60_000)
    say(`full load, minute ${minute + 1}: ${perSecond} puts/s, p99 ${p99Ms.toFixed(0)} ms`)
  }
  const after = await statusOf(system.targets[leader]!)
  const elections = (after?.term ?? Number.NaN) - (before?.term ?? 0)
  say(`${minutes} minutes of full load without a fault: ${elections} elections`)
  if (elections !== 0) process.exitCode = 1
}

function pidOf(system: System, n: number): number {
  return must(system.pids()[n], `${system.name} member ${n}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
