import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { createRest } from '../bolt/rest.ts'
import { SnapshotRefusedError } from './types.ts'

export const sha256Bytes = 32
const readBytes = 256 * 1024

/**
 * True when a file of this size ends with a hash: databases are whole pages, so etcd knows it by
 * the remainder. Source: etcd etcdutl/snapshot/v3_snapshot.go.
 */
export function hasHash(fileBytes: number): boolean {
  return fileBytes % 512 === sha256Bytes
}

/**
 * Holds the hash at the end of the file against the bytes before it.
 * @throws SnapshotRefusedError when they differ, or there is none.
 */
export async function checkHash(path: string, fileBytes: number): Promise<void> {
  if (!hasHash(fileBytes)) throw new SnapshotRefusedError(noHash(path, fileBytes))
  const file = await open(path, 'r')
  try {
    const hash = createHash('sha256')
    const rest = createRest()
    const buffer = Buffer.alloc(readBytes)
    const end = fileBytes - sha256Bytes
    for (let at = 0; at < end; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(readBytes, end - at), at)
      if (bytesRead === 0) throw new SnapshotRefusedError(`${path}: it became shorter while read`)
      hash.update(buffer.subarray(0, bytesRead))
      at += bytesRead
      await rest()
    }
    const wanted = Buffer.alloc(sha256Bytes)
    await file.read(wanted, 0, sha256Bytes, end)
    const found = hash.digest()
    if (!found.equals(wanted)) throw new SnapshotRefusedError(otherHash(path, wanted, found))
  } finally {
    await file.close()
  }
}

function noHash(path: string, fileBytes: number): string {
  if (fileBytes % 512 !== 0) {
    return (
      `${path}: ${fileBytes} bytes are neither whole pages nor pages and a hash: ` +
      'the file was cut off or added to. Copy it again.'
    )
  }
  return (
    `${path}: there is no hash at its end, so it was not made by 'snapshot save' ` +
    "(a member's own database has none). If you trust the file, use --skip-hash-check."
  )
}

function otherHash(path: string, wanted: Buffer, found: Buffer): string {
  return (
    `${path}: its contents were changed since it was made: ` +
    `sha256 ${found.toString('hex')}, where the file says ${wanted.toString('hex')}. ` +
    'Copy it again, or use another snapshot.'
  )
}
