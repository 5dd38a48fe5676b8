import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kinds } from '../../src/api/kinds.ts'
import type { Deployment, Service } from '../../src/api/objects.ts'
import type { Client } from '../../src/client/types.ts'
import { sleep } from '../../src/kernel/clock.ts'
import { signalGroup } from '../../src/kubelet/runtime/process/pids.ts'
import { shimFiles } from '../../src/kubelet/runtime/process/protocol.ts'
import { readShimRecord } from '../../src/kubelet/runtime/process/shimclient.ts'
import { killLeftovers } from '../../src/kubelet/runtime/process/stopshims.ts'
import { run, startCluster, type TestCluster } from '../support/cluster.ts'
import { until } from '../support/until.ts'

/** A worker's machine dies with everything on it: its pods come back elsewhere. */
const worker = 'worker-1'
const graceMs = 3_000
const evictionSeconds = 2
const labels = { app: 'web' }
const unreachable = 'node.kubernetes.io/unreachable'
let cluster: TestCluster
let client: Client

beforeAll(async () => {
  cluster = await startCluster({
    workers: 1,
    config: file => {
      const timings = { nodeLeaseRenewMs: 500, nodeMonitorGraceMs: graceMs }
      file.timings = { ...timings, podEvictionSeconds: evictionSeconds }
    },
  })
  client = cluster.client()
}, 90_000)
afterAll(() => cluster?.down(), 60_000)

/** Two pods that share no node; one of them prefers the worker. */
const deployment: Deployment = {
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [{ name: 'web', image: 'nginx:1.14.2' }],
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } },
            ],
          },
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              {
                weight: 100,
                preference: {
                  matchExpressions: [
                    { key: 'kubernetes.io/hostname', operator: 'In', values: [worker] },
                  ],
                },
              },
            ],
          },
        },
      },
    },
  },
}

const service: Service = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: labels, ports: [{ port: 8_080, targetPort: 80 }] },
}

/** Nodes of the pods that are ready and staying. */
async function readyNodes(): Promise<string[]> {
  const { items } = await client.list(kinds.pods, {
    namespace: 'default',
    labelSelector: 'app=web',
  })
  const ready = items.filter(
    pod =>
      !pod.metadata.deletionTimestamp &&
      pod.status?.conditions?.some(each => each.type === 'Ready' && each.status === 'True'),
  )
  return ready.map(pod => pod.spec.nodeName ?? '').sort()
}

/** What a machine that loses its power takes along. */
function killPodsOf(peer: string): number {
  const folder = join(cluster.data, 'peers', peer)
  const shims = readdirSync(folder, { recursive: true })
    .map(String)
    .filter(name => name.endsWith(`/${shimFiles.shim}`))
    .map(name => dirname(join(folder, name)))
  for (const shim of shims) {
    signalGroup(readShimRecord(shim).pid, 'SIGKILL')
    killLeftovers(shim)
  }
  return shims.length
}

/** Asks again and again; remembers whatever was not answered at the second attempt. */
class Clients {
  requests = 0
  retried = 0
  readonly failures: string[] = []
  readonly #loop: Promise<void>
  #stopped = false

  constructor(url: string) {
    this.#loop = this.#run(url)
  }

  stop(): Promise<void> {
    this.#stopped = true
    return this.#loop
  }

  async #run(url: string): Promise<void> {
    while (!this.#stopped) {
      this.requests++
      const first = await curl(url)
      if (first.code !== 0) {
        this.retried++
        const second = await curl(url)
        if (second.code !== 0) this.failures.push(`curl exit ${first.code}, then ${second.code}`)
      }
      await sleep(20)
    }
  }
}

const curl = (url: string) => run('curl', ['-sf', '-m', '5', '-o', '/dev/null', url])

test('a dead worker: NotReady, its pods elsewhere after the grace, its Service answers', async () => {
  await client.create(kinds.deployments, deployment)
  const { spec } = await client.create(kinds.services, service)
  const before = await until(
    'both are ready',
    async () => {
      const nodes = await readyNodes()
      return nodes.length === 2 ? nodes : undefined
    },
    20_000,
  )
  expect(before).toContain(worker)
  const url = `http://${spec.clusterIP}:8080/`
  await until('the Service answers', async () => (await curl(url)).code === 0)

  const clients = new Clients(url)
  await cluster.fault('kill', worker)
  expect(killPodsOf(worker)).toBe(1)
  const began = performance.now()
  const after = await until(
    'both are ready elsewhere',
    async () => {
      const nodes = await readyNodes()
      return nodes.length === 2 && !nodes.includes(worker) ? nodes : undefined
    },
    30_000,
  )
  const tookMs = performance.now() - began
  await clients.stop()
  process.stdout.write(
    `replaced after ${Math.round(tookMs)} ms (grace ${graceMs}, eviction ${evictionSeconds} s); ` +
      `${clients.requests} requests, ${clients.retried} retried\n`,
  )
  expect(new Set(after).size).toBe(2)
  expect(clients.failures).toEqual([])
  // Not before its time, and not long after.
  expect(tookMs).toBeGreaterThan(graceMs - 1_000)
  expect(tookMs).toBeLessThan(graceMs + evictionSeconds * 1_000 + 8_000)
}, 90_000)

test('what kubectl says of it', async () => {
  expect(await cluster.must('get', 'nodes')).toMatch(/worker-1 +NotReady /)
  const node = await client.get(kinds.nodes, undefined, worker)
  expect(node.spec?.taints?.map(taint => `${taint.key}:${taint.effect}`)).toEqual([
    `${unreachable}:NoSchedule`,
    `${unreachable}:NoExecute`,
  ])
  const described = await cluster.must('describe', 'node', worker)
  expect(described).toMatch(
    /Ready +Unknown .*NodeStatusUnknown +Kubelet stopped posting node status\./,
  )
  expect(described).toContain(`Taints:             ${unreachable}:NoExecute`)
  expect(described).toContain('Node worker-1 status is now: NodeNotReady')
  const events = await cluster.must('get', 'events')
  expect(events).toMatch(
    /TaintManagerEviction +pod\/web-\S+ +Marking for deletion Pod default\/web-/,
  )
  expect(events).toMatch(/NodeNotReady +pod\/web-\S+ +Node is not ready/)
  // Nobody can say that its processes have ended: the pod stays, on its way out.
  expect(await cluster.must('get', 'pods', '-o', 'wide')).toMatch(/Terminating .*worker-1/)
  const status = await cluster.status()
  expect(status.peers.find(peer => peer.name === worker)?.role).toBe('down')
  expect(status.quorum).toBe(true)
})

test('it comes back: Ready, without taints, and what was on it is gone', async () => {
  await cluster.fault('restart', worker)
  await until(
    'it is Ready',
    async () => {
      const node = await client.get(kinds.nodes, undefined, worker)
      const ready = node.status?.conditions?.find(each => each.type === 'Ready')
      return ready?.status === 'True' && (node.spec?.taints ?? []).length === 0
    },
    20_000,
  )
  await until(
    'no pod is left of before',
    async () => {
      const out = await cluster.must('get', 'pods', '-o', 'wide')
      return !out.includes('Terminating')
    },
    20_000,
  )
  expect(await cluster.must('get', 'nodes')).toMatch(/worker-1 +Ready /)
  expect((await readyNodes()).length).toBe(2)
  await client.patch(kinds.deployments, 'default', 'web', {
    ...{ type: 'merge', body: { spec: { replicas: 3 } } },
  })
  await until('it takes pods again', async () => (await readyNodes()).includes(worker), 20_000)
}, 90_000)
