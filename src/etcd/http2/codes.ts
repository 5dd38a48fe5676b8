/** Frame types. Source: RFC 9113, 6. */
export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const flags = {
  /** Of SETTINGS and PING. */
  ack: 0x1,
  /** Of DATA and HEADERS. */
  endStream: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const

/** Source: RFC 9113, 7. */
export const errorCodes = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const
export type ErrorName = keyof typeof errorCodes

/** Ends the connection with a GOAWAY. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly code: ErrorName

  constructor(code: ErrorName, message: string) {
    super(message)
    this.code = code
  }
}

/** The largest value of a flow-control window. */
export const windowMax = 2 ** 31 - 1
/** Windows, both ways, before anything is said. */
export const defaultWindow = 65_535
/** Frames that we accept, and the least that anybody must. */
export const frameBytesMax = 16_384

export const frameHeadBytes = 9
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
