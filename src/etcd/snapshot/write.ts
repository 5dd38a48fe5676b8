import { createHash } from 'node:crypto'
import type { FrozenStore } from '../../store/embedded-types.ts'
import { type BoltPlan, planBolt } from '../bolt/plan.ts'
import { createRest, type Rest } from '../bolt/rest.ts'
import { type AnyBucketSource, type KeyedValue, smallBucket } from '../bolt/source.ts'
import { writeBolt } from '../bolt/write.ts'
import { authKeys, buckets, clusterKeys, metaKeys } from './buckets.ts'
import {
  encodeAlarm,
  encodeLease,
  encodeMember,
  encodeRole,
  encodeUser,
  memberKey,
} from './records.ts'
import { keyBucket } from './rows.ts'
import type { SnapshotStream, WriteOptions } from './types.ts'

const defaultClusterVersion = '3.4.0'
const sha256Bytes = 32

/**
 * A snapshot as etcd's Maintenance.Snapshot sends it and `etcdctl snapshot save` keeps it: a bbolt
 * database, then its SHA-256. The layout is etcd 3.4's, which `etcdctl` and `etcdutl snapshot
 * restore` of 3.4 to 3.6 take.
 *
 * `frozen.rows()` is called twice, here and while the chunks are read, and must give the same rows;
 * everything else is taken before this function first waits. Rows must be in order of (mod, sub).
 */
export async function writeEtcdSnapshot(
  frozen: FrozenStore,
  options: WriteOptions = {},
): Promise<SnapshotStream> {
  const rest = createRest()
  const sources = [keyBucket(() => frozen.rows()), ...smallBuckets(frozen, options)]
  const plan = await planBolt(sources, rest)
  return {
    databaseBytes: plan.bytes,
    totalBytes: plan.bytes + sha256Bytes,
    chunks: withHash(plan, rest),
  }
}

async function* withHash(plan: BoltPlan, rest: Rest): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of writeBolt(plan, rest)) {
    hash.update(chunk)
    yield chunk
    await rest()
  }
  yield hash.digest()
}

/** Every bucket that etcd itself would have made at its first start, be it empty. */
function smallBuckets(frozen: FrozenStore, options: WriteOptions): AnyBucketSource[] {
  const { auth } = frozen
  const version = options.clusterVersion ?? defaultClusterVersion
  return [
    smallBucket(buckets.meta, metaEntries(frozen)),
    smallBucket(
      buckets.lease,
      frozen.leases.map(lease => ({ key: uint64(lease.id), value: encodeLease(lease) })),
    ),
    smallBucket(
      buckets.alarm,
      frozen.alarms.map(alarm => ({ key: encodeAlarm(alarm), value: Buffer.alloc(0) })),
    ),
    smallBucket(buckets.cluster, [entry(clusterKeys.version, Buffer.from(version))]),
    smallBucket(
      buckets.members,
      frozen.members.map(member => ({ key: memberKey(member.id), value: encodeMember(member) })),
    ),
    smallBucket(buckets.membersRemoved, []),
    smallBucket(buckets.auth, [
      entry(authKeys.enabled, Buffer.of(auth.enabled ? 1 : 0)),
      entry(authKeys.revision, uint64(auth.revision)),
    ]),
    smallBucket(
      buckets.users,
      auth.users().map(user => entry(user.name, encodeUser(user))),
    ),
    smallBucket(
      buckets.roles,
      auth.roles().map(role => entry(role.name, encodeRole(role))),
    ),
  ]
}

function metaEntries(frozen: FrozenStore): KeyedValue[] {
  const entries = [entry(metaKeys.consistentIndex, uint64(frozen.appliedIndex))]
  if (frozen.compactRevision > 0) {
    const revision = Buffer.concat([uint64(frozen.compactRevision), Buffer.from('_'), uint64(0)])
    entries.push(entry(metaKeys.scheduledCompact, revision))
    entries.push(entry(metaKeys.finishedCompact, revision))
  }
  return entries
}

function entry(key: string, value: Buffer): KeyedValue {
  return { key: Buffer.from(key, 'utf8'), value }
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
