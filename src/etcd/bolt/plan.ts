import { assert } from '../../kernel/assert.ts'
import { PageFill } from './fill.ts'
import {
  bucketHeaderBytes,
  inlineBytesMax,
  keyBytesMax,
  pageBytes,
  pageHeaderBytes,
} from './format.ts'
import { KeyColumn } from './keys.ts'
import type { Rest } from './rest.ts'
import type { AnyBucketSource, BucketSource } from './source.ts'

/** Pages 0 and 1 are metas, 2 is the free list. */
const firstFreePage = 3

/** Pages of one level of a bucket: the first key of each, and where it stands in the file. */
export interface Level {
  readonly keys: KeyColumn
  readonly pages: number[]
}

/** A level of branch pages; `children[n]` is how many pages of the level below page n has. */
export interface BranchLevel extends Level {
  readonly children: number[]
}

export interface BucketPlan<Row> {
  readonly source: BucketSource<Row>
  readonly leaves: Level
  /** From the leaves up; the last has one page. None when there is only one leaf. */
  readonly branches: readonly BranchLevel[]
  /** Bytes of the page when the bucket is inline, else 0. */
  readonly inlineBytes: number
  /** 0 when inline. */
  readonly root: number
  readonly entries: number
}

// biome-ignore lint/suspicious/noExplicitAny: buckets of different rows stand in one list
export type AnyBucketPlan = BucketPlan<any>

/** Where everything goes: all that the second pass needs besides the rows. */
export interface BoltPlan {
  readonly buckets: readonly AnyBucketPlan[]
  /** The bucket of buckets; its pages are the last of the file. */
  readonly top: BucketPlan<AnyBucketPlan>
  /** Pages of the file. */
  readonly pages: number
  readonly bytes: number
}

/**
 * First pass: divides the rows over pages and numbers them. Two passes over the rows and no
 * temporary file: the size is known before the first byte leaves, nothing needs room on the disk or
 * is left behind by a crash, and what is kept is the first key of each page, a hundredth of the
 * data. The price is that the rows must stay readable until the last byte is taken.
 * @throws Error when keys are out of order.
 */
export async function planBolt(sources: readonly AnyBucketSource[], rest: Rest): Promise<BoltPlan> {
  const sorted = [...sources].sort((left, right) => Buffer.compare(left.name, right.name))
  const buckets: AnyBucketPlan[] = []
  let next = firstFreePage
  for (const source of sorted) {
    const made = await planBucket(source, next, inlineBytesMax, rest)
    buckets.push(made.bucket)
    next = made.next
  }
  const top = await planBucket(topSource(buckets), next, 0, rest)
  return { buckets, top: top.bucket, pages: top.next, bytes: top.next * pageBytes }
}

/** The bucket of buckets: name to header, with the page behind it when that is inline. */
function topSource(buckets: readonly AnyBucketPlan[]): BucketSource<AnyBucketPlan> {
  return {
    name: Buffer.alloc(0),
    slices: () => [buckets],
    keyBytes: bucket => bucket.source.name.length,
    valueBytes: bucket => bucketHeaderBytes + bucket.inlineBytes,
    writeKey: (bucket, target, at) => void target.set(bucket.source.name, at),
    writeValue: () => assert(false, 'buckets are written by the writer'),
  }
}

interface Planned<Row> {
  readonly bucket: BucketPlan<Row>
  /** The page after the bucket's last. */
  readonly next: number
}

async function planBucket<Row>(
  source: BucketSource<Row>,
  first: number,
  inlineMax: number,
  rest: Rest,
): Promise<Planned<Row>> {
  const layout = new LeafLayout(source, first)
  for await (const slice of source.slices()) {
    for (const row of slice) layout.add(row)
    await rest()
  }
  const { leaves, entries } = layout
  const lastBytes = layout.close()
  if (leaves.pages.length === 1 && lastBytes <= inlineMax) {
    const bucket = { source, leaves, branches: [], inlineBytes: lastBytes, root: 0, entries }
    return { bucket, next: first }
  }
  const branches: BranchLevel[] = []
  let next = layout.next
  for (let below: Level = leaves; below.pages.length > 1; ) {
    const level = await planBranches(below, next, rest)
    branches.push(level.branches)
    next = level.next
    below = level.branches
  }
  const root = (branches.at(-1) ?? leaves).pages[0]!
  return { bucket: { source, leaves, branches, inlineBytes: 0, root, entries }, next }
}

/** Divides rows over leaf pages, and sees to their order. */
class LeafLayout<Row> {
  readonly leaves: Level = { keys: new KeyColumn(), pages: [] }
  readonly #source: BucketSource<Row>
  readonly #fill = new PageFill(1)
  /** The key of this row, and of the one before. */
  #key = Buffer.alloc(keyBytesMax)
  #last = Buffer.alloc(keyBytesMax)
  #lastBytes = 0
  next: number
  entries = 0

  constructor(source: BucketSource<Row>, first: number) {
    this.#source = source
    this.next = first
  }

  add(row: Row): void {
    const keyBytes = this.#source.keyBytes(row)
    this.#check(row, keyBytes)
    const bytes = keyBytes + this.#source.valueBytes(row)
    if (!this.#fill.takes(bytes)) this.close()
    if (this.#fill.count === 0) this.leaves.keys.push(this.#last.subarray(0, keyBytes))
    this.#fill.add(bytes)
    this.entries++
  }

  /** Ends the page under way; an empty bucket has one without entries. Returns its bytes. */
  close(): number {
    const { bytes, pages } = this.#fill
    if (this.#fill.count === 0) this.leaves.keys.push(Buffer.alloc(0))
    this.leaves.pages.push(this.next)
    this.next += pages
    this.#fill.clear()
    return Math.max(bytes, pageHeaderBytes)
  }

  #check(row: Row, bytes: number): void {
    const name = () => this.#source.name.toString('latin1')
    if (bytes === 0 || bytes > keyBytesMax) {
      throw new Error(`bucket ${name()}: a key of ${bytes} bytes (1 to ${keyBytesMax})`)
    }
    const key = this.#key
    this.#source.writeKey(row, key, 0)
    // The first key comes after none, which is empty.
    if (key.compare(this.#last, 0, this.#lastBytes, 0, bytes) <= 0) {
      throw new Error(`bucket ${name()}: key ${key.toString('hex', 0, bytes)} is out of order`)
    }
    this.#key = this.#last
    this.#last = key
    this.#lastBytes = bytes
  }
}

/** One level of branch pages over `below`. */
async function planBranches(
  below: Level,
  first: number,
  rest: Rest,
): Promise<{ readonly branches: BranchLevel; readonly next: number }> {
  const children: number[] = []
  const fill = new PageFill(2)
  for (let child = 0; child < below.pages.length; child++) {
    const bytes = below.keys.at(child).length
    if (!fill.takes(bytes)) {
      children.push(fill.count)
      fill.clear()
    }
    fill.add(bytes)
    if (child % 1024 === 0) await rest()
  }
  children.push(fill.count)
  evenOut(children)
  return numberBranches(below, children, first, rest)
}

/** bbolt's branch pages have at least two children: the last page may take one of its neighbour. */
function evenOut(children: number[]): void {
  const before = children.length - 2
  if (children.at(-1) !== 1 || (children[before] ?? 0) < 3) return
  children[before]!--
  children[before + 1] = 2
}

async function numberBranches(
  below: Level,
  children: number[],
  first: number,
  rest: Rest,
): Promise<{ readonly branches: BranchLevel; readonly next: number }> {
  const branches: BranchLevel = { keys: new KeyColumn(), pages: [], children }
  const fill = new PageFill(2)
  let child = 0
  let next = first
  for (const count of children) {
    branches.keys.push(below.keys.at(child))
    branches.pages.push(next)
    for (const end = child + count; child < end; child++) fill.add(below.keys.at(child).length)
    next += fill.pages
    fill.clear()
    await rest()
  }
  return { branches, next }
}
