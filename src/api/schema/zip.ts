import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'

/**
 * Reads files out of a ZIP archive with Node's own inflate, one at a time: the archive that the
 * generator reads holds 60 MB files, too much for an unzipper in JavaScript.
 * Source: PKWARE APPNOTE 4.3.
 */
export function readZipEntries(
  path: string,
  wanted: (name: string) => boolean,
  onEntry: (name: string, content: Buffer) => void,
): void {
  const file = openSync(path, 'r')
  try {
    const size = statSync(path).size
    const tail = readAt(file, Math.max(0, size - 65_557), Math.min(size, 65_557))
    const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
    if (end < 0) throw new Error(`${path} is not a ZIP archive`)
    const count = tail.readUInt16LE(end + 10)
    const directory = readAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12))
    let at = 0
    for (let index = 0; index < count; index++) {
      const nameLength = directory.readUInt16LE(at + 28)
      const name = directory.toString('utf8', at + 46, at + 46 + nameLength)
      if (wanted(name)) onEntry(name, readEntry(file, directory, at))
      at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
    }
  } finally {
    closeSync(file)
  }
}

function readEntry(file: number, directory: Buffer, at: number): Buffer {
  const method = directory.readUInt16LE(at + 10)
  const offset = directory.readUInt32LE(at + 42)
  const header = readAt(file, offset, 30)
  const start = offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
  const packed = readAt(file, start, directory.readUInt32LE(at + 20))
  return method === 0 ? packed : inflateRawSync(packed)
}

function readAt(file: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const read = readSync(file, buffer, done, length - done, position + done)
    if (read === 0) throw new Error('unexpected end of the archive')
    done += read
  }
  return buffer
}
