import { workerData } from 'node:worker_threads'
import { systemClock } from '../kernel/clock.ts'
import { createJsonLogger } from '../kernel/json-logger.ts'
import type { Logger } from '../kernel/logger.ts'
import { createPrng } from '../kernel/prng.ts'
import { errorMessage } from '../kernel/result.ts'
import { loadIdentity } from '../p2p/identity.ts'
import { Mesh } from '../p2p/mesh.ts'
import { openReplica } from '../store/open.ts'
import type { Replica } from '../store/replica.ts'
import { serveStore } from '../store/serve.ts'
import { beatMs, type ConsensusOptions, type FromConsensus, type ToConsensus } from './messages.ts'

/**
 * The consensus thread of a peer: mesh, Raft, log and state. A large LIST or a slow webhook in the
 * main thread must never delay a heartbeat, and so they share nothing but two message ports.
 */
const gossipTopic = 'quorate/status'

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
    members: options.members,
    identity: loadIdentity(options.meshKeyFile),
    clock: systemClock,
    logger,
  })
  const replica = options.voters ? await openStore(mesh, options.voters) : undefined
  await mesh.start()
  mesh.gossip.subscribe(gossipTopic, (_peerId, value) => {
    tell({ type: 'gossip', report: value as never })
  })
  if (replica) {
    serveStore(options.storePort, replica)
    await replica.start()
  }
  listen(mesh, replica)
  tell({ type: 'started' })
}

function openStore(mesh: Mesh, voters: NonNullable<ConsensusOptions['voters']>): Promise<Replica> {
  const { timings } = options
  return openReplica({
    id: options.self,
    members: voters,
    dataDir: options.storeDir,
    channel: mesh,
    clock: systemClock,
    prng: createPrng(Math.floor(systemClock.wall() * 1_000 + process.pid)),
    logger,
    timings: {
      heartbeatMs: timings.heartbeatMs,
      electionMsMin: timings.electionTimeoutMinMs,
      electionMsMax: timings.electionTimeoutMaxMs,
    },
    snapshotEveryEntries: options.snapshotEntries,
  })
}

function listen(mesh: Mesh, replica: Replica | undefined): void {
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
      void stop(mesh, replica)
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
    replica?.setMainThreadStalled(stalled)
  })
}

/** A planned stop hands leadership over first: it costs no failed write. */
async function stop(mesh: Mesh, replica: Replica | undefined): Promise<void> {
  try {
    if (replica) {
      const status = await replica.status()
      if (status.role === 'leader' && status.voters.length > 1) await replica.transferLeadership()
      await replica.stop()
    }
    await mesh.stop()
  } catch (error) {
    logger.warn('stopping failed', { error: errorMessage(error) })
  }
  tell({ type: 'stopped' })
}

function idOf(name: string): string {
  return options.members.find(member => member.name === name)?.id ?? name
}
