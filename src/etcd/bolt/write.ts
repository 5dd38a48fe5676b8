import { assert } from '../../kernel/assert.ts'
import { Chunks } from './chunks.ts'
import { PageFill } from './fill.ts'
import {
  bucketFlag,
  bucketHeaderBytes,
  elementBytes,
  pageBytes,
  pageHeaderBytes,
  pageKinds,
  writeMeta,
  writePageHeader,
  writeUint64,
} from './format.ts'
import { writeBranch, writeLeaf } from './page.ts'
import type { AnyBucketPlan, BoltPlan, BranchLevel, BucketPlan, Level } from './plan.ts'
import type { Rest } from './rest.ts'

/**
 * Second pass: the bytes of the file in their order, `plan.bytes` of them, in chunks of at most
 * 256 KiB that are the receiver's to keep.
 * @throws Error when a bucket's rows are no longer those of the first pass.
 */
export async function* writeBolt(plan: BoltPlan, rest: Rest): AsyncGenerator<Buffer> {
  const chunks = new Chunks()
  writeHead(plan, chunks)
  const inline = new Map<AnyBucketPlan, Buffer>()
  for (const bucket of plan.buckets) {
    if (bucket.root === 0) inline.set(bucket, await inlinePage(bucket))
    else yield* writeBucket(bucket, chunks, rest)
  }
  yield* writeBucket(topOf(plan, inline), chunks, rest, bucketFlag)
  yield* chunks.end()
}

/** Both metas, the second newer as bbolt has it, and a free list without an entry. */
function writeHead({ top, pages }: BoltPlan, chunks: Chunks): void {
  const head = chunks.pages(3)
  const meta = { pageBytes, root: top.root, freelist: 2, highWater: pages }
  writeMeta(head, 0, { ...meta, transaction: 0 })
  writeMeta(head.subarray(pageBytes), 1, { ...meta, transaction: 1 })
  const freelist = head.subarray(2 * pageBytes)
  writePageHeader(freelist, { id: 2, kind: pageKinds.freelist, count: 0, overflow: 0 })
}

async function inlinePage(bucket: AnyBucketPlan): Promise<Buffer> {
  const rows: unknown[] = []
  for await (const slice of bucket.source.slices()) rows.push(...slice)
  if (rows.length !== bucket.entries) throw changed(bucket)
  const page = Buffer.alloc(bucket.inlineBytes)
  writeLeaf(page, { id: 0, overflow: 0 }, rows, bucket.source, 0)
  return page
}

/** The bucket of buckets, now that the inline ones are known. */
function topOf(plan: BoltPlan, inline: Map<AnyBucketPlan, Buffer>): BucketPlan<AnyBucketPlan> {
  const writeValue = (bucket: AnyBucketPlan, target: Buffer, at: number): void => {
    writeUint64(target, at, bucket.root)
    const page = inline.get(bucket)
    if (page !== undefined) target.set(page, at + bucketHeaderBytes)
  }
  return { ...plan.top, source: { ...plan.top.source, writeValue } }
}

async function* writeBucket<Row>(
  bucket: BucketPlan<Row>,
  chunks: Chunks,
  rest: Rest,
  flags = 0,
): AsyncGenerator<Buffer> {
  const leaves = new LeafWriter(bucket, chunks, flags)
  for await (const slice of bucket.source.slices()) {
    for (const row of slice) leaves.add(row)
    yield* chunks.take()
    await rest()
  }
  leaves.end()
  let below: Level = bucket.leaves
  for (const level of bucket.branches) {
    for (const children of childrenOf(level, below)) {
      writeBranchPage(below, children, chunks)
      yield* chunks.take()
      await rest()
    }
    below = level
  }
}

/** Divides rows over pages again, and holds the outcome against the plan. */
class LeafWriter<Row> {
  readonly #bucket: BucketPlan<Row>
  readonly #chunks: Chunks
  readonly #flags: number
  readonly #fill = new PageFill(1)
  #rows: Row[] = []
  #page = 0
  #next: number

  constructor(bucket: BucketPlan<Row>, chunks: Chunks, flags: number) {
    this.#bucket = bucket
    this.#chunks = chunks
    this.#flags = flags
    this.#next = bucket.leaves.pages[0]!
  }

  add(row: Row): void {
    const { source } = this.#bucket
    const bytes = source.keyBytes(row) + source.valueBytes(row)
    if (!this.#fill.takes(bytes)) this.#close()
    this.#fill.add(bytes)
    this.#rows.push(row)
  }

  end(): void {
    this.#close()
    if (this.#page !== this.#bucket.leaves.pages.length) throw changed(this.#bucket)
  }

  #close(): void {
    const { leaves, source } = this.#bucket
    const id = this.#next
    if (leaves.pages[this.#page] !== id) throw changed(this.#bucket)
    const { pages } = this.#fill
    const header = { id, overflow: pages - 1 }
    const page = this.#chunks.pages(pages)
    writeLeaf(page, header, this.#rows, source, this.#flags)
    const first = pageHeaderBytes + this.#rows.length * elementBytes
    const wanted = leaves.keys.at(this.#page)
    if (page.compare(wanted, 0, wanted.length, first, first + wanted.length) !== 0) {
      throw changed(this.#bucket)
    }
    this.#fill.clear()
    this.#rows = []
    this.#page++
    this.#next += pages
  }
}

interface Children {
  readonly page: number
  readonly from: number
  readonly end: number
}

function* childrenOf(level: BranchLevel, below: Level): Generator<Children> {
  let from = 0
  for (const [index, count] of level.children.entries()) {
    yield { page: level.pages[index]!, from, end: from + count }
    from += count
  }
  assert(from === below.pages.length, 'children without a parent')
}

function writeBranchPage(below: Level, { page, from, end }: Children, chunks: Chunks): void {
  const fill = new PageFill(2)
  const children: { key: Buffer; page: number }[] = []
  for (let child = from; child < end; child++) {
    const key = below.keys.at(child)
    fill.add(key.length)
    children.push({ key, page: below.pages[child]! })
  }
  writeBranch(chunks.pages(fill.pages), { id: page, overflow: fill.pages - 1 }, children)
}

function changed({ source }: AnyBucketPlan): Error {
  const name = source.name.toString('latin1')
  return new Error(`bucket ${name}: its rows are no longer those that were laid out`)
}
