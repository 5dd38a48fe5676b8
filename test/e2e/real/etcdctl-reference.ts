import type { ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/ports.ts'
import { spawnTethered } from '../../support/tethered.ts'
import { until } from '../../support/until.ts'
import { etcdctl, type TestPki } from '../../unit/etcd/etcdctl.ts'

/** A real etcd of three members with TLS and client certificates, in processes of its own. */
export class ReferenceEtcd {
  readonly endpoints: readonly string[]
  readonly #children: ChildProcess[]

  constructor(endpoints: readonly string[], children: ChildProcess[]) {
    this.endpoints = endpoints
    this.#children = children
  }

  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }
}

/** Starts it and waits until it is healthy; the files are in the folder of `pki`. */
export async function startReference(pki: TestPki, flags: string[]): Promise<ReferenceEtcd> {
  const members: { name: string; client: string; peer: string }[] = []
  for (const name of ['peer-1', 'peer-2', 'peer-3']) {
    const url = async () => `https://127.0.0.1:${await freePort()}`
    members.push({ name, client: await url(), peer: await url() })
  }
  const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',')
  const file = (name: string) => join(pki.folder, name)
  const children = members.map(({ name, client, peer }) => {
    mkdirSync(file(name), { recursive: true })
    const tls = (prefix: string) => [
      ...[`--${prefix}cert-file`, file('server.crt'), `--${prefix}key-file`, file('server.key')],
      ...[`--${prefix}trusted-ca-file`, file('ca.crt'), `--${prefix}client-cert-auth`],
    ]
    const args = [
      ...['--name', name, '--data-dir', file(name), '--logger', 'zap', '--log-level', 'error'],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', cluster, '--initial-cluster-state', 'new'],
      ...tls(''),
      ...tls('peer-'),
    ]
    return spawnTethered('etcd', args, { stdio: 'ignore' })
  })
  const reference = new ReferenceEtcd(
    members.map(({ client }) => client),
    children,
  )
  try {
    await until(
      'a healthy reference etcd',
      async () => {
        const all = reference.endpoints.join(',')
        const ran = await etcdctl([...flags, '--endpoints', all, 'endpoint', 'health'])
        return ran.code === 0
      },
      30_000,
    )
  } catch (error) {
    reference.stop()
    throw error
  }
  return reference
}
