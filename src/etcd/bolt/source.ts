/**
 * A bucket to write. Its rows are read twice, once for the layout and once for the bytes, and must
 * be the same both times: in byte order of their keys, none twice.
 */
export interface BucketSource<Row> {
  readonly name: Buffer
  /** Slices of bounded size; others run between them. */
  slices(): AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>
  keyOf(row: Row): Buffer
  valueBytes(row: Row): number
  /** Writes exactly `valueBytes(row)` bytes. */
  writeValue(row: Row, target: Buffer, at: number): void
}

// biome-ignore lint/suspicious/noExplicitAny: buckets of different rows stand in one list
export type AnyBucketSource = BucketSource<any>

export interface BoltEntry {
  readonly key: Buffer
  readonly value: Buffer
}

/** A bucket of few entries, which are sorted here. */
export function smallBucket(name: string, entries: readonly BoltEntry[]): BucketSource<BoltEntry> {
  const sorted = [...entries].sort((left, right) => Buffer.compare(left.key, right.key))
  return {
    name: Buffer.from(name, 'latin1'),
    slices: () => [sorted],
    keyOf: entry => entry.key,
    valueBytes: entry => entry.value.length,
    writeValue: (entry, target, at) => void target.set(entry.value, at),
  }
}
