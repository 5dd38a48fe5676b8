import { request } from 'node:https'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AdminClient } from '../../../src/admin/client.ts'
import { EventRing } from '../../../src/admin/events.ts'
import { AdminServer, RefusedError } from '../../../src/admin/server.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createClusterCa, issueCertificate, type KeyPair } from '../../../src/pki/authority.ts'
import { identities } from '../../../src/pki/identities.ts'
import { freePort } from '../../support/ports.ts'

/** The admin protocol over real HTTPS. */
let ca: KeyPair
let server: AdminServer
let address: string
let admin: AdminClient
const faults: unknown[] = []

beforeAll(async () => {
  ca = await createClusterCa('test')
  const hosts = ['localhost', '127.0.0.1']
  const tls = await issueCertificate(ca, { user: 'server', hosts, usages: ['server'] })
  const port = await freePort()
  address = `127.0.0.1:${port}`
  server = new AdminServer({
    address: { host: '127.0.0.1', port },
    tls: { ...tls, ca: ca.cert },
    logger: silentLogger,
    handlers: {
      'GET /status': async ({ query }) => ({ name: 'p', hash: query.get('hash') ?? undefined }),
      'GET /events': async ({ query }) => ({ events: [{ id: Number(query.get('after')) + 1 }] }),
      'GET /processes': async () => {
        throw new Error('broken')
      },
      'POST /fault': async ({ body }) => {
        faults.push(body)
        if ((body as { type: string }).type === 'kill') throw new RefusedError('is down already')
      },
      'POST /transfer': () => new Promise(() => {}),
    },
  })
  await server.start()
  admin = await clientOf(identities.admin)
})
afterAll(async () => {
  admin?.close()
  await server?.stop()
})

/** Of a GET by an administrator, whatever the path. */
async function statusOf(path: string): Promise<number | undefined> {
  const pair = await issueCertificate(ca, { ...identities.admin, usages: ['client'] })
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    request({ host, port, path, ca: ca.cert, ...pair, agent: false }, answer => {
      answer.resume()
      resolve(answer.statusCode)
    })
      .once('error', reject)
      .end()
  })
}

async function clientOf(identity: { user: string; groups?: readonly string[] }) {
  const pair = await issueCertificate(ca, { ...identity, usages: ['client'] })
  return new AdminClient(address, { ...pair, ca: ca.cert })
}

test('verbs with query and body', async () => {
  expect(await admin.status()).toEqual({ name: 'p' })
  expect(await admin.status({ hash: true })).toEqual({ name: 'p', hash: '1' })
  expect(await admin.events(41)).toEqual({ events: [{ id: 42 }] })
  await admin.fault({ type: 'heal' })
  expect(faults).toEqual([{ type: 'heal' }])
})

test('a refusal and a failure both say why', async () => {
  await expect(admin.fault({ type: 'kill', peer: 'x' })).rejects.toThrow('is down already')
  await expect(admin.processes()).rejects.toThrow('broken')
})

test('a body that is too large is refused', async () => {
  const from = [' '.repeat(70_000)]
  await expect(admin.fault({ type: 'partition', from })).rejects.toThrow()
})

test.each(['//', '/\\', '/%zz', '*', '/constructor'])(
  '%s is no verb, and no failure',
  async path => {
    expect(await statusOf(path)).toBe(404)
  },
)

test('a certificate of the cluster is not enough: it takes an administrator', async () => {
  const node = await clientOf({ user: 'system:node:n1', groups: ['system:nodes'] })
  await expect(node.status()).rejects.toThrow('only members of system:masters may use')
  node.close()
})

test("another cluster's administrator does not get in", async () => {
  const other = await createClusterCa('test')
  const pair = await issueCertificate(other, { ...identities.admin, usages: ['client'] })
  const stranger = new AdminClient(address, { ...pair, ca: ca.cert })
  await expect(stranger.status()).rejects.toThrow()
  stranger.close()
})

test('no answer is an error within the time that was given', async () => {
  const nobody = new AdminClient(`127.0.0.1:${await freePort()}`, {
    ca: ca.cert,
    cert: '',
    key: '',
  })
  await expect(nobody.status()).rejects.toThrow('ECONNREFUSED')
  nobody.close()
})

test('the ring keeps recent events, and numbers never come back', () => {
  const ring = new EventRing('p', () => 7)
  for (let n = 1; n <= 1_500; n++) ring.add('RAFT', `event ${n}`)
  const all = ring.after(0)
  expect(all.length).toBeLessThanOrEqual(1_000)
  expect(all.at(-1)).toEqual({ id: 1_500, at: 7, source: 'p', kind: 'RAFT', message: 'event 1500' })
  expect(ring.after(1_498).map(event => event.id)).toEqual([1_499, 1_500])
  expect(ring.after(1_500)).toEqual([])
})
