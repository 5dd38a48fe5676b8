import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { errorMessage } from '../kernel/result.ts'

x509.cryptoProvider.set(webcrypto)

/** PEM texts. A key file is written with mode 0600. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** The user that a certificate stands for: CN is the name, O are the groups. */
export interface Identity {
  readonly user: string
  readonly groups?: readonly string[]
}

export interface CertificateRequest extends Identity {
  /** DNS names and IP addresses of a server; clients need none. */
  readonly hosts?: readonly string[]
  readonly usages: readonly ('client' | 'server')[]
  readonly days?: number
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const dayMs = 86_400_000
/** A clock that runs behind must not find a new certificate "not yet valid". */
const skewMs = 3_600_000
const caDays = 3_650
const leafDays = 365

/** Makes the CA of a new cluster: ECDSA P-256, ten years. */
export async function createClusterCa(clusterName: string): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const now = Date.now()
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${escapeName(`${clusterName}-ca`)}`,
    notBefore: new Date(now - skewMs),
    notAfter: new Date(now + caDays * dayMs),
    signingAlgorithm: algorithm,
    keys: keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign |
          x509.KeyUsageFlags.cRLSign |
          x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: cert.toString('pem'), key: await exportKey(keys.privateKey) }
}

/** Issues a certificate with a new key. @throws Error when the CA's PEM can't be read. */
export async function issueCertificate(ca: KeyPair, request: CertificateRequest): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const cert = await certify(ca, request, keys.publicKey)
  return { cert, key: await exportKey(keys.privateKey) }
}

/** A new key, and the PEM of a signing request that proves that the asker has it (PKCS #10). */
export async function createSigningRequest(): Promise<{ readonly csr: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const name = 'CN=quorate'
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    ...{ name, keys, signingAlgorithm: algorithm },
  })
  return { csr: request.toString('pem'), key: await exportKey(keys.privateKey) }
}

/**
 * Issues a certificate for the key of a signing request. Whom it stands for is the CA's to say, not
 * the asker's. @throws Error when the request is unreadable or not signed with its key.
 */
export async function signRequest(
  ca: KeyPair,
  csr: string,
  request: CertificateRequest,
): Promise<string> {
  let parsed: x509.Pkcs10CertificateRequest
  try {
    parsed = new x509.Pkcs10CertificateRequest(csr)
  } catch (error) {
    throw new Error(`the signing request can't be read: ${errorMessage(error)}`)
  }
  if (!(await parsed.verify())) throw new Error('the signing request is not signed with its key')
  return certify(ca, request, await parsed.publicKey.export())
}

async function certify(
  ca: KeyPair,
  request: CertificateRequest,
  publicKey: webcrypto.CryptoKey,
): Promise<string> {
  const caCert = new x509.X509Certificate(ca.cert)
  const now = Date.now()
  const usages = { client: '1.3.6.1.5.5.7.3.2', server: '1.3.6.1.5.5.7.3.1' }
  const organizations = (request.groups ?? []).map(group => `, O=${escapeName(group)}`).join('')
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${escapeName(request.user)}${organizations}`,
    issuer: caCert.subject,
    notBefore: new Date(now - skewMs),
    notAfter: new Date(now + (request.days ?? leafDays) * dayMs),
    signingAlgorithm: algorithm,
    publicKey,
    signingKey: await importKey(ca.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(request.usages.map(usage => usages[usage])),
      await x509.AuthorityKeyIdentifierExtension.create(caCert),
      ...subjectAlternatives(request.hosts ?? []),
    ],
  })
  return cert.toString('pem')
}

function subjectAlternatives(hosts: readonly string[]): x509.Extension[] {
  if (hosts.length === 0) return []
  return [
    new x509.SubjectAlternativeNameExtension(
      hosts.map(value => ({ type: isIP(value) > 0 ? 'ip' : 'dns', value }) as const),
    ),
  ]
}

/** Positive and at most 20 bytes (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x01
  return bytes.toString('hex')
}

/** Escapes the characters that separate parts of a distinguished name (RFC 4514, 2.4). */
function escapeName(text: string): string {
  return text.replace(/[,+"\\<>;=#]/g, character => `\\${character}`)
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64')
  const lines = pkcs8.match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  try {
    const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' })
    return await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  } catch (error) {
    throw new Error(`the CA's key can't be used: ${errorMessage(error)}`)
  }
}
