/** Arrays and maps inside each other: a frame has 4, a command of nested transactions 25. */
const depthMax = 64
/** Values in one message: what they become in memory is some 50 bytes each. */
const valuesMax = 1 << 21

/** Bytes after the first one, of values with a fixed length. */
const fixed = new Map([
  ...[0xc0, 0xc2, 0xc3].map(head => [head, 0] as const),
  ...([0xcc, 0xcd, 0xce, 0xcf] as const).map((head, at) => [head, 2 ** at] as const),
  ...([0xd0, 0xd1, 0xd2, 0xd3] as const).map((head, at) => [head, 2 ** at] as const),
  ...[[0xca, 4] as const, [0xcb, 8] as const],
])
/** Bytes of the length of binaries and texts. */
const lengths = new Map<number, number>([
  ...[[0xc4, 1] as const, [0xc5, 2] as const, [0xc6, 4] as const],
  ...[[0xd9, 1] as const, [0xda, 2] as const, [0xdb, 4] as const],
])
/** Bytes of the number of an array's values, and of a map's pairs. */
const arrays = new Map([0xdc, 0xdd].map((head, at) => [head, 2 * (at + 1)]))
const maps = new Map([0xde, 0xdf].map((head, at) => [head, 2 * (at + 1)]))

/**
 * True when `data` is exactly one value of plain MessagePack: no extension but msgpackr's
 * `undefined` (0xd4 0 0), no length beyond the end, not too deep, not too many values. Whoever
 * decodes bytes of others asks first: decoders make arrays of the length that is written, and
 * msgpackr's extensions make classes, references and functions.
 */
export function isPlain(data: Uint8Array): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  /** Values still to come, of each array or map that is open. */
  const open: number[] = [1]
  let at = 0
  let values = 0
  const readLength = (bytes: number): number => {
    if (at + bytes > data.length) return Number.POSITIVE_INFINITY
    const length =
      bytes === 1 ? view.getUint8(at) : bytes === 2 ? view.getUint16(at) : view.getUint32(at)
    at += bytes
    return length
  }
  while (open.length > 0) {
    if (open[open.length - 1]!-- === 0) {
      open.pop()
      continue
    }
    const head = data[at++]
    if (head === undefined || ++values > valuesMax) return false
    const inside = childrenOf(head, readLength)
    if (inside > 0) {
      if (inside > data.length - at || open.length >= depthMax) return false
      open.push(inside)
    } else {
      // Reading a length moves `at`.
      const bytes = bytesOf(head, readLength, data[at], data[at + 1])
      at += bytes
      if (!(at <= data.length)) return false
    }
  }
  return at === data.length
}

/** Values inside an array or map; 0: it is none, or empty. */
function childrenOf(head: number, readLength: (bytes: number) => number): number {
  if (head >= 0x80 && head <= 0x8f) return 2 * (head & 15)
  if (head >= 0x90 && head <= 0x9f) return head & 15
  const array = arrays.get(head)
  if (array !== undefined) return readLength(array)
  const map = maps.get(head)
  return map === undefined ? 0 : 2 * readLength(map)
}

/** Bytes that follow of a value without others inside; NaN: it is not plain. */
function bytesOf(
  head: number,
  readLength: (bytes: number) => number,
  next: number | undefined,
  afterNext: number | undefined,
): number {
  if (head < 0xa0 || head >= 0xe0) return 0
  if (head < 0xc0) return head & 31
  if (head === 0xd4) return next === 0 && afterNext === 0 ? 2 : Number.NaN
  const length = lengths.get(head)
  if (length !== undefined) return readLength(length)
  if (arrays.has(head) || maps.has(head)) return 0
  return fixed.get(head) ?? Number.NaN
}
