import { createHash } from 'node:crypto'

/**
 * The cluster's ID in etcd's responses: 63 bits of the hash of its CA's certificate, which every
 * peer has and no other cluster. 16 hex digits.
 */
export function clusterIdOf(ca: string): string {
  const hash = createHash('sha256').update(ca).digest()
  hash[0] = hash[0]! & 0x7f
  return hash.subarray(0, 8).toString('hex')
}
