import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AdminClient } from '../../src/admin/client.ts'
import { kinds } from '../../src/api/kinds.ts'
import { sleep } from '../../src/kernel/clock.ts'
import { quorate, startCluster, type TestCluster } from '../support/cluster.ts'
import { until } from '../support/until.ts'
import { Dashboard } from './dashboard.ts'
import { clockOf, drawnAsItCame, drawnByClock, type Frame, secondsOf } from './frame.ts'
import { gapAround, readWitness, type Witnessed } from './gap.ts'
import { Observer } from './observer.ts'
import {
  type EventKind,
  type EventResult,
  type FramesResult,
  judgeEvent,
  judgeFrames,
} from './verdict.ts'

const namespace = 'witness'
const writerFile = join(dirname(fileURLToPath(import.meta.url)), 'writer.js')
/** Before each event: what comes in it is the steady state. */
const steadyMs = 4_000
/** How long there is no quorum. */
const lossMs = 8_000
const shownTimeoutMs = 60_000
const settledTimeoutMs = 20_000
const readyTimeoutMs = 60_000

/** A cluster with its witnesses: dashboards, a writer, and who asks the peers themselves. */
export class Court {
  readonly #cluster: TestCluster
  readonly #read: readonly Dashboard[]
  /** Nobody reads its terminal while anything happens. */
  readonly #unread: Dashboard
  readonly #writer: ChildProcess
  readonly #writes: string
  readonly #observer: Observer
  #closed: Promise<void> | undefined

  private constructor(cluster: TestCluster, masters: readonly string[]) {
    this.#cluster = cluster
    this.#read = ['first', 'second'].map(name => new Dashboard(name, cluster.data))
    this.#unread = new Dashboard('unread', cluster.data)
    this.#writes = join(cluster.data, 'witness.log')
    const args = [writerFile, cluster.server, cluster.data, namespace, this.#writes]
    this.#writer = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    const admins = masters.map((name): [string, AdminClient] => [name, cluster.admin(name)])
    this.#observer = new Observer(new Map(admins))
  }

  /** Brings everything up, and waits until all of them see a cluster at work. */
  static async open(): Promise<Court> {
    const cluster = await startCluster()
    const { peers } = await cluster.status()
    const masters = peers.filter(({ role }) => role !== 'worker').map(({ name }) => name)
    const client = cluster.client()
    const space = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
    await client.create(kinds.namespaces, space)
    for (let n = 0; n < 8; n++) {
      const metadata = { name: `witness-${n}`, namespace }
      await client.create(kinds.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
    }
    const court = new Court(cluster, masters)
    try {
      await court.#start()
      return court
    } catch (error) {
      await court.close()
      throw error
    }
  }

  async #start(): Promise<void> {
    this.#observer.start()
    for (const dashboard of this.#dashboards) await dashboard.start()
    for (const { name, frames } of this.#dashboards) {
      const isUp = () => frames.some(({ word }) => word === 'WRITABLE')
      await until(`${name} shows the cluster`, isUp, shownTimeoutMs)
    }
    await until('the witness writes', () => this.#witnessed().acks.length > 0, shownTimeoutMs)
    this.#unread.unread()
  }

  /** Once, though a signal may come while it ends of its own accord. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    for (const dashboard of this.#dashboards) await dashboard.stop()
    this.#writer.kill('SIGTERM')
    await this.#observer.stop()
    await this.#cluster.down()
  }

  /** One event from a steady state to the next, and what everybody says of it. */
  async event(kind: EventKind): Promise<EventResult> {
    await this.#ready()
    await sleep(steadyMs)
    const { peers, t0, end } = await this.#do[kind]()
    const shown = () => this.#read.every(dashboard => settled(dashboard, t0))
    if (kind === 'quorum') await sleep(lossMs)
    else await until('both dashboards show it', shown, settledTimeoutMs).catch(() => {})
    await end()
    await this.#ready()
    await until('both dashboards show it', shown, settledTimeoutMs).catch(() => {})
    this.#unread.read()
    const seen = () => settled(this.#unread, t0)
    await until('the unread one shows it', seen, settledTimeoutMs).catch(() => {})
    this.#unread.unread()
    const witness = gapAround(this.#witnessed(), t0)
    const result: Omit<EventResult, 'verdict'> = {
      ...{ kind, peers, t0, witness },
      shown: Object.fromEntries(
        this.#dashboards.map(dashboard => {
          const event = shownBy(dashboard, t0)
          const isMissed = event === undefined || event.state === 'open'
          const later = isMissed && showsLater(dashboard, t0) ? 'later' : undefined
          return [dashboard.name, later ?? event]
        }),
      ),
    }
    return judgeEvent(result, this.#lateMs(t0 - steadyMs, witness.to + steadyMs))
  }

  /** Every frame so far against the peers' own words. */
  frames(): FramesResult {
    const evidence = {
      heard: [...this.#observer.heard].sort((left, right) => left.at - right.at),
      acks: this.#witnessed().acks.map(({ at }) => at),
    }
    const lateMs = (from: number, to: number) => this.#lateMs(from, to)
    const judged = this.#dashboards.map(dashboard => {
      const within = dashboard === this.#unread ? drawnByClock : drawnAsItCame
      return judgeFrames(dashboard.name, dashboard.frames, evidence, within, lateMs)
    })
    return {
      count: this.#dashboards.reduce((sum, { frames }) => sum + frames.length, 0),
      void: judged.reduce((sum, each) => sum + each.void, 0),
      wrong: judged.flatMap(({ wrong }) => wrong),
    }
  }

  /** How late answers of peers came, that were asked in that time. */
  #lateMs(from: number, to: number): number {
    const late = this.#observer.late.filter(({ at, ms }) => at >= from && at - ms <= to)
    return Math.max(0, ...late.map(({ ms }) => ms))
  }

  /** What each dashboard shows now, for whoever wonders about a verdict. */
  get now(): string {
    return this.#dashboards
      .map(({ name, frames }) => `${name}: ${JSON.stringify(frames.at(-1))}`)
      .join('\n')
  }

  /** Longest time for which the unread dashboard could not draw, seconds. */
  get unreadSeconds(): number {
    const times = this.#unread.frames.flatMap(({ clock }) => (clock ? secondsOf(clock) : []))
    return Math.max(0, ...times.slice(1).map((time, n) => time - times[n]!))
  }

  get #dashboards(): readonly Dashboard[] {
    return [...this.#read, this.#unread]
  }

  readonly #do: Readonly<
    Record<
      EventKind,
      () => Promise<{ peers: readonly string[]; t0: number; end: () => Promise<unknown> }>
    >
  > = {
    kill: () => this.#toLeader('kill', peer => this.#restart([peer])),
    hang: () => this.#toLeader('pause', peer => this.#back('resume', [peer])),
    partition: () => this.#toLeader('partition', () => this.#fault('heal')),
    /** Followers, one after the other: the leader stays, and has nobody left. */
    quorum: async () => {
      const leader = await this.#ready()
      const [first = '', second = ''] = this.#masters().filter(name => name !== leader)
      await this.#fault('kill', first)
      await sleep(steadyMs)
      const t0 = await this.#fault('kill', second)
      return { peers: [first, second], t0, end: () => this.#restart([first, second]) }
    },
  }

  async #toLeader(fault: string, end: (peer: string) => Promise<unknown>) {
    const peer = await this.#ready()
    const t0 = await this.#fault(fault, peer)
    return { peers: [peer], t0, end: () => end(peer) }
  }

  #restart(peers: readonly string[]): Promise<unknown> {
    return this.#back('restart', peers)
  }

  async #back(fault: 'restart' | 'resume', peers: readonly string[]): Promise<void> {
    for (const peer of peers) this.#observer.back(peer)
    await this.#fault(fault, ...peers)
  }

  /** @returns t0, as the fault's answer has it. */
  async #fault(type: string, ...peers: string[]): Promise<number> {
    const ran = await quorate(['fault', type, ...peers, '--json', '--data', this.#cluster.data])
    if (ran.code !== 0) throw new Error(`fault ${type} ${peers.join(' ')}: ${ran.err}`)
    const { t0 } = JSON.parse(ran.out) as { t0: number }
    if (type === 'kill' || type === 'pause') for (const peer of peers) this.#observer.gone(peer, t0)
    return t0
  }

  #masters(): readonly string[] {
    return [...this.#observer.reports]
      .filter(([, { role }]) => role !== 'worker')
      .map(([name]) => name)
  }

  /** The leader of all masters, when they are all ready. */
  #followedLeader(): string | undefined {
    const reports = [...this.#observer.reports.values()].filter(({ role }) => role !== 'worker')
    const [one] = reports
    if (!one || reports.length < one.voters.length) return undefined
    const same = ({ leader, term }: typeof one) => leader === one.leader && term === one.term
    if (!reports.every(report => report.ready && same(report))) return undefined
    return one.leader ?? undefined
  }

  /** @returns the leader's name. */
  #ready(): Promise<string> {
    return until('all masters are ready', () => this.#followedLeader(), readyTimeoutMs)
  }

  #witnessed(): Witnessed {
    return readWitness(existsSync(this.#writes) ? readFileSync(this.#writes, 'utf8') : '')
  }
}

/** The newest frame that tells of it. */
function shownBy({ frames }: Dashboard, t0: number): Frame['event'] {
  const clock = clockOf(t0)
  return frames.findLast(({ event }) => event?.clock === clock)?.event
}

/** Whether nothing more of it is to come. */
function settled(dashboard: Dashboard, t0: number): boolean {
  const event = shownBy(dashboard, t0)
  return event !== undefined && event.state !== 'open'
}

/** Whether it shows what came after the event by now. */
function showsLater({ frames }: Dashboard, t0: number): boolean {
  const now = frames.at(-1)?.event?.clock
  return now !== undefined && now > clockOf(t0)
}
