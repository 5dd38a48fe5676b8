import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { kinds } from '../../../src/api/kinds.ts'
import type { Pod } from '../../../src/api/objects.ts'
import { createApiServer } from '../../../src/apiserver/server.ts'
import { createClient } from '../../../src/client/client.ts'
import { InformerFactory } from '../../../src/client/informer.ts'
import type { Client } from '../../../src/client/types.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import type { Startable } from '../../../src/kernel/startable.ts'
import { createKubelet } from '../../../src/kubelet/kubelet.ts'
import { createProcessRuntime } from '../../../src/kubelet/runtime/process/runtime.ts'
import { stopAllShims } from '../../../src/kubelet/runtime/process/stopshims.ts'
import { createClusterCa, issueCertificate } from '../../../src/pki/authority.ts'
import { identities, nodeIdentity } from '../../../src/pki/identities.ts'
import { createLocalStore } from '../../../src/store/local.ts'

/** The kubelet against the real API server over a store in memory. */

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each()
})
const within = { timeout: 4_500, interval: 10 }
const logger = silentLogger
const hosts = ['127.0.0.1', 'localhost']

async function startCluster() {
  const ca = await createClusterCa('test')
  const serverTls = await issueCertificate(ca, {
    user: 'kube-apiserver',
    hosts,
    usages: ['server'],
  })
  const toKubelet = await issueCertificate(ca, { ...identities.apiserver, usages: ['client'] })
  const admin = await issueCertificate(ca, { ...identities.admin, usages: ['client'] })
  const kubeletTls = await issueCertificate(ca, {
    ...nodeIdentity('n1'),
    hosts,
    usages: ['server'],
  })
  const server = createApiServer({
    store: createLocalStore(),
    ca: ca.cert,
    tls: serverTls,
    host: '127.0.0.1',
    port: 0,
    clusterInfo: { name: 'test', serviceCidr: '127.94.0.0/24', apiEndpoints: () => [] },
    logger,
    clock: systemClock,
    kubeletCredentials: { ...toKubelet, ca: ca.cert },
  })
  await run(server)
  const transport = server.transport({ name: 'admin', groups: ['system:masters'] })
  const client = createClient(transport, { userAgent: 'test' })
  for (const name of ['default', 'kube-node-lease']) {
    await client.create(kinds.namespaces, { metadata: { name } }).catch(() => undefined)
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'quorate-kubelet-api-'))
  cleanUp.push(() => rmSync(dataDir, { recursive: true, force: true }))
  cleanUp.push(() => stopAllShims(dataDir, 0))
  const start = async () => {
    const kubelet = createKubelet({
      nodeName: 'n1',
      client,
      runtime: createProcessRuntime({ dataDir, version: '0.1.0', logger }),
      nodeAddress: '127.0.0.1',
      podCidrFallback: '127.94.3.0/24',
      serverPort: 0,
      tls: { ...kubeletTls, ca: ca.cert },
      dataDir,
      logger,
      timings: { podCidrWaitMs: 50 },
    })
    await run(kubelet)
    return kubelet
  }
  return { ca, admin, server, client, start }
}

async function run(part: Startable): Promise<void> {
  await part.start()
  cleanUp.push(() => part.stop())
}

const podOf = (name: string, container: object): Pod => ({
  metadata: { name, namespace: 'default' },
  spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'busybox', ...container }] },
})

const isReady = async (client: Client, name: string) => {
  const { status } = await client.get(kinds.pods, 'default', name)
  return status?.conditions?.find(each => each.type === 'Ready')?.status === 'True'
}

describe('kubelet and API server', () => {
  test('a pod runs, its log and exec pass through, and deletion is graceful', async () => {
    const { ca, admin, server, client, start } = await startCluster()
    await start()
    const command = ['sh', '-c', 'echo hello; exec sleep 60']
    await client.create(kinds.pods, podOf('p', { command }))
    await vi.waitFor(async () => expect(await isReady(client, 'p')).toBe(true), within)
    const { status } = await client.get(kinds.pods, 'default', 'p')
    expect(status).toMatchObject({ phase: 'Running', qosClass: 'BestEffort' })
    expect(status?.podIP).toMatch(/^127\.94\.3\./)

    const tls = { ca: ca.cert, cert: admin.cert, key: admin.key }
    const base = `https://127.0.0.1:${server.port}/api/v1/namespaces/default/pods/p`
    const log = await new Promise<string>((resolve, reject) => {
      httpsRequest(`${base}/log`, tls, response => {
        let text = ''
        response.on('data', chunk => {
          text += chunk
        })
        response.on('end', () => resolve(text))
      })
        .on('error', reject)
        .end()
    })
    expect(log).toBe('hello\n')

    const query = 'stdout=true&command=echo&command=from-exec'
    const socket = new WebSocket(
      `${base.replace('https', 'wss')}/exec?${query}`,
      ['v5.channel.k8s.io'],
      tls,
    )
    let output = ''
    socket.on('message', (data: Buffer) => {
      if (data[0] === 1) output += data.subarray(1).toString()
    })
    await new Promise((resolve, reject) => socket.once('close', resolve).once('error', reject))
    expect(output).toBe('from-exec\n')

    await client.delete(kinds.pods, 'default', 'p', { gracePeriodSeconds: 1 })
    const marked = await client.get(kinds.pods, 'default', 'p')
    expect(marked.metadata.deletionTimestamp).toBeDefined()
    await vi.waitFor(async () => {
      await expect(client.get(kinds.pods, 'default', 'p')).rejects.toThrow('not found')
    }, within)
  })

  test('a new kubelet finds its node, lease and pods as they were', async () => {
    const { client, start } = await startCluster()
    const first = await start()
    await client.create(kinds.pods, podOf('p', { command: ['sleep', '60'] }))
    await vi.waitFor(async () => expect(await isReady(client, 'p')).toBe(true), within)
    const before = await client.get(kinds.pods, 'default', 'p')
    await first.stop()
    await start()
    await client.create(kinds.pods, podOf('q', { command: ['sleep', '60'] }))
    await vi.waitFor(async () => expect(await isReady(client, 'q')).toBe(true), within)
    const after = await client.get(kinds.pods, 'default', 'p')
    expect(after.status).toEqual(before.status)
    const events = await client.list(kinds.events, { namespace: 'default' })
    const reasons = events.items.map(each => each.reason)
    expect(reasons).toEqual(expect.arrayContaining(['Pulled', 'Created', 'Started']))
    const factory = new InformerFactory(client)
    await run(factory)
    const leases = factory.informer(kinds.leases)
    await leases.waitForSync()
    const held = leases.lister.get('kube-node-lease', 'n1')
    const renewed = Number(held?.metadata.resourceVersion)
    await vi.waitFor(() => {
      const now = leases.lister.get('kube-node-lease', 'n1')
      expect(Number(now?.metadata.resourceVersion)).toBeGreaterThan(renewed)
    }, within)
  })
})
