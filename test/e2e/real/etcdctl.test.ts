import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sleep } from '../../../src/kernel/clock.ts'
import { type StoreCluster, startStoreCluster } from '../../support/store-cluster.ts'
import { createPki, etcdctl, type TestPki } from '../../unit/etcd/etcdctl.ts'
import { type ReferenceEtcd, startReference } from './etcdctl-reference.ts'
import { runStep, type Side } from './etcdctl-runner.ts'
import { script } from './etcdctl-script.ts'

/**
 * The real etcdctl says the same of a real etcd and of ours, call by call, whichever peer it asks.
 * Peers are compared leader with leader and follower with follower.
 */
const hasEtcd = !spawnSync('etcd', ['--version']).error
/** A member that has just been joined by others refuses changes of membership: etcd's 5 s. */
const healthyMs = 6_000
let pki: TestPki
let flags: string[]
let reference: ReferenceEtcd
let ours: StoreCluster

beforeAll(async () => {
  if (!hasEtcd) return
  pki = await createPki()
  // While there are no users only administrators of the cluster may come.
  flags = await pki.client('admin', ['system:masters'])
  reference = await startReference(pki, flags)
  ours = await startStoreCluster({ ca: pki.ca.cert, ...pki.server })
  await sleep(healthyMs)
}, 60_000)
afterAll(async () => {
  reference?.stop()
  await ours?.stop()
  pki?.remove()
})

/** The leader's endpoint first. */
async function ordered(endpoints: readonly string[]): Promise<string[]> {
  const all = ['--endpoints', endpoints.join(','), 'endpoint', 'status']
  const { out } = await etcdctl([...flags, ...all])
  const leader = out.split('\n').find(line => line.split(', ')[4] === 'true')
  return [...endpoints].sort(endpoint => (leader?.startsWith(`${endpoint},`) ? -1 : 1))
}

/**
 * An empty store, but for one key; revisions are counted from there. Leases too: those of clients
 * that were killed end by themselves, at some time of their own on either side.
 */
async function begin(endpoint: string, name: string): Promise<Side> {
  const at = [...flags, '--endpoints', endpoint]
  await etcdctl([...at, 'del', '', '--from-key'])
  const { out: leases } = await etcdctl([...at, 'lease', 'list'])
  for (const id of leases.split('\n').slice(1))
    if (id) await etcdctl([...at, 'lease', 'revoke', id])
  await etcdctl([...at, 'put', 'a', '2'])
  const { out } = await etcdctl([...at, 'get', 'a', '-w', 'json'])
  const base = /"revision":(\d+)/.exec(out)?.[1] ?? 'none'
  // Both are asked at the same time: each has a folder of its own.
  const folder = join(pki.folder, name)
  mkdirSync(folder, { recursive: true })
  return { flags, endpoint, vars: { base, folder } }
}

async function compare(area: string, peer: number): Promise<void> {
  const [theirEnds, ourEnds] = [await ordered(reference.endpoints), await ordered(ours.endpoints)]
  const sides = [
    await begin(theirEnds[peer]!, 'theirs'),
    await begin(ourEnds[peer]!, 'ours'),
  ] as const
  for (const step of script[area]!) {
    const [expected, actual] = await Promise.all(sides.map(side => runStep(side, step)))
    expect.soft(actual, `${area}: ${step.args.join(' ')}`).toEqual(expected)
  }
}

describe.runIf(hasEtcd)('etcdctl says the same', () => {
  test.each(Object.keys(script))('of the leader: %s', area => compare(area, 0), 180_000)

  const repeated = Object.keys(script).filter(area => area !== 'performance')
  test.each(repeated)('of each follower: %s', { timeout: 360_000 }, async area => {
    for (let peer = 1; peer < ours.endpoints.length; peer++) await compare(area, peer)
  })
})
