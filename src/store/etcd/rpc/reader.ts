/** Thrown for bytes that are no protobuf message of the wanted type. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage'
}

/**
 * An int64 that may lie beyond 2^53: a number when it is a safe integer, else a bigint. Exactly one
 * form for each value, so `===` compares.
 */
export type WideInt = number | bigint

const none = new Uint8Array(0)

/** Reads protobuf's wire format from one message's bytes. Values are views, not copies. */
export class Reader {
  readonly #bytes: Buffer
  #at: number
  readonly #end: number
  /** Messages this one is nested in. */
  readonly depth: number

  constructor(bytes: Buffer, at = 0, end = bytes.length, depth = 0) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
    this.depth = depth
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end
  }

  /** A tag or a length: at most 32 bits. */
  uint32(): number {
    const bytes = this.#bytes
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte(bytes)
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value % 2 ** 32
    }
    // A negative int32 or enum is written as ten bytes; what is above 32 bits is dropped.
    for (let more = 0; more < 5; more++) {
      if (this.#byte(bytes) < 0x80) return value % 2 ** 32
    }
    throw new MalformedMessage('a varint has no end')
  }

  /** An int64 as a number; beyond 2^53 it is rounded. */
  int64(): number {
    const value = this.wide()
    return typeof value === 'number' ? value : Number(value)
  }

  wide(): WideInt {
    const first = this.#bytes[this.#at]
    if (first !== undefined && first < 0x80 && this.#at < this.#end) {
      this.#at++
      return first
    }
    const [low, high] = this.#words()
    if (high < 0x20_0000) return high * 2 ** 32 + low
    const value = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low))
    const rounded = Number(value)
    return Number.isSafeInteger(rounded) ? rounded : value
  }

  uint64(): bigint {
    const [low, high] = this.#words()
    return (BigInt(high) << 32n) | BigInt(low)
  }

  bool(): boolean {
    const [low, high] = this.#words()
    return low !== 0 || high !== 0
  }

  /** Bytes as a latin1 string: a key as src/mvcc has it. */
  key(): string {
    const from = this.#length()
    return this.#bytes.toString('latin1', from, this.#at)
  }

  /** UTF-8; bytes that are none become U+FFFD. */
  string(): string {
    const from = this.#length()
    return this.#bytes.toString('utf8', from, this.#at)
  }

  bytes(): Uint8Array {
    const from = this.#length()
    return from === this.#at ? none : this.#bytes.subarray(from, this.#at)
  }

  /** A reader of the nested message here. */
  nested(): Reader {
    if (this.depth >= depthMax) throw new MalformedMessage('messages are nested too deep')
    const from = this.#length()
    return new Reader(this.#bytes, from, this.#at, this.depth + 1)
  }

  /** Passes over the value of an unknown field. */
  skip(wireType: number): void {
    if (wireType === 0) this.#words()
    else if (wireType === 1) this.#advance(8)
    else if (wireType === 2) this.#length()
    else if (wireType === 5) this.#advance(4)
    else throw new MalformedMessage(`wire type ${wireType} is not supported`)
  }

  #byte(bytes: Buffer): number {
    if (this.#at >= this.#end) throw new MalformedMessage('the message ends within a varint')
    return bytes[this.#at++]!
  }

  /** The low and high 32 bits of a varint. */
  #words(): [number, number] {
    const bytes = this.#bytes
    let low = 0
    let high = 0
    for (let index = 0; index < 10; index++) {
      const byte = this.#byte(bytes)
      const bits = byte & 0x7f
      if (index < 4) low |= bits << (7 * index)
      else if (index === 4) {
        low |= bits << 28
        high = bits >> 4
      } else high |= bits << (7 * index - 32)
      if (byte < 0x80) return [low >>> 0, high >>> 0]
    }
    throw new MalformedMessage('a varint has no end')
  }

  /** Reads a length, moves past it and its bytes; returns where they begin. */
  #length(): number {
    const length = this.uint32()
    const from = this.#at
    this.#advance(length)
    return from
  }

  #advance(count: number): void {
    if (count > this.#end - this.#at) throw new MalformedMessage('the message ends within a field')
    this.#at += count
  }
}

/** Deepest nesting. Source: protobuf's default recursion limit. */
const depthMax = 100
