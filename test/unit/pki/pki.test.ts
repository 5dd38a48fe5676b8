import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClusterCa, issueCertificate, type KeyPair } from '../../../src/pki/authority.ts'
import { ensureKeyPair, readKeyPair, writeKeyPair, writeSecret } from '../../../src/pki/files.ts'
import { nodeIdentity } from '../../../src/pki/identities.ts'

let ca: KeyPair
let server: KeyPair
const folder = mkdtempSync(join(tmpdir(), 'quorate-pki-'))

beforeAll(async () => {
  ca = await createClusterCa('test')
  const hosts = ['localhost', '127.0.0.1', '::1', 'kubernetes.default.svc']
  server = await issueCertificate(ca, { user: 'kube-apiserver', hosts, usages: ['server'] })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const parse = (pair: KeyPair) => new X509Certificate(pair.cert)

describe('certificates', () => {
  test('the CA signs itself, may sign others, and lives for ten years', () => {
    const cert = parse(ca)
    expect(cert.ca).toBe(true)
    expect(cert.subject).toBe('CN=test-ca')
    expect(cert.verify(cert.publicKey)).toBe(true)
    const years = (Date.parse(cert.validTo) - Date.parse(cert.validFrom)) / 86_400_000 / 365
    expect(Math.round(years)).toBe(10)
  })

  test('an issued certificate is of the CA, has its own key, and is no CA', () => {
    const cert = parse(server)
    expect(cert.checkIssued(parse(ca))).toBe(true)
    expect(cert.verify(parse(ca).publicKey)).toBe(true)
    expect(cert.ca).toBe(false)
    expect(cert.checkPrivateKey(createPrivateKey(server.key))).toBe(true)
    expect(cert.serialNumber).not.toBe(parse(ca).serialNumber)
    expect(Date.parse(cert.validFrom)).toBeLessThan(Date.now())
  })

  test('names and addresses of a server', () => {
    const cert = parse(server)
    expect(cert.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(cert.checkIP('::1')).toBe('::1')
    expect(cert.checkHost('kubernetes.default.svc')).toBe('kubernetes.default.svc')
    expect(cert.checkHost('example.com')).toBeUndefined()
    expect(cert.checkIP('127.0.0.2')).toBeUndefined()
  })

  test('a node is a user with its groups', async () => {
    const pair = await issueCertificate(ca, { ...nodeIdentity('n1'), usages: ['client'] })
    expect(parse(pair).subject.split('\n')).toEqual([
      'CN=system:node:n1',
      'O=system:nodes',
      'O=system:authenticated',
    ])
    expect(parse(pair).subjectAltName).toBeUndefined()
  })

  test('a name can not become another group', async () => {
    const user = 'eve, O=system:masters'
    const pair = await issueCertificate(ca, { user, usages: ['client'] })
    const subject = parse(pair).toLegacyObject().subject as { CN: string; O?: string }
    expect(subject).toMatchObject({ CN: user })
    expect(subject.O).toBeUndefined()
  })

  test("a CA's key that is none is told as that", async () => {
    await expect(
      issueCertificate({ ...ca, key: 'nonsense' }, { user: 'x', usages: ['client'] }),
    ).rejects.toThrow("the CA's key can't be used")
  })
})

test('mutual TLS takes the cluster its own, and nobody else', async () => {
  const listener = createServer({
    ...server,
    ca: ca.cert,
    requestCert: true,
    rejectUnauthorized: true,
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  const tries = async (tls: { ca: string; cert?: string; key?: string }) => {
    const socket = connect({ host: '127.0.0.1', port, maxVersion: 'TLSv1.2', ...tls })
    try {
      return await new Promise<string>((resolve, reject) => {
        socket.once('secureConnect', () => resolve((socket as TLSSocket).authorized ? 'in' : 'no'))
        socket.once('error', reject)
      })
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error)
    } finally {
      socket.destroy()
    }
  }
  try {
    const client = await issueCertificate(ca, { user: 'me', usages: ['client'] })
    const otherCa = await createClusterCa('test')
    const stranger = await issueCertificate(otherCa, { user: 'me', usages: ['client'] })
    const serverOnly = await issueCertificate(ca, { user: 'me', usages: ['server'] })
    expect(await tries({ ca: ca.cert, ...pem(client) })).toBe('in')
    expect(await tries({ ca: ca.cert, ...pem(stranger) })).toMatch(/ECONNRESET|ALERT|EPIPE/)
    expect(await tries({ ca: ca.cert, ...pem(serverOnly) })).toMatch(/ECONNRESET|ALERT|EPIPE/)
    expect(await tries({ ca: otherCa.cert, ...pem(client) })).toMatch(/SELF_SIGNED|VERIFY|ISSUER/)
  } finally {
    listener.close()
  }
})

const pem = ({ cert, key }: KeyPair) => ({ cert, key })

describe('files', () => {
  const mode = (file: string) => statSync(file).mode & 0o777

  test('keys are 0600 in a folder of 0700, also over a file that was open to all', () => {
    const inside = join(folder, 'new')
    writeKeyPair(inside, 'admin', server)
    expect(mode(join(inside, 'admin.key'))).toBe(0o600)
    expect(mode(inside)).toBe(0o700)
    writeSecret(join(inside, 'admin.key'), 'other')
    expect(mode(join(inside, 'admin.key'))).toBe(0o600)
    expect(readdirSync(inside).sort()).toEqual(['admin.crt', 'admin.key'])
  })

  test('a pair is issued once and kept; half a pair is none', async () => {
    const request = { user: 'x', usages: ['client'] as const }
    const first = await ensureKeyPair(folder, 'x', ca, request)
    expect(await ensureKeyPair(folder, 'x', ca, request)).toEqual(first)
    expect(readFileSync(join(folder, 'x.crt'), 'utf8')).toBe(first.cert)
    rmSync(join(folder, 'x.key'))
    expect(readKeyPair(folder, 'x')).toBeUndefined()
  })
})
