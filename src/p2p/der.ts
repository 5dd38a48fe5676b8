/**
 * DER, as much of it as one certificate needs. By hand: loading a certificate library takes the
 * consensus thread 0.2-0.5 s of every start.
 * Source: X.690, 8 and 10.
 */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  /** [0] and [3], constructed: version and extensions of a certificate. */
  version: 0xa0,
  extensions: 0xa3,
} as const

/** One element: its tag, and its content without the header. */
export interface Element {
  readonly tag: number
  readonly content: Buffer
}

/** An element of the joined `contents`. */
export function encode(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content])
}

/** An object identifier in dotted form. */
export function encodeObjectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest.flatMap(base128)]
  return encode(tags.objectId, Buffer.from(bytes))
}

/** The elements that `bytes` consists of. @throws RangeError when they are no DER. */
export function decode(bytes: Uint8Array): Element[] {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const elements: Element[] = []
  let at = 0
  while (at < data.length) {
    const { length, headerBytes } = readLength(data, at + 1)
    const start = at + 1 + headerBytes
    if (start + length > data.length) throw new RangeError('DER: cut short')
    elements.push({ tag: data[at] ?? 0, content: data.subarray(start, start + length) })
    at = start + length
  }
  return elements
}

function readLength(data: Buffer, at: number): { length: number; headerBytes: number } {
  const first = data[at]
  if (first === undefined) throw new RangeError('DER: cut short')
  if (first < 0x80) return { length: first, headerBytes: 1 }
  const size = first & 0x7f
  if (size === 0 || size > 4 || at + size >= data.length) throw new RangeError('DER: length')
  return { length: data.readUIntBE(at + 1, size), headerBytes: 1 + size }
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff)
  return [0x80 | bytes.length, ...bytes]
}

/** Seven bits a byte, the highest first; all but the last have the top bit set. */
function base128(value: number): number[] {
  const bytes = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80)
  return bytes
}
