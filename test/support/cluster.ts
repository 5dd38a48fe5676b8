import { type ExecFileOptions, execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AdminClient } from '../../src/admin/client.ts'
import type { PeerReport } from '../../src/admin/types.ts'
import type { StatusReport } from '../../src/cli/status.ts'
import { createClient } from '../../src/client/client.ts'
import { httpsTransport } from '../../src/client/https.ts'
import type { Client } from '../../src/client/types.ts'
import { freePortBase } from './ports.ts'
import { until } from './until.ts'

/** Of the repository: this file is run as it is, and from `dist`. */
export const root = ['../..', '../../..']
  .map(up => fileURLToPath(new URL(up, import.meta.url)))
  .find(folder => existsSync(join(folder, 'package.json')))!
export const mainFile = join(root, 'dist/bundle/main.js')
export const kubectlFile = join(root, 'dist/bin/kubectl')

/** What a program printed, and how it ended. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a program to its end; never throws for an exit code. */
export function run(
  file: string,
  args: readonly string[],
  options: ExecFileOptions = {},
): Promise<Ran> {
  return new Promise(resolve => {
    execFile(
      file,
      [...args],
      { timeout: 120_000, maxBuffer: 64 << 20, ...options, encoding: 'utf8' },
      (error, out, err) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0
        resolve({ code, out: String(out), err: String(err) })
      },
    )
  })
}

export function quorate(args: readonly string[], options: ExecFileOptions = {}): Promise<Ran> {
  return run(process.execPath, [mainFile, ...args], { cwd: root, ...options })
}

export interface ClusterOptions {
  readonly peers?: number
  readonly workers?: number
  /** Changes to the default configuration file. */
  readonly config?: (file: Record<string, unknown>) => void
}

/** A cluster of real processes, as `quorate up --detach` leaves it. */
export class TestCluster {
  readonly data: string
  readonly portBase: number
  readonly kubeconfig: string
  readonly args: readonly string[]
  #admins = new Map<string, AdminClient>()

  constructor(data: string, portBase: number, args: readonly string[]) {
    this.data = data
    this.portBase = portBase
    this.kubeconfig = join(data, 'kubeconfig')
    this.args = args
  }

  /** Brings it up, or up again. */
  async up(): Promise<Ran> {
    const ran = await quorate(['up', '--detach', '--data', this.data, ...this.args])
    if (ran.code !== 0) throw new Error(`up: ${ran.out}${ran.err}`)
    return ran
  }

  async down(): Promise<void> {
    for (const admin of this.#admins.values()) admin.close()
    this.#admins.clear()
    await quorate(['down', '--data', this.data, '--purge'])
    rmSync(this.data, { recursive: true, force: true })
  }

  get server(): string {
    return `https://127.0.0.1:${this.portBase}`
  }

  /** API address of peer number `n`, from 1. */
  api(n: number): string {
    return `https://127.0.0.1:${this.portBase + n}`
  }

  get tls(): { ca: string; cert: string; key: string } {
    const read = (name: string) => readFileSync(join(this.data, 'pki', name), 'utf8')
    return { ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') }
  }

  /** `retryForMs` 0 shows every 503 as it is. */
  client(servers: readonly string[] = [this.server], retryForMs?: number): Client {
    const transport = httpsTransport({ servers, ...this.tls })
    return createClient(transport, { userAgent: 'test', retryForMs })
  }

  kubectl(...args: string[]): Promise<Ran> {
    const env = { ...process.env, KUBECONFIG: this.kubeconfig, HOME: this.data }
    return run(kubectlFile, args, { env })
  }

  /** kubectl that must succeed; returns what it printed. */
  async must(...args: string[]): Promise<string> {
    const ran = await this.kubectl(...args)
    if (ran.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${ran.out}${ran.err}`)
    return ran.out
  }

  async status(...flags: string[]): Promise<StatusReport> {
    const ran = await quorate(['status', '--json', '--data', this.data, ...flags])
    return JSON.parse(ran.out) as StatusReport
  }

  admin(name: string): AdminClient {
    const known = this.#admins.get(name)
    if (known) return known
    const file = JSON.parse(readFileSync(join(this.data, 'cluster.config.json'), 'utf8')) as {
      peers: { name: string; admin: string }[]
    }
    const address = file.peers.find(peer => peer.name === name)?.admin ?? ''
    const admin = new AdminClient(address, this.tls)
    this.#admins.set(name, admin)
    return admin
  }

  /** Whether a controller's write is held back on a peer: see the fault `hold-writes`. */
  async holdsWrites(name: string): Promise<boolean> {
    const { faults } = await this.report(name)
    return faults.some(each => /^hold-writes: [1-9]/.test(each))
  }

  report(name: string): Promise<PeerReport> {
    return this.admin(name).status()
  }

  async fault(...args: string[]): Promise<void> {
    const ran = await quorate(['fault', ...args, '--data', this.data])
    if (ran.code !== 0) throw new Error(`fault ${args.join(' ')}: ${ran.err}`)
  }

  /** The leader's name, once there is one other than `not`. */
  async leader(not?: string): Promise<string> {
    return until(`a leader${not ? ` other than ${not}` : ''}`, async () => {
      const { leader } = await this.status()
      return leader !== null && leader !== not ? leader : undefined
    })
  }
}

/** Starts a cluster on free ports, in a folder of its own. */
export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const data = mkdtempSync(join(tmpdir(), 'quorate-e2e-'))
  const portBase = await freePortBase()
  const file = JSON.parse(readFileSync(join(root, 'cluster.config.json'), 'utf8'))
  options.config?.(file)
  const config = join(data, 'input.config.json')
  writeFileSync(config, JSON.stringify(file))
  const args = ['--config', config, '--port-base', String(portBase)]
  if (options.peers) args.push('--peers', String(options.peers))
  if (options.workers) args.push('--workers', String(options.workers))
  const cluster = new TestCluster(data, portBase, args)
  try {
    await cluster.up()
  } catch (error) {
    const logs = await run('sh', ['-c', `tail -n 20 ${data}/logs/*.log`])
    await cluster.down()
    throw new Error(`${String(error)}\n${logs.out}`)
  }
  return cluster
}
