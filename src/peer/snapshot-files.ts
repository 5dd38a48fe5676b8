import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { formatAddress } from '../config/ports.ts'
import { readEtcdSnapshot } from '../etcd/snapshot/read.ts'
import type { EtcdSnapshot } from '../etcd/snapshot/types.ts'
import { must } from '../kernel/assert.ts'
import { errorMessage } from '../kernel/result.ts'
import { readCertificate, readKeyPair } from '../pki/files.ts'
import { EtcdClient } from '../store/etcd/client.ts'
import * as rpc from '../store/etcd/rpc/maintenance.ts'
import { Machine } from '../store/machine.ts'
import { freezeSnapshot } from '../store/snapshots.ts'
import type { PreparedCluster } from '../supervisor/prepare.ts'
import { readMembers } from '../supervisor/prepare.ts'
import type { SnapshotSummary } from '../supervisor/types.ts'
import { createDisk } from '../wal/disk.ts'
import { SnapshotWriter } from '../wal/snapshot.ts'
import { writeWhole } from './whole-file.ts'

const snapshotTimeoutMs = 600_000
/** A restored state stands for this point of a new log. */
const firstPoint = { index: 1, term: 1 }

/**
 * Saves a snapshot of the running cluster, from the first master that answers. The file gets its
 * name when it is whole. `onBytes` hears how far it is.
 */
export async function saveSnapshot(
  cluster: PreparedCluster,
  file: string,
  onBytes: (bytes: number) => void,
): Promise<SnapshotSummary> {
  const { layout, config } = cluster
  const pair = must(readKeyPair(layout.pki, 'admin'), `${layout.pki}: no admin certificate`)
  const tls = { ca: readCertificate(layout.pki, 'ca'), ...pair }
  const problems: string[] = []
  for (const { name, roles, etcd } of config.peers) {
    if (!roles.includes('control-plane')) continue
    const client = new EtcdClient({ url: `https://${formatAddress(etcd)}`, tls })
    try {
      await receive(client, file, onBytes)
      return await snapshotStatus(file)
    } catch (error) {
      problems.push(`${name}: ${errorMessage(error)}`)
    } finally {
      client.close()
    }
  }
  throw new Error(`no master gives a snapshot: ${problems.join('; ')}`)
}

async function receive(
  client: EtcdClient,
  file: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const types = { request: rpc.snapshotRequest, response: rpc.snapshotResponse }
  const stream = client.stream('/etcdserverpb.Maintenance/Snapshot', types, snapshotTimeoutMs)
  stream.send({})
  stream.end()
  await writeWhole(file, blobsOf(stream.responses, onBytes))
}

async function* blobsOf(
  responses: AsyncIterable<{ readonly blob: Uint8Array }>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const { blob } of responses) {
    bytes += blob.length
    onBytes(bytes)
    yield blob
  }
}

/** Reads a snapshot from end to end. @throws SnapshotRefusedError */
export async function snapshotStatus(
  file: string,
  skipHashCheck = false,
): Promise<SnapshotSummary> {
  const snapshot = await readEtcdSnapshot(file, { skipHashCheck })
  try {
    return await summaryOf(file, snapshot)
  } finally {
    await snapshot.close()
  }
}

/**
 * Makes the stores of a new cluster from a snapshot of ours or of a real etcd: new members, new
 * identities, the same keys at the same revisions. The data folder must not hold a store yet.
 */
export async function restoreSnapshot(
  cluster: PreparedCluster,
  file: string,
  skipHashCheck = false,
): Promise<SnapshotSummary> {
  const { layout, config } = cluster
  const masters = config.peers.filter(({ roles }) => roles.includes('control-plane'))
  for (const { name } of masters) {
    const { store } = layout.peer(name)
    if (existsSync(store) && readdirSync(store).length > 0) {
      throw new Error(`${store}: there is a store already; restore into a new data folder`)
    }
  }
  const snapshot = await readEtcdSnapshot(file, { skipHashCheck })
  try {
    const machine = await machineOf(snapshot)
    const members = readMembers(layout)
    const voters = masters.map(({ name }) => idOf(members, name)).sort()
    const point = { ...firstPoint, membership: { voters, learners: [] } }
    for (const { name } of masters) {
      const writer = new SnapshotWriter(createDisk(layout.peer(name).store), 1, 1)
      for (const slice of freezeSnapshot(point, machine)) writer.write(slice)
      writer.finishAtOnce()
    }
    return await summaryOf(file, snapshot)
  } finally {
    await snapshot.close()
  }
}

function idOf(members: readonly { readonly id: string; readonly name: string }[], name: string) {
  return must(
    members.find(member => member.name === name),
    `${name} is not a member`,
  ).id
}

/** Alarms stay behind: they speak of members that are no more. */
async function machineOf(snapshot: EtcdSnapshot): Promise<Machine> {
  const machine = new Machine()
  const { revision, compactRevision: floor, leases, auth } = snapshot
  machine.mvcc.import({
    type: 'head',
    ...{ revision, floor },
    leases: leases.map(({ id, ttlSeconds }) => [id, ttlSeconds] as const),
  })
  for await (const slice of snapshot.rows()) {
    const rows = slice.map(({ kv, sub, deleted }) => ({
      ...{ key: kv.key, value: kv.value, mod: kv.modRevision, sub, lease: kv.lease },
      ...(deleted ? { create: 0, version: 0 } : { create: kv.createRevision, version: kv.version }),
    }))
    machine.mvcc.import({ type: 'rows', rows })
  }
  machine.importDone()
  machine.auth.import({ ...auth, tokenSecret: randomBytes(32).toString('hex') })
  return machine
}

async function summaryOf(file: string, snapshot: EtcdSnapshot): Promise<SnapshotSummary> {
  return {
    file: resolve(file),
    bytes: statSync(file).size,
    revision: snapshot.revision,
    compactRevision: snapshot.compactRevision,
    rows: snapshot.rowCount,
    leases: snapshot.leases.length,
    members: snapshot.members.length,
    hash: await snapshot.hashKv(),
  }
}
