import { stat } from 'node:fs/promises'
import { hashKvOf } from '../../mvcc/hashkv.ts'
import { type BackendRow, readBackendKey } from '../../mvcc/kvproto.ts'
import type { KeyValue, Revision, RevisionRow } from '../../mvcc/types.ts'
import { BoltDamagedError } from '../bolt/damaged.ts'
import { openBolt } from '../bolt/read.ts'
import { Backend } from './backend.ts'
import { authKeys, buckets, clusterKeys, metaKeys } from './buckets.ts'
import { PendingCompaction } from './compaction.ts'
import { LeaseIds, LeaseNames, leaseIdOf } from './leases.ts'
import {
  decodeAlarm,
  decodeLease,
  decodeMember,
  decodeRole,
  decodeUser,
  memberIdOf,
} from './records.ts'
import { checkHash, hasHash, sha256Bytes } from './trailer.ts'
import {
  type EtcdSnapshot,
  type ReadOptions,
  type SnapshotAuth,
  SnapshotRefusedError,
} from './types.ts'

/**
 * Opens a snapshot of a real etcd (3.4 to 3.6) or of ours. It is read from end to end before this
 * returns, hash and every page, so that damage is known before anything is restored.
 * @throws SnapshotRefusedError with what is wrong and what to do; errors of the file system as they
 * are.
 */
export async function readEtcdSnapshot(
  path: string,
  options: ReadOptions = {},
): Promise<EtcdSnapshot> {
  const { size } = await stat(path)
  try {
    const backend = await openBackend(path, hasHash(size) ? size - sha256Bytes : size)
    try {
      if (!options.skipHashCheck) await checkHash(path, size)
      return await load(backend)
    } catch (error) {
      await backend.close()
      throw error
    }
  } catch (error) {
    throw error instanceof BoltDamagedError ? refusal(error) : error
  }
}

async function openBackend(path: string, bytes: number): Promise<Backend> {
  const file = await openBolt(path, bytes)
  try {
    return await Backend.of(path, file)
  } catch (error) {
    await file.close()
    throw error
  }
}

function refusal(error: BoltDamagedError): SnapshotRefusedError {
  const advice =
    error.page === undefined
      ? "Give a whole file that 'snapshot save' made."
      : 'The file is damaged: copy it again, or use another snapshot.'
  return new SnapshotRefusedError(`${error.message}. ${advice}`, { cause: error })
}

async function load(backend: Backend): Promise<EtcdSnapshot> {
  const meta = await backend.values(buckets.meta)
  const { compactRevision, pending } = compactionOf(meta)
  const leases = await backend.records(buckets.lease, ({ value }) => decodeLease(value))
  const ids = new LeaseIds()
  for (const lease of leases) ids.add(leaseIdOf(lease.id))
  const survey = await surveyRows(backend, ids, pending)
  const names = new LeaseNames(ids.small, ids.wide)
  const revision = Math.max(survey.last, compactRevision, 1)
  const span = { revision, compactRevision }
  return {
    revision: revision as Revision,
    compactRevision: compactRevision as Revision,
    appliedIndex: uint64(meta.get(metaKeys.consistentIndex)),
    term: uint64(meta.get(metaKeys.term)),
    ...(await clusterOf(backend)),
    auth: await authOf(backend),
    leases: leases.map(({ id, ttlSeconds }) => ({ id: names.of(leaseIdOf(id)), ttlSeconds })),
    renamedLeases: names.renamed,
    rowCount: pending?.kept ?? survey.count,
    rows: () => namedRows(keptRows(backend, pending), names),
    hashKv: at => hashKvOf(() => keptRows(backend, pending), { ...span, revision: at || revision }),
    close: () => backend.close(),
  }
}

function compactionOf(meta: ReadonlyMap<string, Buffer>): {
  readonly compactRevision: number
  readonly pending: PendingCompaction | undefined
} {
  const at = (key: string) => {
    const value = meta.get(key)
    return value === undefined ? 0 : (readBackendKey(value)?.main ?? 0)
  }
  const finished = at(metaKeys.finishedCompact)
  const scheduled = at(metaKeys.scheduledCompact)
  if (scheduled <= finished) return { compactRevision: finished, pending: undefined }
  return { compactRevision: scheduled, pending: new PendingCompaction(scheduled) }
}

/** The first walk over all rows: each page is checked, each lease's ID is met. */
async function surveyRows(
  backend: Backend,
  ids: LeaseIds,
  pending: PendingCompaction | undefined,
): Promise<{ readonly last: number; readonly count: number }> {
  let last = 0
  let count = 0
  for await (const slice of backend.rows()) {
    for (const row of slice) {
      ids.add(row.kv.lease)
      pending?.add(row)
    }
    count += slice.length
    last = slice.at(-1)?.kv.modRevision ?? last
  }
  return { last, count }
}

async function* keptRows(
  backend: Backend,
  pending: PendingCompaction | undefined,
): AsyncGenerator<BackendRow[]> {
  for await (const slice of backend.rows()) {
    yield pending === undefined ? slice : slice.filter(row => pending.keeps(row))
  }
}

async function* namedRows(
  rows: AsyncGenerator<BackendRow[]>,
  names: LeaseNames,
): AsyncGenerator<RevisionRow[]> {
  for await (const slice of rows) yield slice.map(row => namedRow(row, names))
}

function namedRow({ kv, sub, deleted }: BackendRow, names: LeaseNames): RevisionRow {
  if (typeof kv.lease === 'number') return { kv: kv as KeyValue, sub, deleted }
  return { kv: { ...kv, lease: names.of(kv.lease) }, sub, deleted }
}

async function clusterOf(
  backend: Backend,
): Promise<Pick<EtcdSnapshot, 'clusterVersion' | 'members' | 'removedMembers' | 'alarms'>> {
  const cluster = await backend.values(buckets.cluster)
  const members = await backend.records(buckets.members, ({ key, value }) =>
    decodeMember(key, value),
  )
  return {
    clusterVersion: cluster.get(clusterKeys.version)?.toString() ?? '',
    members,
    removedMembers: await backend.records(buckets.membersRemoved, ({ key }) => memberIdOf(key)),
    alarms: await backend.records(buckets.alarm, ({ key }) => decodeAlarm(key)),
  }
}

async function authOf(backend: Backend): Promise<SnapshotAuth> {
  const values = await backend.values(buckets.auth)
  return {
    enabled: values.get(authKeys.enabled)?.[0] === 1,
    revision: uint64(values.get(authKeys.revision)),
    users: await backend.records(buckets.users, ({ value }) => decodeUser(value)),
    roles: await backend.records(buckets.roles, ({ value }) => decodeRole(value)),
  }
}

function uint64(bytes: Buffer | undefined): number {
  return bytes?.length === 8 ? Number(bytes.readBigUInt64BE(0)) : 0
}
