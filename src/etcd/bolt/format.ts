/**
 * bbolt's file: pages of one size, numbered from 0. Pages 0 and 1 are metas, of which the valid one
 * with the higher transaction is in force; all else is reached from its root. Little endian.
 *
 *     page     id u64 | kind u16 | count u16 | overflow u32 | elements
 *     meta     magic u32 | version u32 | page size u32 | flags u32 | root u64 | sequence u64 |
 *              free list u64 | high water u64 | transaction u64 | FNV-1a of all before, u64
 *     branch   (position u32 | key bytes u32 | page u64)...                        keys
 *     leaf     (flags u32 | position u32 | key bytes u32 | value bytes u32)...     keys and values
 *     bucket   the value of a leaf element with flag 1: root u64 | sequence u64, and with root 0
 *              a leaf page of its own, as small as it may be ("inline")
 *
 * A position counts from the element's own beginning. A page whose contents are longer goes on over
 * the `overflow` pages after it. Source: etcd-io/bbolt page.go, bucket.go, db.go.
 */
export const pageHeaderBytes = 16
export const elementBytes = 16
export const bucketHeaderBytes = 16
/** Of the files that we write; a file of a machine with larger pages has its own. */
export const pageBytes = 4096
/** A bucket without buckets, whose page is not longer than this, is inline. */
export const inlineBytesMax = pageBytes / 4
export const keyBytesMax = 32_768

export const pageKinds = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const
export type PageKind = keyof typeof pageKinds

/** Flag of a leaf element whose value is a bucket. */
export const bucketFlag = 1

export interface PageHeader {
  readonly id: number
  readonly kind: number
  readonly count: number
  /** Pages after the first. */
  readonly overflow: number
}

export function readPageHeader(page: Buffer, at = 0): PageHeader {
  return {
    id: readUint64(page, at),
    kind: page.readUInt16LE(at + 8),
    count: page.readUInt16LE(at + 10),
    overflow: page.readUInt32LE(at + 12),
  }
}

export function writePageHeader(page: Buffer, header: PageHeader): void {
  writeUint64(page, 0, header.id)
  page.writeUInt16LE(header.kind, 8)
  page.writeUInt16LE(header.count, 10)
  page.writeUInt32LE(header.overflow, 12)
}

/** What of a meta matters to a reader and to a file that nobody has changed yet. */
export interface Meta {
  readonly pageBytes: number
  /** Page of the bucket that holds all others. */
  readonly root: number
  /** Page of the free list; etcd's files have 2^64-1, for none. */
  readonly freelist: number
  /** The first page that was never used: what the file must have, and nothing may point to. */
  readonly highWater: number
  readonly transaction: number
}

const magic = 0xed0cdaed
const formatVersion = 2
const metaSummedBytes = 56
export const metaEnd = pageHeaderBytes + metaSummedBytes + 8

export function writeMeta(page: Buffer, id: number, meta: Meta): void {
  writePageHeader(page, { id, kind: pageKinds.meta, count: 0, overflow: 0 })
  const body = page.subarray(pageHeaderBytes)
  body.writeUInt32LE(magic, 0)
  body.writeUInt32LE(formatVersion, 4)
  body.writeUInt32LE(meta.pageBytes, 8)
  writeUint64(body, 16, meta.root)
  writeUint64(body, 32, meta.freelist)
  writeUint64(body, 40, meta.highWater)
  writeUint64(body, 48, meta.transaction)
  body.writeBigUInt64LE(fnv1a(body.subarray(0, metaSummedBytes)), metaSummedBytes)
}

/** The meta in `page`, or why there is none. */
export function readMeta(page: Buffer): Meta | string {
  if (page.length < metaEnd) return 'the file ends within it'
  const body = page.subarray(pageHeaderBytes)
  if (body.readUInt32LE(0) !== magic) return 'no magic number of bbolt'
  const version = body.readUInt32LE(4)
  if (version !== formatVersion) return `format ${version}, where this reads ${formatVersion}`
  const sum = body.readBigUInt64LE(metaSummedBytes)
  if (sum !== fnv1a(body.subarray(0, metaSummedBytes))) return 'its checksum is wrong'
  return {
    pageBytes: body.readUInt32LE(8),
    root: readUint64(body, 16),
    freelist: readUint64(body, 32),
    highWater: readUint64(body, 40),
    transaction: readUint64(body, 48),
  }
}

/** Source: FNV-1a of 64 bits (Fowler, Noll, Vo; public domain). */
function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash
}

/** Exact up to 2^53. */
export function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32
}

export function writeUint64(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32LE(value % 2 ** 32, at)
  bytes.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4)
}
