import {
  type BackendRow,
  backendKeyBytes,
  keyValueBytes,
  writeBackendKey,
  writeKeyValue,
} from '../../mvcc/kvproto.ts'
import type { BucketSource } from '../bolt/source.ts'
import { buckets } from './buckets.ts'

/**
 * The bucket of all revisions. A tombstone exactly at the compacted revision is in it, as with etcd
 * 3.6: 3.4 removes it when it compacts, and passes over it when it starts on this file.
 */
export function keyBucket(
  slices: () => AsyncIterable<readonly BackendRow[]>,
): BucketSource<BackendRow> {
  return {
    name: Buffer.from(buckets.key, 'latin1'),
    slices,
    keyBytes: backendKeyBytes,
    valueBytes: keyValueBytes,
    writeKey: (row, target, at) => void writeBackendKey(row, target, at),
    writeValue: (row, target, at) => void writeKeyValue(row, target, at),
  }
}
