import type { ChildProcess, StdioOptions } from 'node:child_process'
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
import { spawnTethered } from './tethered.ts'

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

/** Times of members that are started by themselves. */
export const storeTimings: StoreMemberOptions['timings'] = {
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

/** Of members that are started by themselves: nothing is compacted. */
export const storeSettings: StoreMemberOptions['store'] = {
  snapshotEntries: 10_000,
  quotaBytes: 8 * 2 ** 30,
  autoCompaction: { mode: 'off', retention: 1 },
}

/** Identities, ports and options of new members; nothing is started. */
export async function planMembers(
  tls: StoreTls,
  overrides: Partial<StoreMemberOptions> = {},
  size = 3,
): Promise<{ readonly folder: string; readonly options: readonly StoreMemberOptions[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-members-'))
  const members: MeshMember[] = []
  for (let n = 1; n <= size; n++) {
    const name = `peer-${n}`
    const { peerId } = await ensureIdentity(join(folder, `${name}.key`))
    const id = (randomBytes(8).readBigUInt64BE() >> 1n).toString(16).padStart(16, '0')
    members.push({ id, name, peerId, host: '127.0.0.1', port: await freePort() })
  }
  const options: StoreMemberOptions[] = []
  for (const { id, name } of members) {
    options.push({
      ...{ name, self: id, members, joined: false },
      masters: members.map(member => member.id),
      voters: members.map(member => ({ id: member.id, name: member.name })),
      meshKeyFile: join(folder, `${name}.key`),
      storeDir: join(folder, name),
      ...{ timings: storeTimings, logLevel: 'error' as const },
      store: storeSettings,
      etcd: { host: '127.0.0.1', port: await freePort(), tls, clusterId: clusterIdOf(tls.ca) },
      ...overrides,
    })
  }
  return { folder, options }
}

export async function startStoreCluster(
  tls: StoreTls,
  overrides: Partial<StoreMemberOptions> = {},
  size = 3,
): Promise<StoreCluster> {
  const { folder, options } = await planMembers(tls, overrides, size)
  const children: ChildProcess[] = []
  const start = async (n: number) => {
    children[n] = await startMember(options[n]!)
  }
  const end = async (child: ChildProcess | undefined, signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGCONT')
    child.kill(signal)
    await ended
  }
  await Promise.all(options.map((_, n) => start(n)))
  return {
    endpoints: options.map(({ etcd }) => `https://127.0.0.1:${etcd?.port}`),
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
  const stdio: StdioOptions = ['pipe', 'pipe', 'inherit']
  const child = spawnTethered(process.execPath, [file, 'run'], { stdio })
  child.stdin?.end(JSON.stringify(options))
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve(child))
    child.once('exit', code => reject(new Error(`${options.name} ended with code ${code}`)))
  })
}
