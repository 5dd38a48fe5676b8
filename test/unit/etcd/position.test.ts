import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/kernel/clock.ts'
import type { WatchResponse } from '../../../src/store/etcd/rpc/watch.ts'
import type { Replica } from '../../../src/store/replica.ts'
import { WatchFace } from '../../support/watch-face.ts'
import { put, TestCluster, until } from '../store/cluster.ts'

let cluster: TestCluster | undefined
afterEach(async () => {
  await cluster?.close()
  cluster = undefined
})

/** A watch from now hears of the next put, of nothing before it, and says where it began. */
async function watchesFromNow(face: WatchFace, replica: Replica, writer = replica): Promise<void> {
  const { revision } = replica
  expect(face.position.revision).toBe(revision)
  const heard: WatchResponse[] = []
  const close = face.watch({ key: '\0', rangeEnd: '\0' }, response => heard.push(response))
  expect(heard).toMatchObject([{ created: true, canceled: false, header: { revision } }])
  expect(await writer.txn(put('next'))).toMatchObject({ ok: true })
  await until('the event', () => heard.length > 1)
  expect(heard[1]).toMatchObject({ canceled: false, events: [{ kv: { key: 'next' } }] })
  close()
}

test('after a restart a watch from now begins now, though a compaction is in the log', async () => {
  cluster = new TestCluster(['a'])
  const first = await cluster.open('a')
  await cluster.leader()
  for (let n = 0; n < 40; n++) await first.txn(put('key', `${n}`))
  await first.compact(30)
  // The compaction is then known to be committed, and comes in one batch with what is before it.
  await first.leaseGrant(60)
  await cluster.stop('a')
  const replica = await cluster.open('a')
  const face = new WatchFace(replica, systemClock)
  await cluster.leader()
  expect(replica.revision).toBe(41)
  await watchesFromNow(face, replica)
})

test('after a snapshot of the leader a watch from now begins now', async () => {
  const options = { snapshotEveryEntries: 30, walSegmentBytes: 4_096 }
  cluster = new TestCluster(['a', 'b', 'c'], options)
  await cluster.openAll()
  const leader = await cluster.leader()
  const follower = cluster.follower()
  const face = new WatchFace(follower, systemClock)
  cluster.network.isolate(follower.core.id, true)
  for (let n = 0; n < 120; n++) await leader.txn(put('key', `${n}`))
  await leader.compact(100)
  await until('a log without its begin', () => leader.core.log.offset > 40)
  cluster.network.isolate(follower.core.id, false)
  await until('the snapshot', () => follower.revision >= 121)
  await watchesFromNow(face, follower, await cluster.leader())
})
