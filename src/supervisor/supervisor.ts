import { EventRing, faultText } from '../admin/events.ts'
import { afterOf, type FaultOrder, faultOf } from '../admin/orders.ts'
import { AdminServer, RefusedError } from '../admin/server.ts'
import type { EventsAnswer, FaultDone, ProcessReport } from '../admin/types.ts'
import type { DataLayout } from '../config/layout.ts'
import { formatAddress } from '../config/ports.ts'
import { must } from '../kernel/assert.ts'
import { type Cancel, systemClock } from '../kernel/clock.ts'
import type { Logger, LogLevel } from '../kernel/logger.ts'
import type { Startable } from '../kernel/startable.ts'
import { readKeyPair } from '../pki/files.ts'
import { peersOf, runFault } from './faults.ts'
import { adminTls } from './peers.ts'
import { checkPorts } from './ports.ts'
import type { PreparedCluster } from './prepare.ts'
import {
  processState,
  readRunRecord,
  readRunRecords,
  recordProcess,
  removeRunRecord,
  signalProcess,
  startProcess,
  waitForExit,
} from './processes.ts'

/** Names of the processes beside the peers. */
export const loadBalancerProcess = 'load-balancer'
export const proxyProcess = 'proxy'
export const supervisorProcess = 'supervisor'

/** How often the processes that clients depend on are looked at, and started again if dead. */
const watchMs = 1_000
const stopGraceMs = 10_000

/** `main` is the file that node runs: every process of a cluster is the same program. */
export interface SupervisorOptions {
  readonly cluster: PreparedCluster
  readonly main: string
  readonly logger: Logger
  /** Of the processes that it starts. */
  readonly logLevel: LogLevel
}

/**
 * Starts, watches and stops the processes of one machine. Level-triggered: what runs already, from
 * a supervisor before, is kept. Peers are not started again by themselves: a killed master stays
 * dead until somebody starts it, or there would be nothing to demonstrate.
 */
export class Supervisor implements Startable {
  readonly #cluster: PreparedCluster
  readonly #main: string
  readonly #logger: Logger
  readonly #logLevel: LogLevel
  readonly #events = new EventRing(supervisorProcess, systemClock.wall)
  #admin: AdminServer | undefined
  #watch: Cancel = () => {}

  constructor(options: SupervisorOptions) {
    this.#cluster = options.cluster
    this.#main = options.main
    this.#logger = options.logger
    this.#logLevel = options.logLevel
  }

  /** @throws Error naming the holder when a port is taken. */
  async start(): Promise<void> {
    const { layout, config } = this.#cluster
    const wanted = wantedProcesses(this.#cluster, this.#main, this.#logLevel)
    const missing = await checkStart(this.#cluster, this.#main)
    recordProcess(layout, supervisorProcess, process.pid, process.argv.slice(1))
    for (const name of missing) startProcess(layout, name, must(wanted.get(name), name))
    this.#admin = new AdminServer({
      address: config.supervisor,
      tls: {
        ...must(readKeyPair(layout.pki, 'supervisor'), 'supervisor certificate'),
        ca: adminTls(layout).ca,
      },
      logger: this.#logger,
      handlers: {
        'GET /processes': async () => processReports(this.#cluster),
        'GET /events': async ({ query }): Promise<EventsAnswer> => ({
          now: systemClock.wall(),
          events: this.#events.after(afterOf(query)),
        }),
        'POST /fault': async ({ body }) => this.#fault(faultOf(body)),
      },
    })
    await this.#admin.start()
    this.#watch = systemClock.every(watchMs, () => this.#restartInfrastructure(wanted))
  }

  /** Ends its own work, and leaves all processes running: another supervisor keeps them. */
  async leave(): Promise<void> {
    this.#watch()
    await this.#admin?.stop()
  }

  /** Ends every process it started, gracefully first, and waits for them. */
  async stop(): Promise<void> {
    await this.leave()
    await stopProcesses(this.#cluster)
  }

  /** What has been done enters the timeline, at the moment from which it had its effect. */
  async #fault({ askedAt, ...fault }: FaultOrder): Promise<FaultDone> {
    try {
      const done = await runFault(this.#cluster, fault)
      const peers = peersOf(fault)
      const data = { type: 'fault', fault: fault.type, peers, t0: done.t0, askedAt } as const
      this.#events.add('FAULT', faultText(data), data, done.t0)
      return done
    } catch (error) {
      throw new RefusedError(error instanceof Error ? error.message : String(error), 409)
    }
  }

  /** Load balancer and proxy come back by themselves: clients depend on them. */
  #restartInfrastructure(wanted: ReadonlyMap<string, readonly string[]>): void {
    for (const name of [loadBalancerProcess, proxyProcess]) {
      const args = wanted.get(name)
      if (!args || isAlive(this.#cluster, name)) continue
      this.#logger.warn('process ended, starting it again', { process: name })
      startProcess(this.#cluster.layout, name, args)
    }
  }
}

/**
 * The processes that are still to be started, after a look at their ports and the supervisor's own.
 * @throws Error naming the holder when a port is taken.
 */
export async function checkStart(cluster: PreparedCluster, main: string): Promise<string[]> {
  const wanted = [...wantedProcesses(cluster, main, 'info').keys()]
  const missing = wanted.filter(name => !isAlive(cluster, name))
  await checkPorts(cluster.config, [supervisorProcess, ...missing])
  return missing
}

/** Name and arguments of every process that the cluster needs on this machine. */
export function wantedProcesses(
  cluster: PreparedCluster,
  main: string,
  logLevel: LogLevel,
): Map<string, readonly string[]> {
  const { layout, config } = cluster
  const data = ['--data', layout.root, '--log-level', logLevel]
  const wanted = new Map<string, readonly string[]>()
  for (const peer of config.peers) {
    const peerFlags = ['--config', layout.config, '--name', peer.name, '--faults']
    wanted.set(peer.name, [main, 'peer', ...peerFlags, ...data])
  }
  wanted.set(loadBalancerProcess, [main, 'lb', ...data])
  if (config.proxyMode === 'userspace') wanted.set(proxyProcess, [main, 'proxy', ...data])
  return wanted
}

/** State of everything that was started here. */
export function processReports({ layout }: PreparedCluster): ProcessReport[] {
  return readRunRecords(layout).map(record => ({
    name: record.name,
    pid: record.pid,
    state: processState(record),
    startedAt: record.startedAt,
  }))
}

/** Whether a supervisor of this data folder runs, other than this process. */
export function runningSupervisor(layout: DataLayout): number | undefined {
  const record = readRunRecord(layout, supervisorProcess)
  if (!record || record.pid === process.pid || processState(record) === 'down') return undefined
  return record.pid
}

/** Where the cluster answers: what kubectl is given. */
export function serverUrl({ config }: PreparedCluster): string {
  return `https://${formatAddress(config.loadBalancer)}`
}

/**
 * Ends all recorded processes but this one: TERM, then KILL after a grace. The supervisor first,
 * or it would start the load balancer again; then the workers' side before the store.
 */
export async function stopProcesses({ layout }: PreparedCluster): Promise<string[]> {
  const records = readRunRecords(layout).filter(record => record.pid !== process.pid)
  const first = records.filter(record => record.name === supervisorProcess)
  const rest = records.filter(record => record.name !== supervisorProcess)
  const stopped = records
    .filter(record => processState(record) !== 'down')
    .map(record => record.name)
  for (const group of [first, rest]) {
    for (const record of group) {
      signalProcess(record, 'SIGCONT')
      signalProcess(record, 'SIGTERM')
    }
    await Promise.all(
      group.map(async record => {
        if (await waitForExit(record, stopGraceMs)) return
        signalProcess(record, 'SIGKILL')
        await waitForExit(record, stopGraceMs)
      }),
    )
  }
  for (const record of readRunRecords(layout)) removeRunRecord(layout, record.name)
  return stopped
}

function isAlive({ layout }: PreparedCluster, name: string): boolean {
  const record = readRunRecord(layout, name)
  return record !== undefined && processState(record) !== 'down'
}
