import type { Blocks } from './blocks.ts'
import { BoltDamagedError } from './damaged.ts'
import {
  bucketFlag,
  elementBytes,
  type Meta,
  type PageHeader,
  type PageKind,
  pageHeaderBytes,
  pageKinds,
  readPageHeader,
  readUint64,
} from './format.ts'

/** A page with what it goes on over. */
export interface Page {
  readonly id: number
  readonly kind: 'branch' | 'leaf'
  readonly count: number
  readonly bytes: Buffer
}

/**
 * An entry of a bucket: where its key and value stand in a page. Views are made when they are asked
 * for, as two for each of a million rows are more garbage than the rows themselves. They stay
 * valid, and hold up to 256 KiB: what is kept is to be copied.
 */
export class BoltEntry {
  /** Page number, for errors. */
  readonly page: number
  readonly bytes: Buffer
  /** The key is [keyFrom, valueFrom) of `bytes`, the value [valueFrom, end). */
  readonly keyFrom: number
  readonly valueFrom: number
  readonly end: number
  readonly isBucket: boolean

  constructor(page: Page, element: number) {
    const { bytes } = page
    this.page = page.id
    this.bytes = bytes
    this.keyFrom = element + bytes.readUInt32LE(element + 4)
    this.valueFrom = this.keyFrom + bytes.readUInt32LE(element + 8)
    this.end = this.valueFrom + bytes.readUInt32LE(element + 12)
    this.isBucket = (bytes.readUInt32LE(element) & bucketFlag) !== 0
  }

  get key(): Buffer {
    return this.bytes.subarray(this.keyFrom, this.valueFrom)
  }

  get value(): Buffer {
    return this.bytes.subarray(this.valueFrom, this.end)
  }

  /** Byte order of the keys: negative when this one comes first. */
  compareKey(other: BoltEntry): number {
    const { bytes, keyFrom, valueFrom } = other
    return this.bytes.compare(bytes, keyFrom, valueFrom, this.keyFrom, this.valueFrom)
  }
}

/**
 * The pages of an open file, checked one by one: number, kind, and that every element lies within
 * its page. Everything is refused with a BoltDamagedError.
 */
export class Pages {
  readonly #blocks: Blocks
  readonly #meta: Meta

  constructor(blocks: Blocks, meta: Meta) {
    this.#blocks = blocks
    this.#meta = meta
  }

  get root(): number {
    return this.#meta.root
  }

  /** The branch or leaf page `id`. */
  async read(id: number): Promise<Page> {
    const { pageBytes, highWater } = this.#meta
    if (id < 2 || id >= highWater) throw this.damaged(id, `beyond the ${highWater} of the file`)
    const head = await this.#blocks.read(id * pageBytes, pageBytes)
    const header = readPageHeader(head)
    if (header.id !== id) throw this.damaged(id, `calls itself page ${header.id}`)
    const kind = this.#kindOf(header)
    if (id + header.overflow >= highWater) {
      throw this.damaged(id, `goes on over ${header.overflow} pages, beyond the end of the file`)
    }
    const length = (1 + header.overflow) * pageBytes
    const bytes = header.overflow === 0 ? head : await this.#blocks.read(id * pageBytes, length)
    return { id, kind, count: header.count, bytes: this.#checked(id, bytes, header.count) }
  }

  /** The page behind a bucket's header, in page `id`. */
  inline(id: number, bytes: Buffer): Page {
    if (bytes.length < pageHeaderBytes) throw this.damaged(id, 'an inline bucket without a page')
    const header = readPageHeader(bytes)
    if (this.#kindOf({ ...header, id }) !== 'leaf') {
      throw this.damaged(id, 'an inline bucket that is not a leaf')
    }
    return { id, kind: 'leaf', count: header.count, bytes: this.#checked(id, bytes, header.count) }
  }

  /** Entry `index` of a leaf. */
  entry(page: Page, index: number): BoltEntry {
    const entry = new BoltEntry(page, pageHeaderBytes + index * elementBytes)
    this.#checkElement(page, index, entry.keyFrom, entry.end)
    return entry
  }

  /** Element `index` of a branch: the first key below it may be greater than `key`. */
  branchElement(page: Page, index: number): { readonly key: Buffer; readonly child: number } {
    const element = pageHeaderBytes + index * elementBytes
    const from = element + page.bytes.readUInt32LE(element)
    const end = from + page.bytes.readUInt32LE(element + 4)
    this.#checkElement(page, index, from, end)
    return { key: page.bytes.subarray(from, end), child: readUint64(page.bytes, element + 8) }
  }

  damaged(page: number, what: string): BoltDamagedError {
    return new BoltDamagedError(this.#blocks.path, page, what)
  }

  #kindOf(header: PageHeader): Page['kind'] {
    if (header.kind === pageKinds.branch) return 'branch'
    if (header.kind === pageKinds.leaf) return 'leaf'
    const names = Object.keys(pageKinds) as PageKind[]
    const found = names.find(name => pageKinds[name] === header.kind)
    const what = found === undefined ? `kind 0x${header.kind.toString(16)}` : `a ${found} page`
    throw this.damaged(header.id, `${what}, where a branch or leaf should be`)
  }

  #checked(id: number, bytes: Buffer, count: number): Buffer {
    if (pageHeaderBytes + count * elementBytes <= bytes.length) return bytes
    throw this.damaged(id, `${count} elements don't fit into its ${bytes.length} bytes`)
  }

  #checkElement(page: Page, index: number, from: number, end: number): void {
    if (from >= pageHeaderBytes + page.count * elementBytes && end <= page.bytes.length) return
    throw this.damaged(page.id, `element ${index} of ${page.count} lies outside of the page`)
  }
}
