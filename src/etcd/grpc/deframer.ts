import { RpcError } from './status.ts'
import { tooLargeText } from './types.ts'

/** Bytes before each gRPC message: compressed flag, length. */
export const prefixBytes = 5

/** The least that is taken for a message which comes in pieces. */
const heldBytesMin = 256

const none: Buffer = Buffer.alloc(0)

/**
 * Cuts a stream of bytes into gRPC messages. A message within one chunk is a view into it. What is
 * left of a chunk is copied by `settle` into a buffer of our own, at most twice as large as what it
 * holds: however small the pieces are in which a client sends, it costs what it has sent, and no
 * chunk of the socket stays alive for a few bytes of it.
 */
export class Deframer {
  readonly #bytesMax: number
  /** A chunk that has just come, until `settle`. */
  #chunk: Buffer = none
  /** Filled from `#from` to `#to`; what was given out is never written again. */
  #held: Buffer = none
  #from = 0
  #to = 0

  /** `bytesMax`: of a message. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Bytes that make no whole message yet, or that nobody has taken. */
  get pendingBytes(): number {
    return this.#to - this.#from + this.#chunk.length
  }

  /** What an unfinished message takes in memory. */
  get heldBytes(): number {
    return this.#held.length + this.#chunk.length
  }

  push(chunk: Buffer): void {
    if (this.#to > this.#from || this.#chunk.length > 0) {
      this.settle()
      this.#append(chunk)
    } else this.#chunk = chunk
  }

  /**
   * The next whole message, if there is one.
   * @throws RpcError for one that is too large or compressed.
   */
  take(): Buffer | undefined {
    const isHeld = this.#to > this.#from
    const bytes = isHeld ? this.#held.subarray(this.#from, this.#to) : this.#chunk
    const end = this.#endOf(bytes)
    if (end === undefined || bytes.length < end) return undefined
    if (!isHeld) this.#chunk = bytes.subarray(end)
    else {
      this.#from += end
      if (this.#from === this.#to) this.#forget()
    }
    return bytes.subarray(prefixBytes, end)
  }

  /** @throws RpcError as `take`, of a message that is still coming. */
  check(): void {
    this.#endOf(this.#to > this.#from ? this.#held.subarray(this.#from, this.#to) : this.#chunk)
  }

  /** Lets go of the chunk. */
  settle(): void {
    const chunk = this.#chunk
    this.#chunk = none
    if (chunk.length > 0) this.#append(chunk)
  }

  /** Nothing of what has come is wanted any more. */
  clear(): void {
    this.#chunk = none
    this.#forget()
  }

  #forget(): void {
    this.#held = none
    this.#from = 0
    this.#to = 0
  }

  /** Where the message at the start of `bytes` ends; undefined while that is not known. */
  #endOf(bytes: Buffer): number | undefined {
    if (bytes.length < prefixBytes) return undefined
    const length = bytes.readUInt32BE(1)
    if (length > this.#bytesMax) {
      throw new RpcError('resourceExhausted', tooLargeText(length, this.#bytesMax))
    }
    if (bytes[0] !== 0) {
      throw new RpcError('unimplemented', 'grpc: compressed messages are not supported')
    }
    return prefixBytes + length
  }

  #append(chunk: Buffer): void {
    const bytes = this.#to - this.#from
    if (this.#held.length - this.#to < chunk.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.max(heldBytesMin, bytes + chunk.length, Math.min(2 * bytes, this.#wanted(bytes))),
      )
      this.#held.copy(grown, 0, this.#from, this.#to)
      this.#held = grown
      this.#from = 0
      this.#to = bytes
    }
    this.#to += chunk.copy(this.#held, this.#to)
  }

  /** Bytes up to the end of the message that is held, as far as its prefix says. */
  #wanted(bytes: number): number {
    if (bytes < prefixBytes) return 2 * bytes
    return prefixBytes + Math.min(this.#bytesMax, this.#held.readUInt32BE(this.#from + 1))
  }
}
