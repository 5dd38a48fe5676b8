import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { kinds } from '../../../src/api/kinds.ts'
import type { Pod } from '../../../src/api/objects.ts'
import { createApiServer } from '../../../src/apiserver/server.ts'
import { createClient } from '../../../src/client/client.ts'
import type { Client } from '../../../src/client/types.ts'
import { runEach, WorkQueue } from '../../../src/client/workqueue.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import type { Startable } from '../../../src/kernel/startable.ts'
import { createKubelet } from '../../../src/kubelet/kubelet.ts'
import { createProcessRuntime } from '../../../src/kubelet/runtime/process/runtime.ts'
import { readShimRecord } from '../../../src/kubelet/runtime/process/shimclient.ts'
import { stopAllShims } from '../../../src/kubelet/runtime/process/stopshims.ts'
import type { ContainerConfig } from '../../../src/kubelet/runtime/types.ts'
import { createClusterCa, issueCertificate } from '../../../src/pki/authority.ts'
import { identities, nodeIdentity } from '../../../src/pki/identities.ts'
import { createLocalStore } from '../../../src/store/local.ts'

/** What a node must bear: shims that hang, masters that lag, programs that take their time. */
const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each()
})
const logger = silentLogger
const within = { timeout: 8_000, interval: 10 }

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-trust-'))
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }))
  cleanUp.push(() => stopAllShims(folder, 0))
  return folder
}

describe('the process runtime', () => {
  const container = (folder: string, more: Partial<ContainerConfig> = {}): ContainerConfig => ({
    ...{ name: 'c', attempt: 0, image: 'busybox', imageId: 'process://busybox' },
    ...{ command: ['sleep', '60'], args: [], env: {}, mounts: [], specHash: 'x' },
    ...{ logPath: join(folder, 'logs', 'c', '0.log'), stdin: false, tty: false },
    terminationMessagePath: '/dev/termination-log',
    ...more,
  })
  const sandbox = (folder: string, podUid: string) => ({
    ...{ podUid, namespace: 'default', name: podUid, hostname: podUid },
    ...{ folder, logFolder: join(folder, 'logs') },
  })
  const create = async (dataDir: string) => {
    const runtime = createProcessRuntime({ dataDir, version: '0.1.0', logger })
    await runtime.start()
    cleanUp.push(() => runtime.stop())
    runtime.setPodCidr('127.95.3.0/24')
    return runtime
  }

  test('a shim that hangs costs its own pod, and not the start of the node', async () => {
    const dataDir = newFolder()
    const before = await create(dataDir)
    const hung = await before.runPodSandbox(sandbox(dataDir, 'hung'))
    const well = await before.runPodSandbox(sandbox(dataDir, 'well'))
    for (const id of [hung, well]) {
      await before.startContainer(await before.createContainer(id, container(dataDir)))
    }
    await before.stop()
    const { pid } = readShimRecord(join(dataDir, 'runtime', hung))
    process.kill(pid, 'SIGSTOP')
    const after = await create(dataDir)
    const states = after.sandboxes().map(({ podUid, state }) => `${podUid} ${state}`)
    expect(states.sort()).toEqual(['hung not-ready', 'well ready'])
    const ended = after.containers().map(({ podUid, state }) => `${podUid} ${state}`)
    expect(ended.sort()).toEqual(['hung exited', 'well running'])
  }, 30_000)

  test('TERM is for the first process alone; KILL is for all of them', async () => {
    const dataDir = newFolder()
    const runtime = await create(dataDir)
    const mark = join(dataDir, 'child-got-term')
    const ready = join(dataDir, 'ready')
    const child = `(trap "touch ${mark}" TERM; touch ${ready}; while :; do sleep 0.05; done) &`
    const command = ['sh', '-c', `${child} trap "sleep 0.5; exit 7" TERM; wait`]
    const id = await runtime.runPodSandbox(sandbox(dataDir, 'pod'))
    const started = await runtime.createContainer(id, container(dataDir, { command }))
    await runtime.startContainer(started)
    await vi.waitFor(() => expect(existsSync(ready)).toBe(true), within)
    await runtime.stopContainer(started, 10_000)
    expect(runtime.containers()[0]).toMatchObject({ state: 'exited', exitCode: 7 })
    expect(existsSync(mark)).toBe(false)
    expect(readdirSync(dataDir)).toContain('ready')
  }, 30_000)
})

test('one key that takes long holds up no other', async () => {
  const queue = new WorkQueue<string>()
  const done: string[] = []
  let release = () => {}
  const running = runEach(
    queue,
    async key => {
      if (key === 'slow') await new Promise<void>(resolve => (release = resolve))
      done.push(key)
    },
    () => {},
  )
  queue.add('slow')
  for (let n = 0; n < 100; n++) queue.add(`key-${n}`)
  await vi.waitFor(() => expect(done).toHaveLength(100), within)
  // Never twice at the same time.
  queue.add('slow')
  queue.add('last')
  await vi.waitFor(() => expect(done).toHaveLength(101), within)
  release()
  await vi.waitFor(() => expect(done).toContain('slow'), within)
  release()
  queue.shutDown()
  release()
  await running
})

describe('a kubelet', () => {
  async function startCluster() {
    const ca = await createClusterCa('test')
    const hosts = ['127.0.0.1', 'localhost']
    const issue = (
      identity: { user: string; groups?: readonly string[] },
      usage: 'server' | 'client',
    ) => issueCertificate(ca, { ...identity, hosts, usages: [usage] })
    const server = createApiServer({
      ...{ store: createLocalStore(), ca: ca.cert, host: '127.0.0.1', port: 0, logger },
      tls: await issue({ user: 'kube-apiserver' }, 'server'),
      clusterInfo: { name: 'test', serviceCidr: '127.96.0.0/24', apiEndpoints: () => [] },
      clock: systemClock,
      kubeletCredentials: { ...(await issue(identities.apiserver, 'client')), ca: ca.cert },
    })
    const run = async (part: Startable) => {
      await part.start()
      cleanUp.push(() => part.stop())
    }
    await run(server)
    const transport = server.transport({ name: 'admin', groups: ['system:masters'] })
    const client = createClient(transport, { userAgent: 'test' })
    for (const name of ['default', 'kube-node-lease']) {
      await client.create(kinds.namespaces, { metadata: { name } }).catch(() => undefined)
    }
    const dataDir = newFolder()
    const tls = { ...(await issue(nodeIdentity('n1'), 'server')), ca: ca.cert }
    const start = async (through: Client = client) => {
      const runtime = createProcessRuntime({ dataDir, version: '0.1.0', logger })
      const kubelet = createKubelet({
        ...{ nodeName: 'n1', client: through, runtime, dataDir, logger, tls },
        ...{ nodeAddress: '127.0.0.1', podCidrFallback: '127.96.3.0/24', serverPort: 0 },
        timings: { podCidrWaitMs: 50, crashBackoffMs: { first: 60_000, max: 60_000 } },
      })
      await run(kubelet)
      return { kubelet, runtime }
    }
    const read = async (path: string) => {
      const query = new URLSearchParams(path.split('?')[1])
      const url = `/api/v1/namespaces/default/pods/${path.split('?')[0]}`
      const answer = await transport.request({ method: 'GET', path: url, query, headers: {} })
      const chunks: Uint8Array[] = []
      const { body } = answer
      if (body instanceof Uint8Array) chunks.push(body)
      else for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk)
      return { code: answer.status, text: Buffer.concat(chunks).toString('utf8') }
    }
    return { client, start, read }
  }
  const podOf = (name: string, more: object, spec: object = {}): Pod => ({
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'busybox', ...more }], ...spec },
  })
  const statusOf = async (client: Client, name: string) =>
    (await client.get(kinds.pods, 'default', name)).status
  const isReady = async (client: Client, name: string) =>
    (await statusOf(client, name))?.conditions?.find(each => each.type === 'Ready')?.status

  test('ends no pod that is only missing from the list of a master that lags', async () => {
    const { client, start } = await startCluster()
    const first = await start()
    await client.create(kinds.pods, podOf('p', { command: ['sleep', '60'] }))
    await vi.waitFor(async () => expect(await isReady(client, 'p')).toBe('True'), within)
    const [before] = first.runtime.containers()
    await first.kubelet.stop()
    let lists = 0
    const list: Client['list'] = async (kind, options) => {
      const found = await client.list(kind, options)
      if (kind.resource !== 'pods') return found
      lists++
      return { ...found, items: [] }
    }
    const { get, create, update, patch, watch } = client
    const rest = { get, create, update, patch, watch, delete: client.delete }
    const bound = Object.entries(rest).map(([name, method]) => [name, method.bind(client)])
    const lagging = { ...client, ...Object.fromEntries(bound), list } as Client
    const { runtime } = await start(lagging)
    await vi.waitFor(() => expect(lists).toBeGreaterThan(0), within)
    // What is created now is worked on after what the list has led to.
    await client.create(kinds.pods, podOf('q', { command: ['sleep', '60'] }))
    await vi.waitFor(async () => expect(await isReady(client, 'q')).toBe('True'), within)
    const still = runtime.containers().find(each => each.id === before?.id)
    expect(still?.state).toBe('running')
    // One that is gone indeed goes.
    await client.delete(kinds.pods, 'default', 'p', { gracePeriodSeconds: 0 })
  }, 60_000)

  test('tells that a pod which is being stopped still serves', async () => {
    const { client, start } = await startCluster()
    await start()
    const command = ['sh', '-c', 'trap "sleep 3; exit 0" TERM; while :; do sleep 0.05; done']
    const readinessProbe = { exec: { command: ['true'] }, periodSeconds: 1 }
    await client.create(kinds.pods, podOf('p', { command, readinessProbe }))
    await vi.waitFor(async () => expect(await isReady(client, 'p')).toBe('True'), within)
    await client.delete(kinds.pods, 'default', 'p', { gracePeriodSeconds: 20 })
    // The status of a pod under deletion is written at once, and says that it is ready.
    const seen = await vi.waitFor(async () => {
      const pod = await client.get(kinds.pods, 'default', 'p')
      expect(pod.metadata.deletionTimestamp).toMatch(/Z$/)
      return pod
    }, within)
    expect(seen.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True')
    await vi.waitFor(async () => {
      const events = await client.list(kinds.events, { namespace: 'default' })
      expect(events.items.map(({ reason }) => reason)).toContain('Killing')
    }, within)
    expect(await isReady(client, 'p')).toBe('True')
    await vi.waitFor(async () => {
      await expect(client.get(kinds.pods, 'default', 'p')).rejects.toThrow('not found')
    }, within)
  }, 60_000)

  test('shows the last run of a container that waits to be started again', async () => {
    const { client, start, read } = await startCluster()
    await start()
    await client.create(kinds.pods, podOf('p', { command: ['sh', '-c', 'echo only run; exit 3'] }))
    await vi.waitFor(async () => {
      const [container] = (await statusOf(client, 'p'))?.containerStatuses ?? []
      expect(container?.state?.waiting?.reason).toBe('CrashLoopBackOff')
    }, within)
    expect(await read('p/log?previous=true')).toEqual({ code: 200, text: 'only run\n' })
    expect(await read('p/log')).toEqual({ code: 200, text: 'only run\n' })
  }, 60_000)

  test('answers what it refuses as a Status', async () => {
    const { client, start, read } = await startCluster()
    await start()
    await client.create(kinds.pods, podOf('p', { command: ['sleep', '60'] }))
    await vi.waitFor(async () => expect(await isReady(client, 'p')).toBe('True'), within)
    const previous = await read('p/log?previous=true')
    expect(JSON.parse(previous.text)).toMatchObject({
      ...{ kind: 'Status', reason: 'BadRequest', code: 400 },
      message: 'previous terminated container "c" in pod "p" not found',
    })
  }, 60_000)
})
