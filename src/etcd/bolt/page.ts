import { elementBytes, pageHeaderBytes, pageKinds, writePageHeader, writeUint64 } from './format.ts'
import type { BucketSource } from './source.ts'

/** Writes a leaf page of `rows` into zeroed bytes. `flags` is 1 where the values are buckets. */
export function writeLeaf<Row>(
  page: Buffer,
  header: { readonly id: number; readonly overflow: number },
  rows: readonly Row[],
  source: BucketSource<Row>,
  flags: number,
): void {
  writePageHeader(page, { ...header, kind: pageKinds.leaf, count: rows.length })
  let element = pageHeaderBytes
  let at = pageHeaderBytes + rows.length * elementBytes
  for (const row of rows) {
    const keyBytes = source.keyBytes(row)
    const valueBytes = source.valueBytes(row)
    page.writeUInt32LE(flags, element)
    page.writeUInt32LE(at - element, element + 4)
    page.writeUInt32LE(keyBytes, element + 8)
    page.writeUInt32LE(valueBytes, element + 12)
    source.writeKey(row, page, at)
    source.writeValue(row, page, at + keyBytes)
    at += keyBytes + valueBytes
    element += elementBytes
  }
}

/** Writes a branch page over children, each with its first key, into zeroed bytes. */
export function writeBranch(
  page: Buffer,
  header: { readonly id: number; readonly overflow: number },
  children: readonly { readonly key: Buffer; readonly page: number }[],
): void {
  writePageHeader(page, { ...header, kind: pageKinds.branch, count: children.length })
  let element = pageHeaderBytes
  let at = pageHeaderBytes + children.length * elementBytes
  for (const child of children) {
    page.writeUInt32LE(at - element, element)
    page.writeUInt32LE(child.key.length, element + 4)
    writeUint64(page, element + 8, child.page)
    page.set(child.key, at)
    at += child.key.length
    element += elementBytes
  }
}
