import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import type { Container, Pod, PodStatus } from '../../../src/api/objects.ts'
import type { KubeObject } from '../../../src/api/types.ts'
import { createClient } from '../../../src/client/client.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import type { Startable } from '../../../src/kernel/startable.ts'
import { createKubelet } from '../../../src/kubelet/kubelet.ts'
import { createProcessRuntime } from '../../../src/kubelet/runtime/process/runtime.ts'
import { stopAllShims } from '../../../src/kubelet/runtime/process/stopshims.ts'
import { createSimulatedRuntime } from '../../../src/kubelet/runtime/simulated.ts'
import type { Runtime } from '../../../src/kubelet/runtime/types.ts'
import { createClusterCa, issueCertificate, type KeyPair } from '../../../src/pki/authority.ts'
import { FakeApi } from '../client/fakeapi.ts'

let ca: KeyPair
let serverPair: KeyPair
let masterPair: KeyPair
let strangerPair: KeyPair
const folders: string[] = []
const started: Startable[] = []
const within = { timeout: 4_000, interval: 10 }

beforeAll(async () => {
  ca = await createClusterCa('test')
  serverPair = await issueCertificate(ca, {
    user: 'system:node:n1',
    hosts: ['127.0.0.1'],
    usages: ['server'],
  })
  const groups = ['system:masters']
  masterPair = await issueCertificate(ca, { user: 'kube-apiserver', groups, usages: ['client'] })
  strangerPair = await issueCertificate(ca, { user: 'jane', usages: ['client'] })
})
afterEach(async () => {
  await Promise.all(started.splice(0).map(each => each.stop()))
  await Promise.all(folders.map(folder => stopAllShims(folder, 0)))
})
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const path = (name: string) => `/api/v1/namespaces/default/pods/${name}`
const pod = (name: string, container: Partial<Container>, spec: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}` },
  spec: {
    nodeName: 'n1',
    containers: [{ name: 'c', image: 'busybox', ...container }],
    ...spec,
  },
  status: { phase: 'Pending' },
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-kubelet-'))
  folders.push(folder)
  return folder
}

async function setUp(options: { runtime?: Runtime; api?: FakeApi; dataDir?: string } = {}) {
  const api = options.api ?? new FakeApi()
  const dataDir = options.dataDir ?? newFolder()
  const logger = silentLogger
  const runtime = options.runtime ?? createProcessRuntime({ dataDir, version: '0.1.0', logger })
  const kubelet = createKubelet({
    nodeName: 'n1',
    client: createClient(api, { userAgent: 'test', retryForMs: 0 }),
    runtime,
    nodeAddress: '127.0.0.1',
    podCidrFallback: '127.92.3.0/24',
    serverPort: 0,
    tls: { ca: ca.cert, cert: serverPair.cert, key: serverPair.key },
    labels: { 'node-role.kubernetes.io/worker': '' },
    dataDir,
    logger,
    timings: { podCidrWaitMs: 50, crashBackoffMs: { first: 300, max: 2_000 } },
  })
  started.push(kubelet)
  await kubelet.start()
  const status = (name: string) => api.objects.get(path(name))?.status as PodStatus | undefined
  const events = () =>
    [...api.objects.values()].filter(each => each.kind === 'Event').map(each => each.reason)
  const event = (reason: string) => [...api.objects.values()].find(each => each.reason === reason)
  return { api, dataDir, runtime, kubelet, status, events, event }
}

function condition(status: PodStatus | undefined, type: string): string | undefined {
  return status?.conditions?.find(each => each.type === type)?.status
}

/** What the API server does on a graceful DELETE. */
function markDeleted(api: FakeApi, name: string, seconds: number): void {
  const old = api.objects.get(path(name))!
  const deletionTimestamp = new Date().toISOString()
  const metadata = { ...old.metadata, deletionTimestamp, deletionGracePeriodSeconds: seconds }
  api.put(path(name), { ...old, metadata })
}

describe('kubelet with processes', () => {
  test('registers its node and renews the lease', async () => {
    const { api } = await setUp()
    const getNode = () => api.objects.get('/api/v1/nodes/n1')
    await vi.waitFor(() => expect(condition(getNode()?.status, 'Ready')).toBe('True'), within)
    const node = getNode()
    expect(node?.metadata.labels).toMatchObject({
      'kubernetes.io/hostname': 'n1',
      'kubernetes.io/os': 'linux',
      'node-role.kubernetes.io/worker': '',
    })
    expect(node?.status).toMatchObject({
      nodeInfo: { containerRuntimeVersion: 'process://0.1.0' },
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }, { type: 'Hostname' }],
    })
    expect(condition(node?.status, 'Ready')).toBe('True')
    expect(node?.status.daemonEndpoints.kubeletEndpoint.Port).toBeGreaterThan(0)
    const lease = () =>
      api.objects.get('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1')
    await vi.waitFor(() => expect(lease()).toBeDefined(), within)
    const first = lease()?.spec.renewTime
    expect(first).toMatch(/\.\d{6}Z$/)
    await vi.waitFor(() => expect(lease()?.spec.renewTime > first).toBe(true), within)
  })

  test('nginx is Ready soon, answers on its address, and says what it is', async () => {
    const { api, status, events } = await setUp()
    const before = performance.now()
    api.put(path('web'), pod('web', { image: 'nginx:1.25' }))
    await vi.waitFor(() => expect(condition(status('web'), 'Ready')).toBe('True'), within)
    expect(performance.now() - before).toBeLessThan(5_000)
    const { podIP, phase, qosClass, containerStatuses } = status('web')!
    expect({ phase, qosClass }).toEqual({ phase: 'Running', qosClass: 'BestEffort' })
    expect(podIP).toMatch(/^127\.92\.3\./)
    expect(containerStatuses?.[0]).toMatchObject({ ready: true, started: true, restartCount: 0 })
    const annotations = api.objects.get(path('web'))?.metadata.annotations ?? {}
    const port = annotations['quorate.dev/port-80'] ?? '80'
    expect(await (await fetch(`http://${podIP}:${port}/`)).text()).toContain('pod web')
    await vi.waitFor(() => {
      expect(events()).toEqual(expect.arrayContaining(['Pulled', 'Created', 'Started']))
    }, within)
  })

  test('a crashing container is restarted with back-off, and counted', async () => {
    const { api, status, event } = await setUp()
    api.put(path('bad'), pod('bad', { command: ['sh', '-c', 'exit 3'] }))
    const container = () => status('bad')?.containerStatuses?.[0]
    await vi.waitFor(() => {
      expect(container()?.state?.waiting?.reason).toBe('CrashLoopBackOff')
    }, within)
    expect(container()?.state?.waiting?.message).toContain('restarting failed container=c pod=bad')
    expect(container()?.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' })
    await vi.waitFor(() => expect(container()?.restartCount).toBeGreaterThan(1), within)
    expect(status('bad')?.phase).toBe('Running')
    expect(event('BackOff')?.message).toContain('Back-off restarting failed container c in pod bad')
  })

  test('an image that nothing stands for is ErrImagePull, then ImagePullBackOff', async () => {
    const { api, status, event } = await setUp()
    api.put(path('db'), pod('db', { image: 'redis:7' }))
    const waiting = () => status('db')?.containerStatuses?.[0]?.state?.waiting
    await vi.waitFor(() => expect(waiting()?.reason).toBe('ErrImagePull'), within)
    expect(waiting()?.message).toContain('"images" in cluster.config.json')
    expect(status('db')?.phase).toBe('Pending')
    await vi.waitFor(() => {
      expect(event('Failed')?.message).toContain('Failed to pull image "redis:7"')
    }, within)
    expect(condition(status('db'), 'PodReadyToStartContainers')).toBe('True')
    await vi.waitFor(() => expect(waiting()?.reason).toBe('ImagePullBackOff'), within)
    expect(waiting()?.message).toContain('Back-off pulling image "redis:7": ErrImagePull: ')
  })

  test('init containers run in turn; a pod that may not restart ends', async () => {
    const { api, status, dataDir } = await setUp()
    const script = 'echo second >> /shared/log; cat /shared/log'
    const volumeMounts = [{ name: 'shared', mountPath: '/shared' }]
    const init = { name: 'i', command: ['sh', '-c', 'echo first > /shared/log'], volumeMounts }
    const spec = {
      restartPolicy: 'Never',
      initContainers: [{ image: 'busybox', ...init }],
      volumes: [{ name: 'shared', emptyDir: {} }],
    }
    api.put(path('job'), pod('job', { command: ['sh', '-c', script], volumeMounts }, spec))
    await vi.waitFor(() => expect(status('job')?.phase).toBe('Succeeded'), within)
    const ended = status('job')!
    expect(ended.initContainerStatuses?.[0]?.state?.terminated?.reason).toBe('Completed')
    expect(ended.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 0 })
    expect(ended.conditions?.find(each => each.type === 'Ready')?.reason).toBe('PodCompleted')
    const log = join(dataDir, 'logs', 'default_job_uid-job', 'c', '0.log')
    expect(readFileSync(log, 'utf8')).toMatch(/F first\n.*F second\n/)
  })

  test('configuration reaches the container; what is missing is said and waited for', async () => {
    const { api, status, dataDir } = await setUp()
    const from = (key: string) => ({ configMapKeyRef: { name: 'conf', key } })
    const env = [
      { name: 'A', valueFrom: from('a') },
      { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'BOTH', value: '$(A)-$(NODE)-$$(A)' },
    ]
    const volumeMounts = [{ name: 'v', mountPath: '/etc/conf' }]
    const command = ['sh', '-c', 'echo $BOTH; cat /etc/conf/a; exec sleep 60']
    const spec = { volumes: [{ name: 'v', configMap: { name: 'conf', optional: true } }] }
    api.put(path('p'), pod('p', { command, env, volumeMounts }, spec))
    const waiting = () => status('p')?.containerStatuses?.[0]?.state?.waiting
    await vi.waitFor(() => expect(waiting()?.reason).toBe('CreateContainerConfigError'), within)
    expect(waiting()?.message).toContain('configmaps "conf" not found')
    const metadata = { name: 'conf', namespace: 'default' }
    api.put('/api/v1/namespaces/default/configmaps/conf', { metadata, data: { a: 'x' } })
    await vi.waitFor(() => expect(condition(status('p'), 'Ready')).toBe('True'), within)
    const log = join(dataDir, 'logs', 'default_p_uid-p', 'c', '0.log')
    await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toContain('x-n1-$(A)'), within)
  })

  test('readiness follows its probe; a failed liveness probe restarts the container', async () => {
    const { api, status, event } = await setUp()
    const probe = { periodSeconds: 0.05, failureThreshold: 1 }
    const readinessProbe = { exec: { command: ['test', '-e', '/flags/ready'] }, ...probe }
    const livenessProbe = { exec: { command: ['test', '!', '-e', '/flags/ill'] }, ...probe }
    const flags = newFolder()
    const volumeMounts = [{ name: 'flags', mountPath: '/flags' }]
    const spec = { volumes: [{ name: 'flags', hostPath: { path: flags } }] }
    // The flag goes away, so that the second start stays alive.
    const command = ['sh', '-c', 'rm -f /flags/ill; exec sleep 60']
    const container = { command, readinessProbe, livenessProbe, volumeMounts }
    api.put(path('p'), pod('p', container, spec))
    await vi.waitFor(() => {
      expect(event('Unhealthy')?.message).toContain('Readiness probe failed')
    }, within)
    expect(condition(status('p'), 'Ready')).toBe('False')
    const { writeFileSync } = await import('node:fs')
    writeFileSync(join(flags, 'ready'), '')
    await vi.waitFor(() => expect(condition(status('p'), 'Ready')).toBe('True'), within)
    writeFileSync(join(flags, 'ill'), '')
    const restarts = () => status('p')?.containerStatuses?.[0]?.restartCount
    await vi.waitFor(() => expect(restarts()).toBe(1), within)
    await vi.waitFor(() => {
      expect(event('Killing')?.message).toBe('Container c failed liveness probe, will be restarted')
    }, within)
  })

  test('deletion: preStop, TERM, then the object is deleted and nothing is left', async () => {
    const { api, status, runtime } = await setUp()
    const marks = newFolder()
    const command = ['sh', '-c', `trap "echo term >> ${marks}/log; exit 0" TERM; sleep 60 & wait`]
    const preStop = { exec: { command: ['sh', '-c', `echo hook >> ${marks}/log`] } }
    api.put(path('p'), pod('p', { command, lifecycle: { preStop } }))
    await vi.waitFor(() => expect(condition(status('p'), 'Ready')).toBe('True'), within)
    markDeleted(api, 'p', 5)
    await vi.waitFor(() => expect(api.objects.has(path('p'))).toBe(false), within)
    expect(readFileSync(join(marks, 'log'), 'utf8')).toBe('hook\nterm\n')
    const deletion = api.requests.find(each => each.method === 'DELETE')!
    expect(JSON.parse(Buffer.from(deletion.body!).toString())).toMatchObject({
      gracePeriodSeconds: 0,
      preconditions: { uid: 'uid-p' },
    })
    await vi.waitFor(() => expect(runtime.sandboxes()).toEqual([]), within)
  })

  test('a new kubelet adopts the pods: same process, no restart', async () => {
    const first = await setUp()
    first.api.put(path('p'), pod('p', { command: ['sleep', '60'] }))
    await vi.waitFor(() => expect(condition(first.status('p'), 'Ready')).toBe('True'), within)
    const pid = first.runtime.containers()[0]!.pid
    await first.kubelet.stop()
    const second = await setUp({ api: first.api, dataDir: first.dataDir })
    await vi.waitFor(() => expect(second.runtime.containers()[0]?.pid).toBe(pid), within)
    second.api.put('/api/v1/namespaces/default/pods/q', pod('q', { command: ['sleep', '60'] }))
    await vi.waitFor(() => expect(condition(second.status('q'), 'Ready')).toBe('True'), within)
    expect(second.status('p')?.containerStatuses?.[0]).toMatchObject({
      ready: true,
      restartCount: 0,
    })
    expect(second.runtime.containers().find(each => each.podUid === 'uid-p')?.pid).toBe(pid)
  })

  test('a pod whose shim died (or whose machine did) is started again, and counted', async () => {
    const { api, status, runtime, dataDir } = await setUp()
    api.put(path('p'), pod('p', { command: ['sleep', '60'] }))
    await vi.waitFor(() => expect(condition(status('p'), 'Ready')).toBe('True'), within)
    const [sandbox] = runtime.sandboxes()
    const record = join(dataDir, 'runtime', sandbox!.id, 'shim.json')
    process.kill(JSON.parse(readFileSync(record, 'utf8')).pid, 'SIGKILL')
    const container = () => status('p')?.containerStatuses?.[0]
    await vi.waitFor(() => {
      expect(container()).toMatchObject({ restartCount: 1, ready: true })
    }, within)
    expect(container()?.lastState?.terminated?.exitCode).toBe(137)
    expect(condition(status('p'), 'Ready')).toBe('True')
  })

  test('a status that somebody else overwrote is put right', async () => {
    const { api, status } = await setUp()
    api.put(path('p'), pod('p', { command: ['sleep', '60'] }))
    await vi.waitFor(() => expect(condition(status('p'), 'Ready')).toBe('True'), within)
    const old = api.objects.get(path('p'))!
    const conditions = [{ type: 'Ready', status: 'False', reason: 'NodeNotReady' }]
    api.put(path('p'), { ...old, status: { ...old.status, conditions } })
    await vi.waitFor(() => expect(condition(status('p'), 'Ready')).toBe('True'), within)
  })

  test('a pod deleted while no kubelet ran is removed by the next one', async () => {
    const first = await setUp()
    first.api.put(path('p'), pod('p', { command: ['sleep', '60'] }))
    await vi.waitFor(() => expect(condition(first.status('p'), 'Ready')).toBe('True'), within)
    const pid = first.runtime.containers()[0]!.pid!
    await first.kubelet.stop()
    first.api.remove(path('p'))
    const second = await setUp({ api: first.api, dataDir: first.dataDir })
    await vi.waitFor(() => expect(second.runtime.sandboxes()).toEqual([]), within)
    expect(() => process.kill(pid, 0)).toThrow()
  })
})

describe('kubelet server', () => {
  function call(port: number, target: string, pair: KeyPair): Promise<[number, string]> {
    const options = { ca: ca.cert, cert: pair.cert, key: pair.key }
    return new Promise((resolve, reject) => {
      httpsRequest(`https://127.0.0.1:${port}${target}`, options, response => {
        let text = ''
        response.on('data', chunk => {
          text += chunk
        })
        response.on('end', () => resolve([response.statusCode ?? 0, text]))
      })
        .on('error', reject)
        .end()
    })
  }

  async function withPod(command: string[]) {
    const all = await setUp()
    all.api.put(path('p'), pod('p', { command }))
    await vi.waitFor(() => expect(condition(all.status('p'), 'Ready')).toBe('True'), within)
    const node = () => all.api.objects.get('/api/v1/nodes/n1') as KubeObject
    await vi.waitFor(() => expect(condition(node().status, 'Ready')).toBe('True'), within)
    return { ...all, port: node().status.daemonEndpoints.kubeletEndpoint.Port as number }
  }

  test('logs: whole, tail, limited, followed to the end; only for the API server', async () => {
    const { port, dataDir } = await withPod(['sh', '-c', 'echo a; echo b; sleep 0.3; echo c'])
    const log = '/containerLogs/default/p/c'
    await vi.waitFor(() => {
      const file = join(dataDir, 'logs', 'default_p_uid-p', 'c', '0.log')
      expect(readFileSync(file, 'utf8')).toContain('F b')
    }, within)
    expect(await call(port, `${log}?tailLines=1&follow=true`, masterPair)).toEqual([200, 'b\nc\n'])
    expect((await call(port, `${log}?limitBytes=3`, masterPair))[0]).toBe(200)
    const [, stamped] = await call(port, `${log}?timestamps=true&previous=true`, masterPair)
    expect(stamped).toMatch(/^\d{4}-\S+Z a\n/)
    expect((await call(port, log, strangerPair))[0]).toBe(403)
    expect(await call(port, '/containerLogs/default/p/x', masterPair)).toEqual([
      404,
      'container x not found in pod p',
    ])
    expect(await call(port, '/healthz', masterPair)).toEqual([200, 'ok'])
  })

  test('exec over WebSocket: streams, end of input, exit code', async () => {
    const { port } = await withPod(['sleep', '60'])
    const query = new URLSearchParams({ stdin: 'true', stdout: 'true', stderr: 'true' })
    for (const part of ['sh', '-c', 'cat; echo err >&2; exit 5']) query.append('command', part)
    const url = `wss://127.0.0.1:${port}/exec/default/p/c?${query}`
    const tls = { ca: ca.cert, cert: masterPair.cert, key: masterPair.key }
    const socket = new WebSocket(url, ['v5.channel.k8s.io', 'v4.channel.k8s.io'], tls)
    const seen: Record<number, string> = {}
    socket.on('message', (data: Buffer) => {
      seen[data[0]!] = (seen[data[0]!] ?? '') + data.subarray(1).toString()
    })
    socket.once('open', () => {
      socket.send(Buffer.concat([Buffer.from([0]), Buffer.from('hello')]))
      socket.send(Buffer.from([255, 0]))
    })
    await new Promise(resolve => socket.once('close', resolve))
    expect(socket.protocol).toBe('v5.channel.k8s.io')
    expect(seen[1]).toBe('hello')
    expect(seen[2]).toBe('err\n')
    expect(JSON.parse(seen[3]!)).toMatchObject({
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '5' }] },
    })
  })
})

describe('kubelet with the simulated runtime', () => {
  const simulated = () => createSimulatedRuntime({ version: '1' })

  test('refuses pods that do not fit, in upstream words', async () => {
    const { api, status, event } = await setUp({ runtime: simulated() })
    const resources = { requests: { cpu: '1000' } }
    const node = () => api.objects.get('/api/v1/nodes/n1')
    await vi.waitFor(() => expect(condition(node()?.status, 'Ready')).toBe('True'), within)
    api.put(path('big'), pod('big', { resources }))
    await vi.waitFor(() => expect(status('big')?.phase).toBe('Failed'), within)
    expect(status('big')).toMatchObject({ reason: 'OutOfcpu' })
    expect(status('big')?.message).toContain("Node didn't have enough resource: cpu")
    await vi.waitFor(() => expect(event('OutOfcpu')).toBeDefined(), within)
    api.put(path('far'), pod('far', {}, { nodeSelector: { disk: 'ssd' } }))
    await vi.waitFor(() => expect(status('far')?.reason).toBe('NodeAffinity'), within)
  })

  test('runs a hundred pods and ends one past its deadline', async () => {
    const { api, status } = await setUp({ runtime: simulated() })
    for (let count = 0; count < 100; count++) api.put(path(`p${count}`), pod(`p${count}`, {}))
    api.put(path('late'), pod('late', {}, { activeDeadlineSeconds: 1 }))
    await vi.waitFor(() => {
      for (let count = 0; count < 100; count++) expect(status(`p${count}`)?.phase).toBe('Running')
    }, within)
    await vi.waitFor(() => expect(status('late')?.reason).toBe('DeadlineExceeded'), within)
    expect(status('late')?.phase).toBe('Failed')
  })
})
