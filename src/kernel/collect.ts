import type { Readable } from 'node:stream'

/** All bytes of a stream. Rejects, and ends the stream, when there are more than `bytesMax`. */
export async function collect(stream: Readable, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of stream as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > bytesMax) throw new Error('the answer is too large')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
