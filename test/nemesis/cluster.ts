import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Fault } from '../../src/admin/types.ts'
import { formatAddress } from '../../src/config/ports.ts'
import { sleep } from '../../src/kernel/clock.ts'
import { runFault } from '../../src/supervisor/faults.ts'
import { adminTls, PeerClients } from '../../src/supervisor/peers.ts'
import { openCluster, type PreparedCluster } from '../../src/supervisor/prepare.ts'
import { processState, readRunRecord } from '../../src/supervisor/processes.ts'
import { leaderHere, type PeerView } from '../../src/supervisor/views.ts'
import { freePortBase } from '../support/ports.ts'

/** Built: dist/test/nemesis beside dist/bundle; the defaults stand in the repository's root. */
const here = dirname(fileURLToPath(import.meta.url))
const mainFile = join(here, '../../bundle/main.js')
const rootFolder = join(here, '../../..')

/** Peers that one run may have had in all: each that is replaced takes new ports. */
const peersMax = 12

/** A cluster of real processes, with what a nemesis does to it. */
export class NemesisCluster {
  readonly data = mkdtempSync(join(tmpdir(), 'quorate-nemesis-'))
  #joined = 0
  /** Told of attempts that failed and are made again. */
  onRetry: (text: string) => void = () => {}

  /** @throws Error with the last lines of the logs when it does not come up. */
  async up(peers: number): Promise<void> {
    const file = JSON.parse(readFileSync(join(rootFolder, 'cluster.config.json'), 'utf8'))
    file.timings = { ...file.timings, nodeMonitorGraceMs: 60_000 }
    // Small, so that followers that were away need snapshots.
    file.store = { ...file.store, snapshotEntries: 2_000 }
    const config = join(this.data, 'input.config.json')
    writeFileSync(config, JSON.stringify(file))
    this.#joined = peers
    const portBase = String(await freePortBase(peersMax))
    const flags = ['--config', config, '--port-base', portBase, '--peers', String(peers)]
    await this.quorate('up', '--detach', '--timeout', '120', ...flags)
  }

  async down(): Promise<void> {
    await this.quorate('down', '--purge').catch(() => {})
    rmSync(this.data, { recursive: true, force: true, maxRetries: 5 })
  }

  get prepared(): PreparedCluster {
    return openCluster(this.data)
  }

  get names(): string[] {
    return this.prepared.config.peers.map(({ name }) => name)
  }

  get tls() {
    return adminTls(this.prepared.layout)
  }

  etcdUrls(): ReadonlyMap<string, string> {
    const { peers } = this.prepared.config
    return new Map(peers.map(({ name, etcd }) => [name, `https://${formatAddress(etcd)}`]))
  }

  async fault(fault: Fault): Promise<void> {
    await runFault(this.prepared, fault)
  }

  /** Starts a peer again, with more in its environment. */
  async restart(peer: string, environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const before = { ...process.env }
    Object.assign(process.env, environment)
    try {
      await this.fault({ type: 'restart', peer })
    } finally {
      for (const name of Object.keys(environment)) delete process.env[name]
      Object.assign(process.env, before)
    }
  }

  isDown(name: string): boolean {
    const record = readRunRecord(this.prepared.layout, name)
    return record === undefined || processState(record) === 'down'
  }

  log(name: string): string {
    return readFileSync(this.prepared.layout.logFile(name), 'utf8')
  }

  storeFolder(name: string): string {
    return this.prepared.layout.peer(name).store
  }

  async views(hash = false): Promise<PeerView[]> {
    const clients = new PeerClients(this.prepared)
    try {
      return await clients.views({ hash, timeoutMs: hash ? 10_000 : 2_000 })
    } finally {
      clients.close()
    }
  }

  async leader(): Promise<string | undefined> {
    return leaderHere(await this.views())?.name
  }

  /** Every peer is up and follows one leader. @throws Error when that takes too long. */
  async settle(timeoutMs = 90_000): Promise<void> {
    let last: PeerView[] = []
    await this.#until(timeoutMs, async () => {
      last = await this.views()
      const leader = leaderHere(last)
      return (
        leader?.report !== undefined &&
        last.every(({ report }) => {
          const behind = leader.report!.commit - (report?.applied ?? 0)
          return report?.term === leader.report!.term && report.leader !== null && behind < 500
        })
      )
    }).catch(() => {
      throw new Error(`not healed within ${timeoutMs / 1_000} s: ${last.map(stateOf).join('; ')}`)
    })
  }

  /** One state on all peers; returns what differs at last. */
  async differences(timeoutMs = 60_000): Promise<string | undefined> {
    let last: string[] = []
    return this.#until(timeoutMs, async () => {
      const views = await this.views(true)
      last = views.map(({ name, report }) => `${name} ${report?.revision} ${report?.hash}`)
      const states = new Set(views.map(({ report }) => `${report?.revision} ${report?.hash}`))
      return states.size === 1 && views.every(({ report }) => report?.hash !== undefined)
    }).then(
      () => undefined,
      () => last.join('; '),
    )
  }

  /** Removes `name` for ever and adds a new peer in its place. */
  async replace(name: string): Promise<void> {
    await this.#retry(async () => {
      if (this.names.includes(name)) await this.quorate('member', 'remove', name)
    })
    await this.#retry(async () => {
      const next = `peer-${++this.#joined}`
      await this.quorate('member', 'add', next).catch(async error => {
        // An addition whose answer was lost can't be gone on with: it is taken back.
        await this.#retry(() => this.quorate('member', 'remove', next), 3).catch(() => {})
        throw error
      })
    })
  }

  /** @throws Error with what it printed. */
  quorate(...args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const words = [mainFile, ...args, '--data', this.data]
      execFile(process.execPath, words, { timeout: 180_000 }, (error, out, err) => {
        if (error === null) resolve(out)
        else reject(new Error(`quorate ${args.join(' ')}: ${out}${err}`))
      })
    })
  }

  async #retry(work: () => Promise<unknown>, attempts = 12): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await work()
        return
      } catch (error) {
        if (attempt >= attempts) throw error
        this.onRetry(String(error))
        await sleep(2_000)
      }
    }
  }

  async #until(timeoutMs: number, isTrue: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      if (await isTrue().catch(() => false)) return
      if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms`)
      await sleep(150)
    }
  }
}

/** A peer as a line for whoever looks for what keeps it from healing. */
function stateOf({ name, role, report }: PeerView): string {
  if (report === undefined) return `${name} ${role}`
  const { term, leader, commit, applied, lastIndex, replication } = report
  const followers = replication.map(row => `${row.peer} ${row.state} match ${row.match}`)
  const own = `${name} ${role} t${term} leader ${leader} log ${lastIndex}`
  return [`${own} commit ${commit} applied ${applied}`, ...followers].join(', ')
}
