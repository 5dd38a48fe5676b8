import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureIdentity } from '../../src/p2p/identity.ts'
import type { MeshMember } from '../../src/p2p/types.ts'
import { clusterIdOf } from '../../src/peer/cluster-id.ts'
import { root } from './cluster.ts'
import { freePort } from './ports.ts'
import type { StoreMemberOptions } from './store-member.ts'

/** Server certificate and CA of the etcd API; PEM texts. */
export interface StoreTls {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Three members of the store without Kubernetes: real processes, real mesh, real log. */
export interface StoreCluster {
  /** URLs of the etcd API, one a member. */
  readonly endpoints: readonly string[]
  readonly folder: string
  /** Kills member number `n` as it stands. */
  kill(n: number): Promise<void>
  start(n: number): Promise<void>
  pid(n: number): number
  stop(): Promise<void>
}

const timings: StoreMemberOptions['timings'] = {
  profile: 'lan',
  heartbeatMs: 50,
  electionTimeoutMinMs: 300,
  electionTimeoutMaxMs: 600,
  mainThreadStallMs: 5_000,
  nodeLeaseRenewMs: 2_000,
  nodeStatusMs: 10_000,
  nodeMonitorGraceMs: 8_000,
  podEvictionSeconds: 5,
}

export async function startStoreCluster(
  tls: StoreTls,
  overrides: Partial<StoreMemberOptions> = {},
  size = 3,
): Promise<StoreCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-members-'))
  const members: MeshMember[] = []
  const ports: number[] = []
  for (let n = 1; n <= size; n++) {
    const name = `member-${n}`
    const { peerId } = await ensureIdentity(join(folder, `${name}.key`))
    const id = (randomBytes(8).readBigUInt64BE() >> 1n).toString(16).padStart(16, '0')
    members.push({ id, name, peerId, host: '127.0.0.1', port: await freePort() })
    ports.push(await freePort())
  }
  const optionsOf = (n: number): StoreMemberOptions => ({
    ...{ name: members[n]!.name, self: members[n]!.id, members, joined: false },
    voters: members.map(({ id, name }) => ({ id, name })),
    meshKeyFile: join(folder, `${members[n]!.name}.key`),
    storeDir: join(folder, members[n]!.name),
    ...{ timings, logLevel: 'error' as const },
    store: {
      snapshotEntries: 10_000,
      quotaBytes: 2 * 2 ** 30,
      autoCompaction: { mode: 'off', retention: 1 },
    },
    etcd: { host: '127.0.0.1', port: ports[n]!, tls, clusterId: clusterIdOf(tls.ca) },
    ...overrides,
  })
  const children: ChildProcess[] = []
  const start = async (n: number) => {
    children[n] = await startMember(optionsOf(n))
  }
  const end = async (child: ChildProcess | undefined, signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGCONT')
    child.kill(signal)
    await ended
  }
  await Promise.all(members.map((_, n) => start(n)))
  return {
    endpoints: ports.map(port => `https://127.0.0.1:${port}`),
    folder,
    start,
    kill: n => end(children[n], 'SIGKILL'),
    pid: n => children[n]?.pid ?? 0,
    async stop() {
      await Promise.all(children.map(child => end(child, 'SIGTERM')))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Resolves once the member serves. */
function startMember(options: StoreMemberOptions): Promise<ChildProcess> {
  const file = join(root, 'dist/test/support/store-member.js')
  const child = spawn(process.execPath, [file, 'run'], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(options))
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child))
    child.once('exit', code => reject(new Error(`${options.name} ended with code ${code}`)))
  })
}
