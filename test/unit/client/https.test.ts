import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ApiRequest } from '../../../src/api/http.ts'
import { type HttpsTransportOptions, httpsTransport } from '../../../src/client/https.ts'
import { readAll } from '../../../src/client/lines.ts'
import { createClusterCa, issueCertificate, type KeyPair } from '../../../src/pki/authority.ts'

let ca: KeyPair
let serverPair: KeyPair
let clientPair: KeyPair
const cleanUp: (() => void)[] = []

beforeAll(async () => {
  ca = await createClusterCa('test')
  const hosts = ['localhost', '127.0.0.1']
  serverPair = await issueCertificate(ca, { user: 'apiserver', hosts, usages: ['server'] })
  clientPair = await issueCertificate(ca, { user: 'admin', usages: ['client'] })
})

afterEach(() => {
  for (const each of cleanUp.splice(0)) each()
})

async function serve(handler: RequestListener): Promise<{ url: string; server: Server }> {
  const tls = { cert: serverPair.cert, key: serverPair.key, ca: ca.cert, requestCert: true }
  const server = createServer(tls, handler)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

function connect(servers: readonly string[], more: Partial<HttpsTransportOptions> = {}) {
  const { cert, key } = clientPair
  const transport = httpsTransport({ servers, ca: ca.cert, cert, key, ...more })
  cleanUp.push(() => transport.close())
  return transport
}

function call(method: ApiRequest['method'], query = '', signal?: AbortSignal): ApiRequest {
  return { method, path: '/x', query: new URLSearchParams(query), headers: {}, signal }
}

const dead = 'https://127.0.0.1:1'

describe('httpsTransport', () => {
  test('passes over a server that refuses, and stays with the one that works', async () => {
    let requests = 0
    const { url } = await serve((_request, response) => {
      requests++
      response.end('ok')
    })
    const transport = connect([dead, url])
    for (let round = 0; round < 3; round++) {
      const answer = await transport.request({ ...call('POST'), body: Buffer.from('{}') })
      expect((await readAll(answer.body)).toString()).toBe('ok')
    }
    expect(requests).toBe(3)
  })

  test('a broken connection is another try for GET, and an unknown outcome for POST', async () => {
    const bad = await serve(request => request.socket.destroy())
    const good = await serve((_request, response) => response.end('ok'))
    const answer = await connect([bad.url, good.url]).request(call('GET'))
    expect(answer.status).toBe(200)
    const write = connect([bad.url, good.url]).request(call('POST'))
    await expect(write).rejects.toMatchObject({ name: 'TransportError', sent: true })
    const none = connect([dead]).request(call('POST'))
    await expect(none).rejects.toMatchObject({ name: 'TransportError', sent: false })
  })

  test('a server that never answers is given up', async () => {
    const mute = await serve(() => undefined)
    const waiting = connect([mute.url], { answerTimeoutMs: 50 }).request(call('GET'))
    await expect(waiting).rejects.toThrow('no answer within 50 ms')
  })

  test('streams are cut when their server stops answering', async () => {
    let frozen = false
    const { url } = await serve((request, response) => {
      if (frozen) return
      if (request.url?.startsWith('/x')) response.write('{}\n')
      else response.end('ok')
    })
    const answer = await connect([url], { streamCheckMs: 100 }).request(call('GET', 'watch=true'))
    const seen: string[] = []
    const reading = (async () => {
      for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
        seen.push(Buffer.from(chunk).toString())
        frozen = true
      }
    })()
    await expect(reading).rejects.toMatchObject({ name: 'TransportError' })
    expect(seen).toEqual(['{}\n'])
  })

  test('aborting a watch closes its connection', async () => {
    const closed = new Promise<void>(resolve => {
      void serve((request, response) => {
        request.socket.once('close', () => resolve())
        response.write('{}\n')
      }).then(async ({ url }) => {
        const stop = new AbortController()
        await connect([url]).request(call('GET', 'watch=true', stop.signal))
        stop.abort()
      })
    })
    await closed
  })
})
