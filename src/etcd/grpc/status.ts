import { errorMessage } from '../../kernel/result.ts'

/** gRPC's status codes. Source: grpc/grpc doc/statuscodes.md. */
export const codes = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const
export type CodeName = keyof typeof codes

/** How a call ends other than with OK. Handlers throw it; the transport puts it into trailers. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: CodeName

  constructor(code: CodeName, message: string) {
    super(message)
    this.code = code
  }
}

/** Longest message in a trailer, bytes before encoding. */
const messageBytesMax = 2_048

/**
 * A status message as the value of `grpc-message`: UTF-8 with bytes outside 0x20..0x7e and `%`
 * percent-encoded. Source: grpc/grpc doc/PROTOCOL-HTTP2.md.
 */
export function encodeStatusMessage(message: string): string {
  if (/^[ -$&-~]*$/.test(message) && message.length <= messageBytesMax) return message
  let encoded = ''
  for (const byte of Buffer.from(message).subarray(0, messageBytesMax)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25
    if (plain) encoded += String.fromCharCode(byte)
    else encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

/** What is answered for a path that nobody serves. Source: grpc-go server.go handleStream. */
export function unknownMethod(path: string): RpcError {
  const [, service = '', name = ''] = path.split('/')
  return new RpcError('unimplemented', `unknown method ${name} for service ${service}`)
}

/** Anything that was thrown as the status of a call. */
export function rpcErrorOf(error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError('unknown', errorMessage(error))
}
