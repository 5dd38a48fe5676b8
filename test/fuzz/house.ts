import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { kinds } from '../../src/api/kinds.ts'
import type { Pod } from '../../src/api/objects.ts'
import type { Client } from '../../src/client/types.ts'
import { must } from '../../src/kernel/assert.ts'
import { createClusterCa, issueCertificate, type KeyPair } from '../../src/pki/authority.ts'
import { nodeIdentity } from '../../src/pki/identities.ts'
import { root, startCluster, type TestCluster } from '../support/cluster.ts'
import { until } from '../support/until.ts'
import type { Caller } from './callers.ts'
import { probeFolder } from './probe.ts'
import { Watched } from './watched.ts'

/** What loads the probe into a process and all its threads. */
export const probeFlags = `--import=${pathToFileURL(join(root, 'dist/test/fuzz/probe.js'))}`

const peer = 'peer-1'
const podName = 'well-behaved'

/** A cluster of one peer, all its processes watched, with a pod that runs. */
export interface House {
  readonly cluster: TestCluster
  readonly client: Client
  readonly peer: Watched
  readonly loadBalancer: Watched
  readonly supervisor: Watched
  /** The pod, for the kubelet. */
  readonly pod: string
  readonly kubeletPort: number
  readonly kubeletHost: string
  /** People at a port: in the clear, of another CA, a node, an administrator. */
  callers(port: number, host?: string): readonly Caller[]
}

let open: Promise<House> | undefined
let holders = 0
let scratch = ''

/** The house that all doors share; each of them lets go of it once. */
export function enter(): Promise<House> {
  holders++
  open ??= build()
  return open
}

export async function leave(): Promise<void> {
  if (--holders > 0 || open === undefined) return
  const house = await open.catch(() => undefined)
  open = undefined
  await house?.cluster.down()
  rmSync(scratch, { recursive: true, force: true })
}

async function build(): Promise<House> {
  scratch = mkdtempSync(join(tmpdir(), 'quorate-fuzz-'))
  const cluster = await startProbed()
  const client = cluster.client()
  const tls = cluster.tls
  const pki = join(cluster.data, 'pki')
  const ca = { cert: tls.ca, key: readFileSync(join(pki, 'ca.key'), 'utf8') }
  const people = [
    await issueCertificate(await createClusterCa('other'), {
      ...{ user: 'kubernetes-admin', groups: ['system:masters'], usages: ['client'] },
    }),
    await issueCertificate(ca, { ...nodeIdentity('other'), usages: ['client'] }),
  ]
  await runPod(client)
  const node = must((await client.list(kinds.nodes)).items[0], 'a node')
  const kubeletPort = must(node.status?.daemonEndpoints?.kubeletEndpoint, 'its port').Port
  const kubeletHost = must(node.status?.addresses?.[0], 'its address').address
  return {
    ...{ cluster, client, pod: podName, kubeletPort, kubeletHost },
    peer: watched(cluster, peer),
    loadBalancer: watched(cluster, 'load-balancer'),
    supervisor: watched(cluster, 'supervisor'),
    callers: (port, host = '127.0.0.1') => callersOf({ host, port }, people, tls),
  }
}

/** Half of what comes is an administrator's: only he gets far. */
function callersOf(
  to: { readonly host: string; readonly port: number },
  people: readonly KeyPair[],
  admin: KeyPair,
): Caller[] {
  const others = people.map(({ cert, key }) => ({ to, tls: { cert, key } }))
  const own = { to, tls: { cert: admin.cert, key: admin.key } }
  return [{ to }, { to, tls: {} }, ...others, own, own, own, own, own, own]
}

/** Its processes inherit what is in the environment. */
async function startProbed(): Promise<TestCluster> {
  const before = process.env.NODE_OPTIONS
  process.env.NODE_OPTIONS = probeFlags
  process.env[probeFolder] = scratch
  try {
    return await startCluster({ peers: 1 })
  } finally {
    if (before === undefined) delete process.env.NODE_OPTIONS
    else process.env.NODE_OPTIONS = before
    delete process.env[probeFolder]
  }
}

function watched(cluster: TestCluster, name: string): Watched {
  const record = JSON.parse(readFileSync(join(cluster.data, 'run', `${name}.json`), 'utf8'))
  const { pid } = record as { readonly pid: number }
  return new Watched(name, pid, scratch, join(cluster.data, 'logs', `${name}.log`))
}

async function runPod(client: Client): Promise<void> {
  const pod: Pod = {
    metadata: { name: podName, namespace: 'default' },
    spec: {
      containers: [
        { name: 'c', image: 'busybox', command: ['sh', '-c', 'echo hello; exec sleep 1000000'] },
      ],
      terminationGracePeriodSeconds: 0,
    },
  }
  await until('a node', async () => (await client.list(kinds.nodes)).items.length > 0)
  await client.create(kinds.pods, pod)
  await until(
    'the pod runs',
    async () => {
      const found = await client.get(kinds.pods, 'default', podName)
      return found.status?.phase === 'Running'
    },
    30_000,
  )
}
