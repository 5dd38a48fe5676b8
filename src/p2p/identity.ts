import './polyfill.ts'
import { existsSync, readFileSync } from 'node:fs'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { errorMessage } from '../kernel/result.ts'
import { writeSecret } from '../pki/files.ts'

/** Who a peer is in the mesh: its key, and the libp2p peer ID that others know it by. */
export interface MeshIdentity {
  readonly privateKey: PrivateKey
  readonly peerId: string
}

/** The identity kept in `file`, made there (Ed25519, mode 0600) the first time. */
export async function ensureIdentity(file: string): Promise<MeshIdentity> {
  if (!existsSync(file)) {
    const created = await generateKeyPair('Ed25519')
    writeSecret(file, privateKeyToProtobuf(created))
  }
  return loadIdentity(file)
}

/** @throws Error naming the file when it is missing or damaged. */
export function loadIdentity(file: string): MeshIdentity {
  try {
    const privateKey = privateKeyFromProtobuf(readFileSync(file)) as unknown as PrivateKey
    return { privateKey, peerId: peerIdFromPrivateKey(privateKey as never).toString() }
  } catch (error) {
    throw new Error(`${file}: the peer's identity can't be read: ${errorMessage(error)}`)
  }
}

/**
 * True when `signature` of `data` was made with the key of the peer ID. IDs that don't hold their
 * key (RSA) prove nothing here: ours are Ed25519.
 */
export async function hasSigned(
  peerId: string,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  try {
    const { publicKey } = peerIdFromString(peerId)
    return publicKey !== undefined && (await publicKey.verify(data, signature))
  } catch {
    return false
  }
}
