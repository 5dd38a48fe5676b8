import { RpcError } from './status.ts'
import { limits, tooLargeText } from './types.ts'

/** Bytes before each gRPC message: compressed flag, length. */
export const prefixBytes = 5

/**
 * Cuts a stream of bytes into gRPC messages. Chunks are kept by reference until a message is
 * whole; a message within one chunk is a view into it.
 */
export class Deframer {
  #chunks: Buffer[] = []
  #bytes = 0

  /** Bytes of an unfinished message. */
  get pendingBytes(): number {
    return this.#bytes
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
  }

  /**
   * The next whole message, if there is one.
   * @throws RpcError for one that is too large or compressed.
   */
  take(): Buffer | undefined {
    if (this.#bytes < prefixBytes) return undefined
    if (this.#chunks[0]!.length < prefixBytes) this.#join()
    const head = this.#chunks[0]!
    const length = head.readUInt32BE(1)
    if (length > limits.messageBytesMax) {
      throw new RpcError('resourceExhausted', tooLargeText(length))
    }
    if (head[0] !== 0) {
      throw new RpcError('unimplemented', 'grpc: compressed messages are not supported')
    }
    const end = prefixBytes + length
    if (this.#bytes < end) return undefined
    if (head.length < end) this.#join()
    const whole = this.#chunks[0]!
    this.#bytes -= end
    if (whole.length === end) this.#chunks.shift()
    else this.#chunks[0] = whole.subarray(end)
    return whole.subarray(prefixBytes, end)
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks)]
  }
}
