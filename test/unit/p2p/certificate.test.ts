import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, test } from 'vitest'
import { createHostCertificate, provenPeerId, selfSigned } from '../../../src/p2p/certificate.ts'
import { encode, encodeObjectId, tags } from '../../../src/p2p/der.ts'
import { libp2pExtensionOf } from './forge.ts'
import { vectors } from './vectors.ts'

const now = Date.UTC(2026, 10, 24)

async function hostKey(): Promise<{ key: PrivateKey; peerId: string }> {
  const key = await generateKeyPair('Ed25519')
  return {
    key: key as unknown as PrivateKey,
    peerId: peerIdFromPrivateKey(key as never).toString(),
  }
}

test('a certificate proves the peer ID of the key that it was made with', async () => {
  const { key, peerId } = await hostKey()
  const { cert } = await createHostCertificate(key)
  const parsed = new X509Certificate(cert)
  expect(parsed.verify(parsed.publicKey)).toBe(true)
  expect(await provenPeerId(parsed.raw, now)).toBe(peerId)
})

test.each(vectors.valid)('vector of the specification: $name', async ({ hex, peerId }) => {
  expect(await provenPeerId(Buffer.from(hex, 'hex'), now)).toBe(peerId)
})

test('vector of the specification: a proof with another key is refused', async () => {
  const der = Buffer.from(vectors.invalid, 'hex')
  await expect(provenPeerId(der, now)).rejects.toThrow('of another certificate')
})

test('a certificate is refused outside its time', async () => {
  const der = Buffer.from(vectors.valid[0]!.hex, 'hex')
  await expect(provenPeerId(der, Date.UTC(1970, 0))).rejects.toThrow('not valid now')
  await expect(provenPeerId(der, Date.UTC(4097, 0))).rejects.toThrow('not valid now')
})

test('a stolen proof, no proof, two proofs, or a chain of one’s own prove nothing', async () => {
  const { key } = await hostKey()
  const { cert } = await createHostCertificate(key)
  const proof = libp2pExtensionOf(new X509Certificate(cert).raw)
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const refused = (der: Buffer) => expect(provenPeerId(der, now)).rejects

  const stolen = selfSigned(own.publicKey, own.privateKey, [proof])
  await refused(stolen).toThrow('of another certificate')
  const bare = selfSigned(own.publicKey, own.privateKey, [])
  await refused(bare).toThrow('proves no peer ID')
  const twice = selfSigned(own.publicKey, own.privateKey, [proof, proof])
  await refused(twice).toThrow('proves no peer ID')
  const issued = selfSigned(createPublicKey(cert), ca.privateKey, [proof])
  await refused(issued).toThrow('not self-signed')
})

test('an unknown extension is ignored, unless it is critical', async () => {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const extension = (critical: boolean) =>
    encode(
      tags.sequence,
      encodeObjectId('1.2.3.4'),
      ...(critical ? [encode(tags.boolean, Buffer.from([0xff]))] : []),
      encode(tags.octetString, Buffer.from('?')),
    )
  const certificate = (critical: boolean) =>
    provenPeerId(selfSigned(own.publicKey, own.privateKey, [extension(critical)]), now)
  await expect(certificate(false)).rejects.toThrow('proves no peer ID')
  await expect(certificate(true)).rejects.toThrow('unknown critical extension')
})

test('every cut or garbled certificate is refused, and none hangs', async () => {
  const der = Buffer.from(vectors.valid[0]!.hex, 'hex')
  for (let length = 0; length < der.length; length += 7) {
    await expect(provenPeerId(der.subarray(0, length), now)).rejects.toThrow()
  }
  for (let at = 0; at < der.length; at += 3) {
    const garbled = Buffer.from(der)
    garbled[at] = garbled[at]! ^ 0x5a
    await expect(provenPeerId(garbled, now)).rejects.toThrow()
  }
})
