import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from '../../src/kernel/clock.ts'
import type { Prng } from '../../src/kernel/prng.ts'
import type { NemesisCluster } from './cluster.ts'
import { fillDisk } from './disk-full.ts'
import type { Endpoints } from './endpoints.ts'
import { flipByte, tearTail } from './log-damage.ts'
import { blackout, cutOneWay, type Netns } from './network.ts'

/** What a fault works on. */
export interface FaultContext {
  readonly cluster: NemesisCluster
  readonly endpoints: Endpoints
  readonly prng: Prng
  /** A network of our own, or why there is none. */
  readonly netns: Netns
  /** Something that must not be: the run is red. */
  problem(text: string): void
}

export interface FaultRow {
  readonly name: string
  readonly weight: number
  /** Fewer peers than this would not survive it. */
  readonly peersMin?: number
  /** In the short run as well. */
  readonly isShort?: boolean
  /** Why this machine can't do it. */
  readonly missing?: (context: FaultContext) => string | undefined
  /** Breaks and heals; when it resolves the cluster can become whole again. */
  readonly run: (context: FaultContext) => Promise<void>
}

const fakeTimeLibrary = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'
const notRoot = () => (process.getuid?.() === 0 ? undefined : 'root is needed')

/** The faults. Each row heals what it broke. */
export const faults: readonly FaultRow[] = [
  { name: 'kill a follower', weight: 2, isShort: true, run: context => kill(context, 'follower') },
  { name: 'kill the leader', weight: 3, isShort: true, run: context => kill(context, 'leader') },
  {
    name: 'kill two at once',
    weight: 2,
    peersMin: 5,
    async run(context) {
      const [first, second] = [await pick(context, 'leader'), await pick(context, 'follower')]
      await Promise.all([killPeer(context, first), killPeer(context, second)])
      await hold(context, 1_000, 3_000)
      await Promise.all([context.cluster.restart(first), context.cluster.restart(second)])
    },
  },
  { name: 'pause the leader', weight: 2, isShort: true, run: context => pause(context, 'leader') },
  { name: 'pause a follower', weight: 1, run: context => pause(context, 'follower') },
  {
    name: 'cut off the leader',
    weight: 3,
    isShort: true,
    run: context => partition(context, 'leader', 1),
  },
  { name: 'cut off a follower', weight: 1, run: context => partition(context, 'follower', 1) },
  {
    name: 'cut off two, the leader with them',
    weight: 2,
    peersMin: 5,
    run: context => partition(context, 'leader', 2),
  },
  {
    name: 'one-way cut',
    weight: 2,
    isShort: true,
    missing: ({ netns }) => netns.missing,
    async run(context) {
      const name = await pick(context, context.prng.chance(0.6) ? 'leader' : 'follower')
      const direction = context.prng.chance(0.5) ? 'out' : 'in'
      const heal = await cutOneWay(context.cluster, name, direction)
      try {
        await hold(context, 2_000, 5_000)
      } finally {
        heal()
      }
    },
  },
  {
    name: 'no network at all',
    weight: 1,
    missing: ({ netns }) => netns.missing,
    run: async context => blackout(() => hold(context, 500, 2_500)),
  },
  {
    name: 'slow links with jitter',
    weight: 2,
    isShort: true,
    async run({ cluster, prng }) {
      const { names } = cluster
      const until = performance.now() + 3_000 + prng.next() * 3_000
      try {
        while (performance.now() < until) {
          const peers = [names[prng.below(names.length)]!]
          await cluster.fault({ type: 'slow', peers, delayMs: 5 + prng.below(120) })
          await sleep(250)
        }
      } finally {
        await cluster.fault({ type: 'heal' })
      }
    },
  },
  {
    name: 'clock jumps',
    weight: 1,
    missing: () => (existsSync(fakeTimeLibrary) ? undefined : 'Debian: apt-get install faketime'),
    run: jumpClock,
  },
  { name: 'full disk', weight: 1, missing: notRoot, run: context => fillDisk(context, pick) },
  {
    name: 'torn log',
    weight: 1,
    isShort: true,
    async run(context) {
      const name = await pick(context, 'any')
      await killPeer(context, name)
      tearTail(context.cluster.storeFolder(name), context.prng)
      await context.cluster.restart(name)
      await sleep(1_500)
      if (context.cluster.isDown(name)) context.problem(`${name} died of a torn write`)
    },
  },
  { name: 'flipped byte in the log', weight: 1, run: flip },
  {
    name: 'replace a member',
    weight: 1,
    async run(context) {
      await context.cluster.replace(await pick(context, 'any'))
    },
  },
  {
    name: 'rolling restart',
    weight: 1,
    async run(context) {
      for (const name of context.cluster.names) {
        context.endpoints.restarted(name)
        await context.cluster.restart(name)
        await context.cluster.settle()
      }
    },
  },
  {
    name: 'transfer of leadership',
    weight: 2,
    isShort: true,
    async run({ cluster }) {
      // It may be refused while another election is under way.
      await cluster.quorate('leader', 'transfer').catch(() => {})
    },
  },
]

type Role = 'leader' | 'follower' | 'any'

async function pick({ cluster, prng }: FaultContext, role: Role): Promise<string> {
  const leader = await cluster.leader()
  const { names } = cluster
  const wanted = names.filter(name => role === 'any' || (name === leader) === (role === 'leader'))
  return wanted[prng.below(wanted.length)] ?? names[0]!
}

function hold({ prng }: FaultContext, msMin: number, msMax: number): Promise<void> {
  return sleep(msMin + prng.next() * (msMax - msMin))
}

async function killPeer({ cluster, endpoints }: FaultContext, peer: string): Promise<void> {
  endpoints.restarted(peer)
  await cluster.fault({ type: 'kill', peer })
}

async function kill(context: FaultContext, role: Role): Promise<void> {
  const name = await pick(context, role)
  await killPeer(context, name)
  await hold(context, 500, 3_000)
  await context.cluster.restart(name)
}

async function pause(context: FaultContext, role: Role): Promise<void> {
  const peer = await pick(context, role)
  await context.cluster.fault({ type: 'pause', peer })
  try {
    await hold(context, 500, 4_000)
  } finally {
    await context.cluster.fault({ type: 'resume', peer })
  }
}

async function partition(context: FaultContext, role: Role, size: number): Promise<void> {
  const first = await pick(context, role)
  const others = context.cluster.names.filter(name => name !== first)
  const from = [first, ...others.slice(0, size - 1)]
  await context.cluster.fault({ type: 'partition', from })
  try {
    await hold(context, 1_500, 5_000)
  } finally {
    await context.cluster.fault({ type: 'heal' })
  }
}

/** The wall clock of a peer jumps while it runs; intervals go on as they are. */
async function jumpClock(context: FaultContext): Promise<void> {
  const { cluster, endpoints, prng } = context
  const name = await pick(context, 'any')
  const file = join(cluster.data, `${name}.time`)
  const set = (seconds: number) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}s\n`)
  set(0)
  endpoints.restarted(name)
  await cluster.restart(name, {
    LD_PRELOAD: fakeTimeLibrary,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  })
  await cluster.settle()
  // Within the tolerance of certificates, an hour.
  for (const seconds of [prng.below(3_000), -prng.below(3_000)]) {
    set(seconds)
    await hold(context, 1_500, 3_000)
  }
  endpoints.restarted(name)
  await cluster.restart(name)
}

/** A byte of the log is another one: the peer must refuse to start, and is replaced. */
async function flip(context: FaultContext): Promise<void> {
  const { cluster, prng, problem } = context
  const name = await pick(context, 'any')
  await killPeer(context, name)
  if (!flipByte(cluster.storeFolder(name), prng)) {
    await cluster.restart(name)
    return
  }
  await cluster.restart(name)
  const deadline = performance.now() + 15_000
  while (!cluster.isDown(name) && performance.now() < deadline) await sleep(100)
  if (!cluster.isDown(name)) problem(`${name} runs on a log with a flipped byte`)
  else if (!cluster.log(name).includes('damaged')) problem(`${name} does not say why it stopped`)
  await cluster.replace(name)
}
