import './polyfill.ts'
import {
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey, PublicKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { decode, type Element, encode, encodeObjectId, tags } from './der.ts'

/**
 * The certificate by which libp2p peers know each other over TLS: self-signed with a key of its
 * own, it carries the peer's public key and, made with the peer's private key, a signature of the
 * certificate's. Who proves the certificate's key in the handshake so proves the peer ID.
 * Source: github.com/libp2p/specs, tls/tls.md, "Peer Authentication".
 */
const extensionId = '1.3.6.1.4.1.53594.1.1'
const signaturePrefix = 'libp2p-tls-handshake:'
const ecdsaWithSha256 = encode(tags.sequence, encodeObjectId('1.2.840.10045.4.3.2'))
const empty = Buffer.alloc(0)

/** PEM texts, for node:tls. */
export interface HostCertificate {
  readonly cert: string
  readonly key: string
}

/**
 * A new certificate for the peer of `hostKey`. It is made at every start and lives in memory only,
 * so it never expires (RFC 5280, 4.1.2.5): the clocks of peers need not agree.
 */
export async function createHostCertificate(hostKey: PrivateKey): Promise<HostCertificate> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signature = await hostKey.sign(signedBytes(publicKey))
  const hostPublicKey = publicKeyToProtobuf(hostKey.publicKey as never)
  const signedKey = encode(
    tags.sequence,
    encode(tags.octetString, hostPublicKey),
    encode(tags.octetString, signature),
  )
  const extension = encode(
    tags.sequence,
    encodeObjectId(extensionId),
    encode(tags.octetString, signedKey),
  )
  return {
    cert: pem('CERTIFICATE', selfSigned(publicKey, privateKey, [extension])),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/**
 * The peer ID that a certificate of a finished handshake proves.
 * @throws Error saying what is wrong with it: not self-signed, not valid now, no or no true proof.
 */
export async function provenPeerId(der: Uint8Array, nowMs: number): Promise<string> {
  const cert = new X509Certificate(der)
  const isValid = Date.parse(cert.validFrom) <= nowMs && nowMs <= Date.parse(cert.validTo)
  if (!isValid) throw new Error('the certificate is not valid now')
  if (!cert.verify(cert.publicKey)) throw new Error('the certificate is not self-signed')
  const [hostPublicKey, signature] = decode(signedKeyOf(der))
  if (hostPublicKey?.tag !== tags.octetString || signature?.tag !== tags.octetString) {
    throw new Error('the proof of the peer ID is malformed')
  }
  const hostKey = publicKeyFromProtobuf(hostPublicKey.content) as unknown as PublicKey
  if (!(await hostKey.verify(signedBytes(cert.publicKey), signature.content))) {
    throw new Error('the proof of the peer ID is of another certificate')
  }
  return peerIdFromPublicKey(hostKey).toString()
}

/** A self-signed certificate in DER; exported for tests that forge one. */
export function selfSigned(
  publicKey: KeyObject,
  signingKey: KeyObject,
  extensions: readonly Buffer[],
): Buffer {
  const noName = encode(tags.sequence)
  const validity = encode(
    tags.sequence,
    encode(tags.utcTime, Buffer.from('700101000000Z')),
    encode(tags.generalizedTime, Buffer.from('99991231235959Z')),
  )
  const serial = randomBytes(8)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const body = encode(
    tags.sequence,
    encode(tags.version, encode(tags.integer, Buffer.from([2]))),
    encode(tags.integer, serial),
    ecdsaWithSha256,
    noName,
    validity,
    noName,
    spkiOf(publicKey),
    encode(tags.extensions, encode(tags.sequence, ...extensions)),
  )
  const signature = sign('sha256', body, signingKey)
  // A bit string begins with the number of unused bits of its last byte.
  const signatureBits = encode(tags.bitString, Buffer.from([0]), signature)
  return encode(tags.sequence, body, ecdsaWithSha256, signatureBits)
}

export function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/**
 * What the libp2p extension holds, opened: `SEQUENCE { publicKey, signature OCTET STRING }`.
 * An extension is `SEQUENCE { id, critical BOOLEAN DEFAULT FALSE, value OCTET STRING }`.
 */
function signedKeyOf(certificate: Uint8Array): Buffer {
  const id = encodeObjectId(extensionId)
  const values: (Element | undefined)[] = []
  for (const extension of extensionsOf(certificate)) {
    const fields = decode(extension)
    const isCritical = fields[1]?.tag === tags.boolean
    if (extension.subarray(0, id.length).equals(id)) values.push(fields.at(-1))
    else if (isCritical) throw new Error('the certificate has an unknown critical extension')
  }
  const [value] = values
  if (values.length !== 1) throw new Error('the certificate proves no peer ID')
  const signedKey = value?.tag === tags.octetString ? decode(value.content)[0] : undefined
  if (signedKey?.tag !== tags.sequence) throw new Error('the proof of the peer ID is malformed')
  return signedKey.content
}

/** The content of each extension of a certificate. */
function extensionsOf(certificate: Uint8Array): Buffer[] {
  const [outer] = decode(certificate)
  const [body] = decode(outer?.content ?? empty)
  const wrapped = decode(body?.content ?? empty).find(({ tag }) => tag === tags.extensions)
  const [list] = decode(wrapped?.content ?? empty)
  return decode(list?.content ?? empty).map(({ content }) => content)
}

function signedBytes(publicKey: KeyObject): Uint8Array {
  return Buffer.concat([Buffer.from(signaturePrefix), spkiOf(publicKey)])
}

function spkiOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' })
}
