import { type ChildProcess, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClusterCa, issueCertificate } from '../../src/pki/authority.ts'
import { EtcdClient } from '../../src/store/etcd/client.ts'
import { methods } from '../../src/store/etcd/methods.ts'
import { freePort } from './ports.ts'
import { spawnTethered } from './tethered.ts'
import { until } from './until.ts'

/** A real etcd, each member a process of its own. */
export interface RealEtcd {
  /** URLs for clients, one a member. */
  readonly endpoints: readonly string[]
  readonly folder: string
  /** Of a client that may do everything; PEM texts and where they lie. */
  readonly tls: ClientTls | undefined
  signal(member: number, signal: NodeJS.Signals): void
  /** Kills member number `member` as it stands. */
  kill(member: number): Promise<void>
  start(member: number): Promise<void>
  stop(): Promise<void>
}

export interface ClientTls {
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string }
}

export function hasEtcd(): boolean {
  return spawnSync('etcd', ['--version'], { stdio: 'ignore' }).status === 0
}

/** Memory if there is some: these tests are not about the disk. */
const storage = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export async function startRealEtcd({ size = 3, tls = false } = {}): Promise<RealEtcd> {
  const folder = mkdtempSync(join(storage, 'quorate-etcd-'))
  const scheme = tls ? 'https' : 'http'
  const clientTls = tls ? await createFiles(folder) : undefined
  const members: { name: string; client: string; peer: string }[] = []
  for (let n = 0; n < size; n++) {
    const url = async () => `${scheme}://127.0.0.1:${await freePort()}`
    members.push({ name: `etcd-${n + 1}`, client: await url(), peer: await url() })
  }
  const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',')
  const argsOf = ({ name, client, peer }: (typeof members)[number]) => [
    ...['--name', name, '--data-dir', join(folder, name), '--logger', 'zap'],
    ...['--log-level', 'error', '--initial-cluster', cluster],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ...(tls ? [...tlsFlags('', folder), ...tlsFlags('peer-', folder)] : []),
  ]
  const children: ChildProcess[] = []
  const healthy = (url: string) => until(`${url} serves`, () => isHealthy(url, clientTls), 60_000)
  const launch = (n: number) => {
    children[n] = spawnTethered('etcd', argsOf(members[n]!), { stdio: 'ignore' })
  }
  for (const n of members.keys()) launch(n)
  await Promise.all(members.map(({ client }) => healthy(client)))
  return {
    endpoints: members.map(({ client }) => client),
    folder,
    tls: clientTls,
    signal: (n, signal) => void children[n]!.kill(signal),
    kill: n => end(children[n], 'SIGKILL'),
    async start(n) {
      launch(n)
      await healthy(members[n]!.client)
    },
    async stop() {
      await Promise.all(children.map(child => end(child, 'SIGKILL')))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function createFiles(folder: string): Promise<ClientTls> {
  const ca = await createClusterCa('etcd')
  const hosts = ['127.0.0.1', 'localhost']
  const server = await issueCertificate(ca, { user: 'etcd', hosts, usages: ['server', 'client'] })
  const client = await issueCertificate(ca, { user: 'root', usages: ['client'] })
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  write('server.crt', server.cert)
  write('server.key', server.key)
  return {
    ...{ ca: ca.cert, cert: client.cert, key: client.key },
    files: {
      ca: write('ca.crt', ca.cert),
      cert: write('client.crt', client.cert),
      key: write('client.key', client.key),
    },
  }
}

function tlsFlags(prefix: string, folder: string): string[] {
  const file = (name: string) => join(folder, name)
  return [
    ...[`--${prefix}cert-file`, file('server.crt'), `--${prefix}key-file`, file('server.key')],
    ...[`--${prefix}trusted-ca-file`, file('ca.crt'), `--${prefix}client-cert-auth`],
  ]
}

/** True when it answers a linearizable read: it has a leader. */
async function isHealthy(url: string, tls: ClientTls | undefined): Promise<boolean> {
  const client = new EtcdClient({ url, tls })
  try {
    await client.unary(methods.range.path, methods.range, { key: 'health' }, 1_000)
    return true
  } finally {
    client.close()
  }
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill(signal)
  await ended
}
