import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../../../src/client/types.ts'
import { parseConfig } from '../../../src/config/load.ts'
import { ensureIdentity, type MeshIdentity } from '../../../src/p2p/identity.ts'
import { type JoinParts, join } from '../../../src/peer/join.ts'
import { type JoinRequest, signedOf } from '../../../src/peer/join-protocol.ts'
import { createClusterCa, createSigningRequest, type KeyPair } from '../../../src/pki/authority.ts'

/** Who joins proves the identity it names, and gets certificates for its own name only. */
const folder = mkdtempSync(joinPath(tmpdir(), 'quorate-join-'))
const token = 'abcdef.0123456789abcdef'
const networks = { nodes: '127.7.0.0/24', pods: '127.8.0.0/16', services: '127.9.0.0/16' }
let ca: KeyPair
let own: MeshIdentity
let member: MeshIdentity
let csr: string

beforeAll(async () => {
  ca = await createClusterCa('test')
  own = await ensureIdentity(joinPath(folder, 'own'))
  member = await ensureIdentity(joinPath(folder, 'member'))
  csr = (await createSigningRequest()).csr
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const base64 = (text: string) => Buffer.from(text).toString('base64')
const secret = {
  'token-secret': base64(token.slice(7)),
  'usage-bootstrap-authentication': base64('true'),
  'auth-extra-groups': base64('system:bootstrappers:quorate:control-plane'),
}

function parts(): JoinParts {
  const config = {
    ...parseConfig('test', { name: 'test', peers: [{ name: 'peer-1' }, { name: 'peer-2' }] }),
    networks,
  }
  return {
    client: { get: async () => ({ data: secret }) } as unknown as Client,
    store: {
      memberAdd: async (added: object) => ({ ok: true, member: { ...added, clientUrls: [] } }),
    } as never,
    config: () => config,
    members: () => [],
    ca: () => ca,
    now: () => 0,
  }
}

async function ask(
  wanted: Partial<JoinRequest>,
  signer = own,
  after: Partial<JoinRequest> = {},
): ReturnType<typeof join> {
  const unsigned = {
    ...{ token, name: 'joiner', roles: ['worker' as const], peerId: own.peerId },
    ...{ addresses: {}, labels: {}, requests: { apiserver: csr, kubelet: csr, etcd: csr } },
    ...wanted,
  }
  const proof = Buffer.from(await signer.privateKey.sign(signedOf(unsigned))).toString('base64')
  return join(parts(), { ...unsigned, proof, ...after })
}

test('who has the key of the peer ID joins', async () => {
  const { id, peer, members } = await ask({})
  expect([peer.name, members.at(-1)?.id]).toEqual(['joiner', id])
})

test.each<[string, () => ReturnType<typeof join>]>([
  ["names a member's peer ID", () => ask({ peerId: member.peerId })],
  ['signs for another name', () => ask({}, own, { name: 'other' })],
  ['signs for another key', () => ask({}, own, { requests: { apiserver: `${csr}\n` } })],
  ['gives no signature', () => ask({}, own, { proof: 'AA==' })],
  ['names nobody', () => ask({ peerId: 'nobody' })],
])('who %s is refused', async (_, attempt) => {
  await expect(attempt()).rejects.toThrow('the proof is not of its key')
})

test.each([
  ['localhost', 'is reserved'],
  ['kubernetes', 'is reserved'],
  ['127', 'could be taken for an address'],
  ['peer-1', 'there is a peer "peer-1" already'],
])('nobody joins as %s', async (name, why) => {
  await expect(ask({ name })).rejects.toThrow(why)
})

test("a worker's certificates are valid for its node, and not where the API is", async () => {
  const { certificates } = await ask({ roles: ['worker'] })
  for (const pem of Object.values(certificates)) {
    const certificate = new X509Certificate(pem)
    expect(certificate.checkHost('joiner')).toBe('joiner')
    for (const name of ['localhost', 'kubernetes', 'kubernetes.default.svc', 'peer-1']) {
      expect(certificate.checkHost(name)).toBeUndefined()
    }
    for (const ip of ['127.0.0.1', '127.9.0.1']) expect(certificate.checkIP(ip)).toBeUndefined()
  }
  expect(Object.keys(certificates).sort()).toEqual(['apiserver', 'kubelet'])
})

test('an address that a worker chooses for itself gets into no certificate', async () => {
  const { certificates } = await ask({ addresses: { api: { host: '10.1.2.3', port: 443 } } })
  for (const pem of Object.values(certificates)) {
    expect(new X509Certificate(pem).checkIP('10.1.2.3')).toBeUndefined()
  }
})
