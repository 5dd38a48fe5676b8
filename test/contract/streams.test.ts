import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import type { Transport } from '../../src/api/http.ts'
import { createClusterCa, issueCertificate } from '../../src/pki/authority.ts'
import { send } from './requests.ts'
import { hasKubectl, startCluster, systemUser, type TestCluster } from './support.ts'

/** A kubelet's server as far as the API server sees it: logs, and exec by WebSocket v5. */
async function startKubelet(): Promise<{
  server: Server
  ca: string
  asked: string[]
}> {
  const ca = await createClusterCa('kubelets')
  const tls = await issueCertificate(ca, {
    user: 'system:node:n1',
    hosts: ['127.0.0.1'],
    usages: ['server'],
  })
  const asked: string[] = []
  const server = createServer(
    { ...tls, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.setHeader('content-type', 'text/plain')
      response.write('first\n')
      setImmediate(() => response.end('second\n'))
    },
  )
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: all => (all.has('v5.channel.k8s.io') ? 'v5.channel.k8s.io' : false),
  })
  server.on('upgrade', (request, socket, head) => {
    asked.push(`${request.method} ${request.url}`)
    sockets.handleUpgrade(request, socket, head, webSocket => {
      webSocket.send(Buffer.from('\u0001hello from the pod\n'))
      webSocket.send(Buffer.from('\u0003{"metadata":{},"status":"Success"}'))
      webSocket.close(1000)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { server, ca: ca.cert, asked }
}

describe('streams to a kubelet', () => {
  let cluster: TestCluster
  let api: Transport
  let kubelet: Awaited<ReturnType<typeof startKubelet>>
  const pod = (name: string, containers: string[]) => ({
    metadata: { name },
    spec: { nodeName: 'n1', containers: containers.map(one => ({ name: one, image: 'i' })) },
  })
  const pods = '/api/v1/namespaces/default/pods'

  beforeAll(async () => {
    kubelet = await startKubelet()
    const client = await issueCertificate(await createClusterCa('x'), {
      user: 'kube-apiserver',
      usages: ['client'],
    })
    cluster = await startCluster({ kubeletCredentials: { ...client, ca: kubelet.ca } })
    api = cluster.server.transport(systemUser)
    const { port } = kubelet.server.address() as AddressInfo
    const status = {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    }
    await send(api, 'POST', '/api/v1/nodes', { metadata: { name: 'n1' }, status })
    await send(api, 'POST', pods, pod('one', ['main']))
    await send(api, 'POST', pods, pod('two', ['a', 'b']))
    await send(api, 'POST', pods, {
      ...pod('free', ['main']),
      spec: { containers: [{ name: 'main', image: 'i' }] },
    })
  })
  afterAll(async () => {
    await cluster?.stop()
    kubelet?.server.closeAllConnections()
    kubelet?.server.close()
  })

  const log = async (url: string) => {
    const [path = '', search] = url.split('?')
    const response = await api.request({
      method: 'GET',
      path,
      query: new URLSearchParams(search),
      headers: {},
    })
    let text = ''
    if (response.body instanceof Uint8Array) text = Buffer.from(response.body).toString()
    else for await (const piece of response.body) text += Buffer.from(piece).toString()
    return { code: response.status, text }
  }

  test('logs come as the kubelet writes them', async () => {
    expect(await log(`${pods}/one/log?tailLines=5`)).toEqual({ code: 200, text: 'first\nsecond\n' })
    expect(kubelet.asked.at(-1)).toBe('GET /containerLogs/default/one/main?tailLines=5')
    expect(await log(`${pods}/two/log?container=b&follow=true`)).toMatchObject({ code: 200 })
    expect(kubelet.asked.at(-1)).toBe('GET /containerLogs/default/two/b?follow=true')
    expect(await log(`${pods}/free/log`)).toEqual({ code: 200, text: '' })
  })

  test('the container must be named where there are several', async () => {
    const several = await log(`${pods}/two/log`)
    expect(several.code).toBe(400)
    expect(several.text).toContain(
      'a container name must be specified for pod two, choose one of: [a b]',
    )
    expect((await log(`${pods}/one/log?container=x`)).text).toContain(
      'container x is not valid for pod one',
    )
  })

  test.skipIf(!hasKubectl)('kubectl logs and exec', async () => {
    expect((await cluster.kubectl('logs one')).out).toBe('first\nsecond\n')
    const exec = await cluster.kubectl('exec one -- echo hi')
    expect(exec).toMatchObject({ code: 0, out: 'hello from the pod\n' })
    expect(kubelet.asked.at(-1)).toBe(
      'GET /exec/default/one/main?command=echo&command=hi&error=1&output=1',
    )
    expect((await cluster.kubectl('exec nobody -- ls')).err).toContain('pods "nobody" not found')
    expect((await cluster.kubectl('exec free -- ls')).err).toContain(
      'pod free does not have a host assigned',
    )
  })

  test('a kubelet that does not answer is an error of ours', async () => {
    await send(api, 'PATCH', '/api/v1/nodes/n1/status', {
      status: { daemonEndpoints: { kubeletEndpoint: { Port: 1 } } },
    })
    const answer = await log(`${pods}/one/log`)
    expect(answer.code).toBe(500)
    expect(answer.text).toContain(
      'error dialing backend: dial tcp 127.0.0.1:1: connect: connection refused',
    )
  })
})
