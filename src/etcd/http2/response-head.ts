import { codes, encodeStatusMessage, type RpcError } from '../grpc/status.ts'

/**
 * Header blocks that we send, without Huffman code and without the dynamic table: they are always
 * the same few bytes. Source: RFC 7541, 6.
 */

/** Names of the static table, by their index. */
const indexed: Readonly<Record<string, number>> = { ':status': 8, 'content-type': 31 }

/** A literal header without indexing. */
function literal(name: string, value: string): Buffer {
  const index = indexed[name]
  const head = index === undefined ? Buffer.concat([Buffer.of(0), text(name)]) : integer(index, 4)
  return Buffer.concat([head, text(value)])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  return Buffer.concat([integer(bytes.length, 7), bytes])
}

/** An integer whose first byte has `bits` bits of it, the rest being 0. */
function integer(value: number, bits: number): Buffer {
  const max = 2 ** bits - 1
  if (value < max) return Buffer.of(value)
  const bytes = [max]
  let rest = value - max
  for (; rest >= 0x80; rest >>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}

/** `:status` 200 is index 8 of the static table. */
export const okHead = Buffer.concat([
  Buffer.of(0x80 | 8),
  literal('content-type', 'application/grpc'),
])

export const okTrailers = literal('grpc-status', '0')

/** Trailers of a call; without an error: OK. */
export function trailersOf(error: RpcError | undefined): Buffer {
  if (error === undefined) return okTrailers
  return Buffer.concat([
    literal('grpc-status', String(codes[error.code])),
    literal('grpc-message', encodeStatusMessage(error.message)),
  ])
}

/** A call that ends before it has begun: everything in one block. */
export function trailersOnly(error: RpcError): Buffer {
  return Buffer.concat([okHead, trailersOf(error)])
}

export function refusalHead(status: number): Buffer {
  return literal(':status', String(status))
}
