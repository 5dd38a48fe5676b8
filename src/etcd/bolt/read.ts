import { type FileHandle, open } from 'node:fs/promises'
import { Blocks } from './blocks.ts'
import { BoltDamagedError } from './damaged.ts'
import { bucketHeaderBytes, type Meta, metaEnd, readMeta, readUint64 } from './format.ts'
import { type BoltEntry, type Page, Pages } from './pages.ts'
import { createRest, type Rest } from './rest.ts'

/** A slice of a walk ends once it has this many entries or bytes. */
const sliceEntriesMax = 256
const sliceBytesMax = 256 * 1024
/** Deeper than any file can be: 2 children a page at the least. */
const depthMax = 64
const pageBytesMax = 64 * 1024

/**
 * Opens a bbolt file for reading. `bytes`: how long the database is, when something follows it.
 * @throws BoltDamagedError when it is none, or has no valid meta, or ends too early.
 */
export async function openBolt(path: string, bytes?: number): Promise<BoltFile> {
  const file = await open(path, 'r')
  try {
    const size = bytes ?? (await file.stat()).size
    const blocks = new Blocks(path, file, size)
    const meta = await newestMeta(blocks)
    const wanted = meta.highWater * meta.pageBytes
    if (size < wanted) {
      const what = `${size} bytes, where its ${meta.highWater} pages take ${wanted}: cut off`
      throw new BoltDamagedError(path, undefined, what)
    }
    return new BoltFile(file, new Pages(blocks, meta))
  } catch (error) {
    await file.close()
    throw error
  }
}

/** An open file; buckets stay readable until it is closed. */
export class BoltFile {
  readonly #file: FileHandle
  readonly #pages: Pages

  constructor(file: FileHandle, pages: Pages) {
    this.#file = file
    this.#pages = pages
  }

  /** All buckets by name. Anything else at the top of the file is damage. */
  async *buckets(): AsyncGenerator<BoltBucket[]> {
    const top = new Walk(this.#pages, await this.#pages.read(this.#pages.root))
    for await (const slice of top.slices()) {
      yield slice.map(entry => bucketOf(this.#pages, entry))
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** A bucket of an open file. */
export class BoltBucket {
  readonly name: string
  readonly #pages: Pages
  readonly #root: number
  readonly #inline: Page | undefined

  constructor(pages: Pages, name: string, root: number, inline: Page | undefined) {
    this.#pages = pages
    this.name = name
    this.#root = root
    this.#inline = inline
  }

  /** Entries in byte order, in slices. */
  async *slices(rest: Rest = createRest()): AsyncGenerator<BoltEntry[]> {
    const root = this.#inline ?? (await this.#pages.read(this.#root))
    for await (const slice of new Walk(this.#pages, root).slices()) {
      yield slice
      await rest()
    }
  }

  /** All entries of a bucket that is known to be small. */
  async entries(): Promise<BoltEntry[]> {
    const all: BoltEntry[] = []
    for await (const slice of this.slices()) all.push(...slice)
    return all
  }
}

/** A walk over the leaves below a page, in key order, which is checked on the way. */
class Walk {
  readonly #pages: Pages
  readonly #root: Page
  #last: BoltEntry | undefined

  constructor(pages: Pages, root: Page) {
    this.#pages = pages
    this.#root = root
  }

  async *slices(): AsyncGenerator<BoltEntry[]> {
    let slice: BoltEntry[] = []
    let bytes = 0
    for await (const leaf of this.#leaves(this.#root, 0, undefined)) {
      for (let index = 0; index < leaf.count; index++) {
        const entry = this.#pages.entry(leaf, index)
        this.#checkOrder(entry)
        slice.push(entry)
        bytes += entry.end - entry.valueFrom
      }
      if (slice.length < sliceEntriesMax && bytes < sliceBytesMax) continue
      yield slice
      slice = []
      bytes = 0
    }
    if (slice.length > 0) yield slice
  }

  async *#leaves(page: Page, depth: number, from: Buffer | undefined): AsyncGenerator<Page> {
    if (depth > depthMax) throw this.#pages.damaged(page.id, 'branches that lead to themselves')
    if (page.kind === 'leaf') {
      if (from !== undefined && page.count > 0) this.#checkFirst(page, from)
      yield page
      return
    }
    if (page.count === 0) throw this.#pages.damaged(page.id, 'a branch without children')
    for (let index = 0; index < page.count; index++) {
      const { key, child } = this.#pages.branchElement(page, index)
      yield* this.#leaves(await this.#pages.read(child), depth + 1, key)
    }
  }

  #checkFirst(leaf: Page, from: Buffer): void {
    if (Buffer.compare(this.#pages.entry(leaf, 0).key, from) >= 0) return
    throw this.#pages.damaged(leaf.id, 'its first key is below what the branch above says')
  }

  #checkOrder(entry: BoltEntry): void {
    if (this.#last !== undefined && this.#last.compareKey(entry) >= 0) {
      const key = entry.key.toString('hex', 0, 32)
      throw this.#pages.damaged(entry.page, `key ${key} is out of order`)
    }
    this.#last = entry
  }
}

function bucketOf(pages: Pages, { page, key, value, isBucket }: BoltEntry): BoltBucket {
  const name = key.toString('latin1')
  if (!isBucket || value.length < bucketHeaderBytes) {
    throw pages.damaged(page, `'${name}' at the top of the file is not a bucket`)
  }
  const root = readUint64(value, 0)
  const inline = root === 0 ? pages.inline(page, value.subarray(bucketHeaderBytes)) : undefined
  return new BoltBucket(pages, name, root, inline)
}

/** The valid meta of the later transaction: a crash may have damaged one of the two. */
async function newestMeta(blocks: Blocks): Promise<Meta> {
  const first = await metaAt(blocks, 0)
  const found = typeof first === 'string' ? [] : [first]
  // Where the second one stands is known from the first; without it, every page size is tried.
  const sizes = found.length > 0 ? [found[0]!.pageBytes] : pageSizes()
  for (const pageBytes of sizes) {
    const second = await metaAt(blocks, pageBytes)
    if (typeof second !== 'string' && second.pageBytes === pageBytes) found.push(second)
  }
  found.sort((left, right) => right.transaction - left.transaction)
  const newest = found[0]
  if (newest === undefined) {
    const what = `not a bbolt database, or both of its metas are damaged (page 0: ${first})`
    throw new BoltDamagedError(blocks.path, undefined, what)
  }
  if (!pageSizes().includes(newest.pageBytes)) {
    throw new BoltDamagedError(blocks.path, 0, `pages of ${newest.pageBytes} bytes`)
  }
  return newest
}

async function metaAt(blocks: Blocks, offset: number): Promise<Meta | string> {
  if (offset + metaEnd > blocks.bytes) return 'the file ends within it'
  return readMeta(await blocks.read(offset, metaEnd))
}

function pageSizes(): number[] {
  const sizes: number[] = []
  for (let size = 1024; size <= pageBytesMax; size *= 2) sizes.push(size)
  return sizes
}
