import { createHash } from 'node:crypto'

/** Lower-case hex of the SHA-256 of `data`. */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}
