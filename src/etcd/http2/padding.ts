import { ConnectionError, flags } from './codes.ts'

/**
 * Where the payload `bytes[from, to)` of DATA or HEADERS begins and ends without its padding.
 * @throws ConnectionError
 */
export function unpadded(
  flag: number,
  bytes: Buffer,
  from: number,
  to: number,
): [from: number, to: number] {
  if ((flag & flags.padded) === 0) return [from, to]
  const padding = bytes[from]
  if (from === to || padding === undefined || padding >= to - from) {
    throw new ConnectionError('protocolError', 'more padding than frame')
  }
  return [from + 1, to - padding]
}
