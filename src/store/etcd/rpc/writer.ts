import type { WideInt } from './reader.ts'

/** What the scratch buffer starts with, and how much of it is kept between messages. */
const scratchBytes = 64 << 10
const keptBytesMax = 4 << 20
/** Values from this size on are not copied but referred to. */
const referredBytesMin = 2_048
/** IDs whose varints are remembered: those of clusters, members and leases in use. */
const rememberedMax = 1_024

/**
 * Writes protobuf's wire format from the end of a buffer to its beginning: the length of a nested
 * message is known once it is written, so nothing is measured twice. Fields are therefore to be
 * written last first. One message at a time.
 *
 *     |......free......|<- tag 2 |<- length |<- nested, written before ->|
 *
 * Large values are left where they are: the message then has several parts.
 */
export class Writer {
  #buffer = Buffer.allocUnsafeSlow(scratchBytes)
  #at = scratchBytes
  /** Values that are referred to, last one first, and where: own bytes that come after each. */
  #referred: { readonly value: Uint8Array; readonly ownAfter: number }[] = []
  #referredBytes = 0
  /** What was set aside, the end of the message first. */
  #sealed: Buffer[][] = []
  #sealedBytes = 0

  /** What was written, in parts; the writer is empty then. Large values are views, not copies. */
  take(): Buffer[] {
    this.seal()
    const parts = this.#sealed.reverse().flat()
    this.#sealed = []
    this.#sealedBytes = 0
    return parts
  }

  /** Sets aside what was written: a long message needs no long buffer, copied as it grows. */
  seal(): void {
    this.#sealedBytes += this.unsealed
    this.#sealed.push(this.#takeUnsealed())
  }

  #takeUnsealed(): Buffer[] {
    const own = Buffer.allocUnsafe(this.#own)
    this.#buffer.copy(own, 0, this.#at)
    const parts: Buffer[] = []
    let from = 0
    for (const { value, ownAfter } of this.#referred.reverse()) {
      const to = own.length - ownAfter
      if (to > from) parts.push(own.subarray(from, to))
      parts.push(Buffer.from(value.buffer, value.byteOffset, value.length))
      from = to
    }
    if (from < own.length || parts.length === 0) parts.push(own.subarray(from))
    this.#empty()
    return parts
  }

  /** Forgets what was written: also after an error. */
  clear(): void {
    this.#sealed = []
    this.#sealedBytes = 0
    this.#empty()
  }

  #empty(): void {
    if (this.#buffer.length > keptBytesMax) this.#buffer = Buffer.allocUnsafeSlow(scratchBytes)
    this.#at = this.#buffer.length
    if (this.#referredBytes === 0) return
    this.#referred = []
    this.#referredBytes = 0
  }

  /** Bytes written so far. */
  get written(): number {
    return this.unsealed + this.#sealedBytes
  }

  /** Bytes written since the last seal. */
  get unsealed(): number {
    return this.#own + this.#referredBytes
  }

  /** Tags and lengths: below 2^32. */
  uint32(value: number): void {
    if (value < 0x80) {
      this.#room(1)
      this.#buffer[--this.#at] = value
      return
    }
    const size = value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5
    this.#room(size)
    this.#at -= size
    let at = this.#at
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[at++] = (rest & 0x7f) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.#buffer[at] = rest
  }

  wide(value: WideInt): void {
    if (typeof value === 'number' && value >= 0 && value < 2 ** 32) this.uint32(value)
    else if (typeof value === 'number' && value >= 0) this.#double(value)
    else this.raw(varintOf(value))
  }

  key(value: string): void {
    this.#room(value.length)
    this.#at -= value.length
    this.#buffer.write(value, this.#at, 'latin1')
    this.uint32(value.length)
  }

  string(value: string): void {
    const size = Buffer.byteLength(value)
    this.#room(size)
    this.#at -= size
    this.#buffer.write(value, this.#at, 'utf8')
    this.uint32(size)
  }

  bytes(value: Uint8Array): void {
    if (value.length < referredBytesMin) this.raw(value)
    else {
      this.#referred.push({ value, ownAfter: this.#own })
      this.#referredBytes += value.length
    }
    this.uint32(value.length)
  }

  raw(value: Uint8Array): void {
    this.#room(value.length)
    this.#at -= value.length
    this.#buffer.set(value, this.#at)
  }

  get #own(): number {
    return this.#buffer.length - this.#at
  }

  #double(value: number): void {
    let size = 5
    for (let limit = 2 ** 35; value >= limit; limit *= 128) size++
    this.#room(size)
    this.#at -= size
    let at = this.#at
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[at++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.#buffer[at] = rest
  }

  #room(count: number): void {
    if (this.#at >= count) return
    const written = this.#own
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, 2 * (written + count)))
    this.#buffer.copy(larger, larger.length - written, this.#at)
    this.#at = larger.length - written
    this.#buffer = larger
  }
}

const remembered = new Map<WideInt, Uint8Array>()

/** A bigint or a negative number as a varint of its 64 bits. */
function varintOf(value: WideInt): Uint8Array {
  const known = remembered.get(value)
  if (known !== undefined) return known
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  if (remembered.size >= rememberedMax) remembered.clear()
  const varint = Uint8Array.from(bytes)
  remembered.set(value, varint)
  return varint
}
