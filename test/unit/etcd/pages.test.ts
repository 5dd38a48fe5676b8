import { readFileSync } from 'node:fs'
import { get, request } from 'node:https'
import { connect } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/kernel/clock.ts'
import { createPki, startServer, type TestPki, type TestServer } from './etcdctl.ts'
import { preface, RawClient, settings } from './raw-http2.ts'

/** etcd's pages over HTTP/1.1 on the port of clients; texts are what etcd 3.6.16 answers. */
let pki: TestPki
let tested: TestServer
let tls: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer }
let flags: string[]
/** Timers of the server, to be run by hand. */
let timers: { readonly ms: number; readonly run: () => void }[] = []

beforeAll(async () => {
  pki = await createPki()
  flags = await pki.client('tester')
  const file = (name: string) => readFileSync(flags[flags.indexOf(name) + 1]!)
  tls = { ca: file('--cacert'), cert: file('--cert'), key: file('--key') }
}, 60_000)
beforeEach(async () => {
  timers = []
  const clock = {
    ...systemClock,
    after(ms: number, run: () => void) {
      const timer = { ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter(each => each !== timer)
      }
    },
  }
  tested = await startServer(pki, { clock })
})
afterEach(() => tested?.server.stop())
afterAll(() => pki?.remove())

function page(path: string, method = 'GET'): Promise<{ code?: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { ...tls, method, agent: false }
    const call = request(`${tested.endpoint}${path}`, options, response => {
      let body = ''
      response.on('data', chunk => {
        body += chunk
      })
      response.on('end', () => resolve({ code: response.statusCode, body }))
    })
    call.on('error', reject)
    call.end()
  })
}

test('health', async () => {
  expect(await page('/health')).toEqual({ code: 200, body: '{"health":"true","reason":""}' })
  tested.store.lead('')
  expect(await page('/health')).toEqual({
    ...{ code: 503, body: '{"health":"false","reason":"RAFT NO LEADER"}\n' },
  })
  expect((await page('/health?serializable=true')).code).toBe(200)
  await tested.store.setAlarm(true, { memberId: tested.store.memberId, alarm: 'NOSPACE' })
  const { body } = await page('/health?serializable=true')
  expect(JSON.parse(body)).toEqual({ health: 'false', reason: 'ALARM NOSPACE' })
  expect((await page('/health?serializable=true&exclude=NOSPACE')).code).toBe(200)
})

test('livez and readyz, whole and in parts', async () => {
  expect(await page('/livez')).toEqual({ code: 200, body: 'ok\n' })
  expect((await page('/readyz?verbose')).body).toBe(
    '[+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\n' +
      '[+]non_learner ok\nok\n',
  )
  await tested.store.setAlarm(true, { memberId: tested.store.memberId, alarm: 'CORRUPT' })
  expect(await page('/readyz/data_corruption')).toEqual({
    ...{ code: 503, body: '[-]data_corruption failed: alarm activated: CORRUPT\n\n' },
  })
  expect((await page('/readyz?exclude=data_corruption')).code).toBe(200)
  expect((await page('/livez/data_corruption')).code).toBe(404)
  expect((await page('/readyz/toString')).code).toBe(404)
})

test('version and metrics', async () => {
  const versions = JSON.parse((await page('/version')).body)
  expect(versions).toMatchObject({ etcdserver: expect.stringMatching(/^3\.\d+\.\d+$/) })
  const { body } = await page('/metrics')
  expect(body).toMatch(/^etcd_server_has_leader 1$/m)
  expect(body).toMatch(/^etcd_mvcc_db_total_size_in_bytes \d+$/m)
})

test('what is not there, and what is not asked with GET', async () => {
  expect(await page('/v2/keys')).toEqual({ code: 404, body: '404 page not found\n' })
  expect((await page('/health', 'POST')).code).toBe(405)
  expect((await page('//%zz')).code).toBe(404)
})

test('without a certificate there is nothing', async () => {
  const refused = new Promise((_resolve, reject) => {
    get(`${tested.endpoint}/health`, { ca: tls.ca, agent: false }).on('error', reject)
  })
  await expect(refused).rejects.toThrow()
})

test('a client that could have either gets HTTP/1.1, one of gRPC gets HTTP/2', async () => {
  const port = tested.server.port
  const socket = connect({ ...tls, host: '127.0.0.1', port, ALPNProtocols: ['h2', 'http/1.1'] })
  await new Promise(resolve => socket.once('secureConnect', resolve))
  expect(socket.alpnProtocol).toBe('http/1.1')
  socket.destroy()
  const client = await RawClient.open(port, flags)
  client.send(preface, settings)
  await client.wait('SETTINGS', ({ type }) => type === 4)
  client.close()
})

test('a connection without a request ends', async () => {
  const socket = connect({ ...tls, host: '127.0.0.1', port: tested.server.port })
  await new Promise(resolve => socket.once('secureConnect', resolve))
  socket.write('GET /hea')
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket.on('error', () => {})
  const found = () => timers.find(({ ms }) => ms === 10_000)
  while (found() === undefined) await new Promise(resolve => setImmediate(resolve))
  found()!.run()
  await closed
})
