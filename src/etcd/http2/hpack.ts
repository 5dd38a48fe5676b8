import { ConnectionError } from './codes.ts'
import { decodeHuffman } from './huffman.ts'
import { type HeaderField, staticTable } from './static-table.ts'

/** Bytes of the dynamic table, as RFC 7541, 4.1 counts them; the default that we never change. */
const tableBytesMax = 4_096
const entryOverhead = 32

/**
 * Decodes header blocks with their dynamic table. `version` changes with the table: the same bytes
 * at the same version are the same headers. Source: RFC 7541.
 */
export class HpackDecoder {
  readonly #table: HeaderField[] = []
  readonly #listBytesMax: number
  #tableBytes = 0
  #capacity = tableBytesMax
  #version = 0
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0

  /** `listBytesMax`: of all names and values of a block, each header with 32 more. */
  constructor(listBytesMax: number) {
    this.#listBytesMax = listBytesMax
  }

  get version(): number {
    return this.#version
  }

  /** @throws ConnectionError for a malformed block, or one that says too much. */
  decode(bytes: Buffer, from = 0, to = bytes.length): HeaderField[] {
    this.#bytes = bytes
    this.#at = from
    this.#end = to
    const fields: HeaderField[] = []
    let room = this.#listBytesMax
    while (this.#at < this.#end) {
      const field = this.#field(fields.length === 0)
      if (field === undefined) continue
      room -= field[0].length + field[1].length + entryOverhead
      if (room < 0) throw new ConnectionError('enhanceYourCalm', 'too many headers')
      fields.push(field)
    }
    return fields
  }

  /** One representation; undefined for a change of the table's size, only legal at the start. */
  #field(first: boolean): HeaderField | undefined {
    const byte = this.#bytes[this.#at]!
    if (byte & 0x80) return this.#entry(this.#integer(0x7f))
    if (byte & 0x40) return this.#add(this.#literal(0x3f))
    if (byte & 0x20) {
      if (!first) throw malformed('table size within a block')
      this.#resize(this.#integer(0x1f))
      return undefined
    }
    return this.#literal(0x0f)
  }

  #literal(mask: number): HeaderField {
    const index = this.#integer(mask)
    const name = index === 0 ? this.#string() : this.#entry(index)[0]
    return [name, this.#string()]
  }

  #entry(index: number): HeaderField {
    const fixed = staticTable.length
    const field = index <= fixed ? staticTable[index - 1] : this.#table[index - fixed - 1]
    if (field === undefined) throw malformed('no such index')
    return field
  }

  #add(field: HeaderField): HeaderField {
    this.#version++
    this.#table.unshift(field)
    this.#tableBytes += field[0].length + field[1].length + entryOverhead
    this.#evict()
    return field
  }

  #resize(capacity: number): void {
    if (capacity > tableBytesMax) throw malformed('the table may not be that large')
    this.#version++
    this.#capacity = capacity
    this.#evict()
  }

  #evict(): void {
    while (this.#tableBytes > this.#capacity) {
      const [name, value] = this.#table.pop()!
      this.#tableBytes -= name.length + value.length + entryOverhead
    }
  }

  /** Source: RFC 7541, 5.1. */
  #integer(mask: number): number {
    let value = this.#byte() & mask
    if (value < mask) return value
    for (let shift = 1; shift <= 2 ** 21; shift *= 128) {
      const byte = this.#byte()
      value += (byte & 0x7f) * shift
      if (byte < 0x80) return value
    }
    throw malformed('an integer is too long')
  }

  #string(): string {
    const isHuffman = (this.#bytes[this.#at] ?? 0) >= 0x80
    const length = this.#integer(0x7f)
    const from = this.#at
    if (length > this.#end - from) throw malformed('a string has no end')
    this.#at += length
    if (isHuffman) return decodeHuffman(this.#bytes, from, this.#at)
    return this.#bytes.toString('latin1', from, this.#at)
  }

  #byte(): number {
    if (this.#at >= this.#end) throw malformed('the block ends within a header')
    return this.#bytes[this.#at++]!
  }
}

function malformed(message: string): ConnectionError {
  return new ConnectionError('compressionError', message)
}
