import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { Transport } from '../../src/api/http.ts'
import { packageRoot } from '../../src/api/schema/files.ts'
import { bootstrap } from '../../src/apiserver/bootstrap/bootstrap.ts'
import { createApiServer } from '../../src/apiserver/server.ts'
import type { ApiServer, ApiServerOptions } from '../../src/apiserver/types.ts'
import { must } from '../../src/kernel/assert.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { createClusterCa, issueCertificate, type KeyPair } from '../../src/pki/authority.ts'
import { createLocalStore } from '../../src/store/local.ts'
import type { Store } from '../../src/store/types.ts'

export const systemUser = { name: 'system:kube-controller-manager', groups: [] }

/** What a command printed, and how it ended. */
export interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** An API server on a store of this process, with a kubeconfig for the real kubectl. */
export interface TestCluster {
  readonly server: ApiServer
  readonly store: Store
  readonly ca: KeyPair
  readonly folder: string
  kubectl(args: string, input?: string): Promise<Run>
  /** Runs until `enough` says so of what was printed so far, then ends it. */
  follow(args: string, enough: (out: string) => boolean): Promise<string>
  stop(): Promise<void>
}

/** The way into a cluster that is there for all tests of a file. */
export function clusterForAll(overrides: Partial<ApiServerOptions> = {}): Transport {
  let cluster: TestCluster | undefined
  beforeAll(async () => {
    cluster = await startCluster(overrides)
  })
  afterAll(() => cluster?.stop())
  return {
    request: request => must(cluster, 'a cluster').server.transport(systemUser).request(request),
  }
}

export const kubectlPath = join(packageRoot(), 'dist', 'bin', 'kubectl')

/** False when the build has not extracted kubectl. */
export const hasKubectl = existsSync(kubectlPath)

export async function startCluster(
  overrides: Partial<ApiServerOptions> = {},
): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-contract-'))
  const ca = await createClusterCa('test')
  const tls = await issueCertificate(ca, {
    user: 'kube-apiserver',
    hosts: ['127.0.0.1'],
    usages: ['server', 'client'],
  })
  const store = overrides.store ?? createLocalStore()
  const clusterInfo = {
    name: 'test',
    serviceCidr: '10.96.0.0/16',
    apiEndpoints: () => [{ ip: '127.0.0.1', port: 6443 }],
  }
  const server = createApiServer({
    store,
    ca: ca.cert,
    tls,
    host: '127.0.0.1',
    port: 0,
    clusterInfo,
    logger: silentLogger,
    clock: systemClock,
    ...overrides,
  })
  await server.start()
  await bootstrap(server.transport(systemUser), clusterInfo)
  const admin = await issueCertificate(ca, {
    user: 'kubernetes-admin',
    groups: ['system:masters'],
    usages: ['client'],
  })
  const config = join(folder, 'kubeconfig')
  writeFileSync(config, kubeconfig(`https://127.0.0.1:${server.port}`, ca.cert, admin))
  const env = { ...process.env, KUBECONFIG: config, HOME: folder }
  return {
    server,
    store,
    ca,
    folder,
    kubectl: (args, input) => run(splitArguments(args), input, env),
    follow: (args, enough) => follow(splitArguments(args), enough, env),
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function kubeconfig(server: string, ca: string, user: KeyPair): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name: 'admin',
        user: {
          'client-certificate-data': base64(user.cert),
          'client-key-data': base64(user.key),
        },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  }
  return JSON.stringify(config)
}

function splitArguments(text: string): string[] {
  return (text.match(/'[^']*'|\S+/g) ?? []).map(part => part.replace(/^'|'$/g, ''))
}

function run(args: string[], input: string | undefined, env: NodeJS.ProcessEnv): Promise<Run> {
  return new Promise(resolve => {
    const child = execFile(kubectlPath, args, { env, timeout: 20_000 }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, out, err })
    })
    child.stdin?.end(input ?? '')
  })
}

function follow(
  args: string[],
  enough: (out: string) => boolean,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  return new Promise(resolve => {
    const child = spawn(kubectlPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const giveUp = setTimeout(() => child.kill(), 15_000)
    let out = ''
    child.stdout.on('data', piece => {
      out += piece
      if (enough(out)) child.kill()
    })
    child.on('close', () => {
      clearTimeout(giveUp)
      resolve(out)
    })
  })
}
