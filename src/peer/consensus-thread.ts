import { randomUUID } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { workerData } from 'node:worker_threads'
import type { GossipedState } from '../admin/types.ts'
import { createEtcdServer, type EtcdServer } from '../etcd/server.ts'
import { must } from '../kernel/assert.ts'
import { systemClock } from '../kernel/clock.ts'
import { createJsonLogger } from '../kernel/json-logger.ts'
import type { Logger } from '../kernel/logger.ts'
import { createPrng, type Prng } from '../kernel/prng.ts'
import { errorMessage } from '../kernel/result.ts'
import { count, object, text } from '../kernel/shape.ts'
import { loadIdentity } from '../p2p/identity.ts'
import { Mesh } from '../p2p/mesh.ts'
import type { MeshMember } from '../p2p/types.ts'
import type { EtcdLocation } from '../store/etcd/types.ts'
import type { MemberRecord } from '../store/member-types.ts'
import type { EntryNotAppliedError } from '../store/not-applied.ts'
import { openReplica } from '../store/open.ts'
import type { Replica } from '../store/replica.ts'
import type { Roster } from '../store/roster.ts'
import { serveStore } from '../store/serve.ts'
import { meshMembers } from './mesh-members.ts'
import {
  beatMs,
  type ConsensusOptions,
  type EtcdFace,
  type FromConsensus,
  type ToConsensus,
} from './messages.ts'

/**
 * The consensus thread of a peer: mesh, Raft, log and state. A large LIST or a slow webhook in the
 * main thread must never delay a heartbeat, and so they share nothing but two message ports.
 */
const gossipTopic = 'quorate/status'
const gossiped = object({ role: text(32), term: count, commit: count, applied: count })

// On a machine whose cores are all busy, a collection that is shared out to helper threads waits
// for the last of them: 280 ms at worst where this thread alone takes 24.
setFlagsFromString('--no-parallel-scavenge')

const options = workerData as ConsensusOptions
const logger: Logger = createJsonLogger(options.name, options.logLevel).child({
  thread: 'consensus',
})
const tell = (message: FromConsensus) => options.controlPort.postMessage(message)

main().catch((error: unknown) => {
  tell({ type: 'failed', message: errorMessage(error) })
})

async function main(): Promise<void> {
  const mesh = new Mesh({
    self: options.self,
    members: files(),
    identity: loadIdentity(options.meshKeyFile),
    clock: systemClock,
    logger,
  })
  if (options.voters && options.datastore) {
    await runExternal(mesh, options.datastore)
    return
  }
  const replica = options.voters ? await openStore(mesh, options.voters) : undefined
  if (replica) keepMembers(mesh, replica)
  await startMesh(mesh)
  if (replica) {
    serveStore(options.storePort, replica)
    await replica.start()
  }
  const etcd = replica && options.etcd && createFace(replica, options.etcd)
  await etcd?.start()
  listen(mesh, {
    setMainThreadStalled: stalled => replica?.setMainThreadStalled(stalled),
    stop: () => stopReplica(replica, etcd),
  })
  tell({ type: 'started' })
}

/** Who is in the mesh is what the records say, and the masters that these lag behind. */
function keepMembers(mesh: Mesh, replica: Replica): void {
  let roster: Roster | undefined
  let introduced: readonly MemberRecord[] = []
  const update = () => {
    if (roster === undefined) return
    const members = meshMembers(files(), roster, introduced)
    mesh.setMembers(members.mesh)
    tell({ type: 'members', members: members.live })
  }
  replica.onIntroduced(records => {
    introduced = records
    update()
  })
  replica.onRoster(now => {
    roster = now
    update()
  })
  mesh.onRefused(() => replica.metStranger())
}

/** The members of this machine's files; who is no voter at the beginning is a worker. */
function files(): readonly MeshMember[] {
  const { members, masters } = options
  return members.map(member => {
    return { ...member, role: masters.includes(member.id) ? 'master' : 'worker' }
  })
}

async function startMesh(mesh: Mesh): Promise<void> {
  await mesh.start()
  mesh.gossip.subscribe(gossipTopic, (id, value) => {
    if (gossiped(value) !== undefined) return
    const { role, term, commit, applied } = value as GossipedState
    // A member speaks for itself: its name is what the records say.
    const name = mesh.nameOf(id) ?? id
    tell({ type: 'gossip', report: { id, name, role, term, commit, applied } })
  })
}

/** The state is in an etcd cluster; the mesh still tells who has died, and carries the gossip. */
async function runExternal(mesh: Mesh, location: EtcdLocation): Promise<void> {
  // Loaded only where it is used: most peers have a store of their own.
  const { createEtcdStore } = await import('../store/etcd/driver.ts')
  const store = createEtcdStore({
    ...location,
    id: options.self,
    compaction: options.store.autoCompaction,
    clock: systemClock,
    prng: newPrng(),
    logger: logger.child({ component: 'etcd-client' }),
  })
  mesh.onPeerLost(id => store.peerLost(id))
  await startMesh(mesh)
  serveStore(options.storePort, store)
  await store.start()
  listen(mesh, store)
  tell({ type: 'started' })
}

function createFace(store: Replica, { host, port, tls, clusterId }: EtcdFace): EtcdServer {
  return createEtcdServer({
    ...{ store, host, port, tls, clusterId },
    memberId: options.self,
    clientGroup: 'system:masters',
    clock: systemClock,
    logger: logger.child({ component: 'etcd' }),
  })
}

function openStore(mesh: Mesh, voters: NonNullable<ConsensusOptions['voters']>): Promise<Replica> {
  const { timings, store, etcd } = options
  const self = must(
    options.members.find(({ id }) => id === options.self),
    'this peer is a member',
  )
  return openReplica({
    id: options.self,
    members: options.joined ? [] : voters,
    others: voters.map(({ id }) => id).filter(id => id !== options.self),
    self: {
      name: options.name,
      peerId: self.peerId,
      peerUrls: [`https://${self.host}:${self.port}`],
      clientUrls: etcd ? [`https://${etcd.host}:${etcd.port}`] : [],
    },
    newStoreId: () => randomUUID(),
    onRefused: ({ reason }) => tell({ type: 'refused', message: refusals[reason] }),
    onDiskFailed: error => tell({ type: 'refused', message: diskFailed(error) }),
    onNotApplied: error => tell({ type: 'refused', message: notApplied(error) }),
    dataDir: options.storeDir,
    channel: mesh,
    clock: systemClock,
    prng: newPrng(),
    mvcc: { secret: drawSecret() },
    logger,
    timings: {
      heartbeatMs: timings.heartbeatMs,
      electionMsMin: timings.electionTimeoutMinMs,
      electionMsMax: timings.electionTimeoutMaxMs,
      // On long ways an answer takes longer, and must not be asked for twice.
      retryMs: timings.electionTimeoutMinMs,
    },
    snapshotEveryEntries: store.snapshotEntries,
    quotaBytes: store.quotaBytes,
    compaction: store.autoCompaction,
  })
}

/** Unlike what `newPrng` draws nobody can guess it. */
function drawSecret(): readonly [number, number] {
  const [low = 0, high = 0] = crypto.getRandomValues(new Int32Array(2))
  return [low, high]
}

function newPrng(): Prng {
  return createPrng(Math.floor(systemClock.wall() * 1_000 + process.pid))
}

/** What the operator reads when the others don't want this peer any more. */
const refusals = {
  removed:
    'this member has been permanently removed from the cluster; remove its data folder and join ' +
    'as a new member: quorate token create, then quorate peer --join',
  wiped:
    'the disk of this member is not the one it joined with: it has forgotten what it promised ' +
    'and must not vote; remove it (quorate member remove) and join as a new member',
} as const

function diskFailed(error: unknown): string {
  return (
    `the log can not be written: ${errorMessage(error)}. Free space or mend the disk below ` +
    `${options.storeDir}, then start this peer again; the others go on, and nothing that was ` +
    'acknowledged is lost'
  )
}

/** The operator's way out where each start would end at the same entry. */
function notApplied(error: EntryNotAppliedError): string {
  return (
    `${error.message}. It is in the log of every member and ends each of them, at each start. ` +
    'Start a version that can apply it, or go on from the state before it: stop the peers ' +
    `(quorate down), "quorate snapshot save FILE --from-disk ${options.name}" with the peer ` +
    'whose log is longest, then "quorate snapshot restore FILE --data NEW"'
  )
}

/** What the main thread's messages act on, beside the mesh. */
interface Ruled {
  setMainThreadStalled(stalled: boolean): void
  stop(): Promise<void>
}

function listen(mesh: Mesh, ruled: Ruled): void {
  let heardAt = systemClock.now()
  let stalled = false
  const actions: {
    [T in ToConsensus['type']]: (message: Extract<ToConsensus, { type: T }>) => void
  } = {
    beat: () => {
      heardAt = systemClock.now()
    },
    partition: ({ from }) => {
      for (const peer of from) mesh.faults.set(idOf(peer), { drop: true })
    },
    slow: ({ peers, delayMs }) => {
      const others = options.members.filter(member => member.id !== options.self)
      const targets = peers.length > 0 ? peers.map(idOf) : others.map(member => member.id)
      for (const id of targets) mesh.faults.set(id, { delayMs })
    },
    heal: () => mesh.faults.heal(),
    gossip: ({ report }) => mesh.gossip.publish(gossipTopic, report),
    stop: () => {
      void stop(mesh, ruled)
    },
  }
  options.controlPort.on('message', (message: ToConsensus) => {
    actions[message.type](message as never)
  })
  systemClock.every(beatMs, () => {
    tell({ type: 'beat' })
    const silentMs = systemClock.now() - heardAt
    const nowStalled = silentMs > options.timings.mainThreadStallMs
    if (nowStalled === stalled) return
    stalled = nowStalled
    logger.warn(stalled ? 'main thread is silent' : 'main thread is back', { silentMs })
    if (stalled) tell({ type: 'event', message: 'main thread is silent: leadership moves' })
    ruled.setMainThreadStalled(stalled)
  })
}

async function stop(mesh: Mesh, ruled: Ruled): Promise<void> {
  try {
    await ruled.stop()
    await mesh.stop()
  } catch (error) {
    logger.warn('stopping failed', { error: errorMessage(error) })
  }
  tell({ type: 'stopped' })
}

/** A planned stop hands leadership over first: it costs no failed write. */
async function stopReplica(replica: Replica | undefined, etcd: EtcdServer | undefined) {
  if (replica === undefined) return
  const status = await replica.status()
  if (status.role === 'leader' && status.voters.length > 1) await replica.transferLeadership()
  await etcd?.stop()
  await replica.stop()
}

function idOf(name: string): string {
  return options.members.find(member => member.name === name)?.id ?? name
}
