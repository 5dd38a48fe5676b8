import { setImmediate as nextTurn } from 'node:timers/promises'

/** Largest line of a watch: an object of 1.5 MiB with room for its envelope. */
export const lineBytesMax = 8 * 1024 * 1024

/** Lines handed out before other work of this thread gets a turn. */
const linesPerTurn = 128

/**
 * The lines of a stream of bytes, without their newline; empty ones are skipped. A last line
 * without newline is dropped: the connection broke inside it.
 * @throws RangeError for a line above lineBytesMax.
 */
export async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Uint8Array[] = []
  let restBytes = 0
  let lines = 0
  for await (const chunk of body) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      rest.push(chunk.subarray(start, end))
      const line = rest.length === 1 ? rest[0]! : Buffer.concat(rest)
      rest = []
      restBytes = 0
      start = end + 1
      if (line.length > 0) yield utf8(line)
      if (++lines % linesPerTurn === 0) await nextTurn()
    }
    if (start === chunk.length) continue
    rest.push(chunk.subarray(start))
    restBytes += chunk.length - start
    if (restBytes > lineBytesMax) throw new RangeError(`line above ${lineBytesMax} bytes`)
  }
}

/** All of a body. */
export async function readAll(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.length)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}
