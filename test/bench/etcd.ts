import { type ChildProcess, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memberAddRequest } from '../../src/store/etcd/rpc/cluster.ts'
import { freePort } from '../support/ports.ts'
import { spawnTethered } from '../support/tethered.ts'
import { until } from '../support/until.ts'
import { leaderOf } from './leader.ts'
import { LeanSession } from './lean/session.ts'
import { benchTls } from './pki.ts'
import type { System } from './systems.ts'

export function etcdInstalled(): boolean {
  return spawnSync('etcd', ['--version'], { stdio: 'ignore' }).status === 0
}

/**
 * Three members of etcd on loopback. `tls`: as ours always is, for clients and between members;
 * without it etcd is as fast as it can be, which is what the path without gRPC is held against.
 */
export async function startEtcd(tls: boolean): Promise<System> {
  const root = mkdtempSync(join(tmpdir(), 'etcd-bench-'))
  const files = await benchTls()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text)
  const scheme = tls ? 'https' : 'http'
  const names = ['a', 'b', 'c']
  const ports = await Promise.all(names.map(async () => [await freePort(), await freePort()]))
  const url = (port: number | undefined) => `${scheme}://127.0.0.1:${port}`
  const [ca, cert, key] = ['ca', 'cert', 'key'].map(name => join(root, name))
  const secure = [
    ...['--client-cert-auth', '--trusted-ca-file', ca, '--cert-file', cert, '--key-file', key],
    ...['--peer-client-cert-auth', '--peer-trusted-ca-file', ca],
    ...['--peer-cert-file', cert, '--peer-key-file', key],
  ] as string[]
  const children: ChildProcess[] = []
  const start = (n: number, state = 'new') => {
    const [client, peer] = ports[n] ?? []
    const cluster = names.map((name, at) => `${name}=${url(ports[at]?.[1])}`).join(',')
    const args = [
      ...['--name', names[n]!, '--data-dir', join(root, names[n]!), '--initial-cluster', cluster],
      ...['--initial-cluster-state', state],
      ...['--listen-client-urls', url(client), '--advertise-client-urls', url(client)],
      ...['--listen-peer-urls', url(peer), '--initial-advertise-peer-urls', url(peer)],
      ...['--log-level', 'error', '--logger', 'zap', '--quota-backend-bytes', '8589934592'],
      ...(tls ? secure : []),
    ]
    children[n] = spawnTethered('etcd', args, { stdio: 'ignore' })
  }
  for (const n of names.keys()) start(n)
  const targets = ports.map(([port = 0]) => ({ port, ...(tls ? { tls: files } : {}) }))
  await until('etcd has a leader', () => leaderOf(targets), 30_000)
  return {
    name: tls ? 'etcd' : 'etcd plain',
    targets,
    pids: () => children.map(({ pid }) => pid ?? 0),
    restart: async n => start(n),
    kill: async n => void (await end(children[n]!, 'SIGKILL')),
    dataOf: n => join(root, names[n]!),
    async join() {
      const port = await freePort()
      ports.push([port, await freePort()])
      names.push('d')
      const peerUrls = [url(ports[3]?.[1])]
      const session = await LeanSession.open(targets[0]!)
      const request = memberAddRequest.encode({ peerUrls, isLearner: true })
      // It refuses while a member has come back only just.
      const add = () => session.unary('/etcdserverpb.Cluster/MemberAdd', request)
      await until('etcd adds a member', add, 30_000)
      session.close()
      start(3, 'existing')
      return { ...targets[0], port }
    },
    async stop() {
      await Promise.all(children.map(child => end(child)))
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return undefined
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGCONT')
  child.kill(signal)
  return ended
}
