import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareSync, hashSync } from 'bcryptjs'
import { createEtcdServer, type EtcdServer } from '../../../src/etcd/server.ts'
import type { EtcdServerOptions } from '../../../src/etcd/types.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createClusterCa, issueCertificate, type KeyPair } from '../../../src/pki/authority.ts'
import { FakeStore } from './fake-store.ts'

/** Certificates in a folder of their own: those of a server, and clients by name. */
export interface TestPki {
  readonly folder: string
  readonly ca: KeyPair
  readonly server: KeyPair
  /** Flags of etcdctl for a client whose common name is `user`. */
  client(user: string, groups?: readonly string[]): Promise<string[]>
  remove(): void
}

export async function createPki(): Promise<TestPki> {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-etcd-'))
  const ca = await createClusterCa('test')
  const hosts = ['127.0.0.1', 'localhost']
  const server = await issueCertificate(ca, { user: 'etcd', hosts, usages: ['server', 'client'] })
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const cacert = write('ca.crt', ca.cert)
  write('server.crt', server.cert)
  write('server.key', server.key)
  return {
    ...{ folder, ca, server },
    async client(user, groups) {
      const pair = await issueCertificate(ca, { user, groups, usages: ['client'] })
      const cert = write(`client-${user}.crt`, pair.cert)
      const key = write(`client-${user}.key`, pair.key)
      return ['--cacert', cacert, '--cert', cert, '--key', key]
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Passwords at bcrypt's least cost: threads start from `dist` only. */
export const quickHasher: NonNullable<EtcdServerOptions['hasher']> = {
  hash: async password => hashSync(password, 4),
  matches: async (password, hash) => compareSync(password, hash),
  stop: async () => {},
}

export interface TestServer {
  readonly store: FakeStore
  readonly server: EtcdServer
  readonly endpoint: string
}

export async function startServer(
  pki: TestPki,
  options: Partial<EtcdServerOptions> = {},
): Promise<TestServer> {
  const store = new FakeStore()
  const server = createEtcdServer({
    store,
    host: '127.0.0.1',
    port: 0,
    tls: { ca: pki.ca.cert, ...pki.server },
    clusterId: 'cdf818194e3a8c32',
    memberId: store.memberId,
    clock: systemClock,
    logger: silentLogger,
    hasher: quickHasher,
    ...options,
  })
  await server.start()
  return { store, server, endpoint: `https://127.0.0.1:${server.port}` }
}

/** What a run of etcdctl gave. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the real etcdctl to its end; `input` goes to its standard input. */
export function etcdctl(args: readonly string[], input = ''): Promise<Ran> {
  return new Promise(resolve => {
    const env = { PATH: process.env.PATH, ETCDCTL_API: '3' }
    const child = execFile(
      'etcdctl',
      [...args],
      { env, timeout: 30_000, maxBuffer: 64 << 20 },
      (error, out, err) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0
        resolve({ code, out, err })
      },
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}
