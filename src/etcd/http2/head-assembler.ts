import { limits } from '../grpc/types.ts'
import { ConnectionError, flags } from './codes.ts'
import { unpadded } from './padding.ts'
import { HeadDecoder, type RequestHead } from './request-head.ts'

/** Frames of one header block, at most. Source: CVE-2024-27316, the CONTINUATION flood. */
const partsMax = 16

/** A whole header block of a stream. */
export interface AssembledHead {
  readonly stream: number
  readonly head: RequestHead
  /** The client sends nothing after it. */
  readonly isLast: boolean
}

interface Unfinished {
  readonly stream: number
  readonly isLast: boolean
  readonly parts: Buffer[]
  bytes: number
}

/** Puts HEADERS and CONTINUATION together and decodes them, in the order in which they came. */
export class HeadAssembler {
  readonly #decoder = new HeadDecoder(limits.headerBytesMax)
  #unfinished: Unfinished | undefined

  /** True when only a CONTINUATION may come. */
  get isUnfinished(): boolean {
    return this.#unfinished !== undefined
  }

  /** @throws ConnectionError */
  onHeaders(
    flag: number,
    stream: number,
    bytes: Buffer,
    from: number,
    to: number,
  ): AssembledHead | undefined {
    let [start, end] = unpadded(flag, bytes, from, to)
    if (flag & flags.priority) {
      if (end - start < 5) throw new ConnectionError('frameSizeError', 'HEADERS is too short')
      if ((bytes.readUInt32BE(start) & 0x7fff_ffff) === stream) {
        throw new ConnectionError('protocolError', 'a stream depends on itself')
      }
      start += 5
    }
    const isLast = (flag & flags.endStream) !== 0
    if (flag & flags.endHeaders) {
      return { stream, head: this.#decoder.decode(bytes, start, end), isLast }
    }
    const parts = [bytes.subarray(start, end)]
    this.#unfinished = { stream, isLast, parts, bytes: end - start }
    return undefined
  }

  /** @throws ConnectionError */
  onContinuation(
    flag: number,
    stream: number,
    bytes: Buffer,
    from: number,
    to: number,
  ): AssembledHead | undefined {
    const block = this.#unfinished
    if (block?.stream !== stream) {
      throw new ConnectionError('protocolError', 'CONTINUATION without HEADERS')
    }
    block.parts.push(bytes.subarray(from, to))
    block.bytes += to - from
    if (block.bytes > limits.headerBytesMax || block.parts.length > partsMax) {
      throw new ConnectionError('enhanceYourCalm', 'too many headers')
    }
    if ((flag & flags.endHeaders) === 0) return undefined
    this.#unfinished = undefined
    const whole = Buffer.concat(block.parts)
    const head = this.#decoder.decode(whole, 0, whole.length)
    return { stream, head, isLast: block.isLast }
  }
}
