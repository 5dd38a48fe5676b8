/**
 * A bucket to write. Its rows are read twice, once for the layout and once for the bytes, and must
 * be the same both times: in byte order of their keys, none twice.
 */
export interface BucketSource<Row> {
  readonly name: Buffer
  /** Slices of bounded size; others run between them. */
  slices(): AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>
  keyBytes(row: Row): number
  valueBytes(row: Row): number
  /**
   * Both write exactly as many bytes as they said. Straight into the page: a Buffer for each row is
   * garbage whose collection stops the thread for longer than the work itself.
   */
  writeKey(row: Row, target: Buffer, at: number): void
  writeValue(row: Row, target: Buffer, at: number): void
}

// biome-ignore lint/suspicious/noExplicitAny: buckets of different rows stand in one list
export type AnyBucketSource = BucketSource<any>

/** An entry of a bucket that is written from memory. */
export interface KeyedValue {
  readonly key: Buffer
  readonly value: Buffer
}

/** A bucket of few entries, which are sorted here. */
export function smallBucket(
  name: string,
  entries: readonly KeyedValue[],
): BucketSource<KeyedValue> {
  const sorted = [...entries].sort((left, right) => Buffer.compare(left.key, right.key))
  return {
    name: Buffer.from(name, 'latin1'),
    slices: () => [sorted],
    keyBytes: entry => entry.key.length,
    valueBytes: entry => entry.value.length,
    writeKey: (entry, target, at) => void target.set(entry.key, at),
    writeValue: (entry, target, at) => void target.set(entry.value, at),
  }
}
