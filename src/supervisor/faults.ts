import type { Fault, FaultDone } from '../admin/types.ts'
import { systemClock } from '../kernel/clock.ts'
import { PeerClients } from './peers.ts'
import type { PreparedCluster } from './prepare.ts'
import {
  processState,
  type RunRecord,
  readRunRecord,
  signalProcess,
  startProcess,
  waitForExit,
} from './processes.ts'

const exitTimeoutMs = 5_000

/**
 * Carries out one fault on the processes of this machine. Real ones: SIGKILL, SIGSTOP, dropped
 * frames. Resolves with the moment from which it had its effect.
 * @throws Error when the target does not exist or is in no state for it.
 */
export async function runFault(cluster: PreparedCluster, fault: Fault): Promise<FaultDone> {
  switch (fault.type) {
    case 'kill': {
      const record = recordOf(cluster, fault.peer)
      if (!signalProcess(record, 'SIGKILL')) throw new Error(`${fault.peer} is down already`)
      const done = effect()
      await waitForExit(record, exitTimeoutMs)
      return done
    }
    case 'pause':
      return signalOrThrow(cluster, fault.peer, 'SIGSTOP')
    case 'resume':
      return signalOrThrow(cluster, fault.peer, 'SIGCONT')
    case 'restart':
      return restart(cluster, fault.peer)
    case 'partition':
      return partition(cluster, fault.from)
    case 'slow':
    case 'heal':
      return toPeers(cluster, fault, fault.type === 'slow' ? fault.peers : undefined)
    default:
      throw new Error(`${fault.type} is a fault of one peer: send it to that peer`)
  }
}

/** The peers that a fault names. */
export function peersOf(fault: Fault): readonly string[] {
  if ('peer' in fault) return [fault.peer]
  if (fault.type === 'partition') return fault.from
  return fault.type === 'slow' ? fault.peers : []
}

function recordOf(cluster: PreparedCluster, peer: string): RunRecord {
  const record = readRunRecord(cluster.layout, peer)
  if (record) return record
  const names = cluster.config.peers.map(known => known.name).join(', ')
  throw new Error(`no process "${peer}" was started here; the peers are ${names}`)
}

/** The moment after kill(2) has returned, or the last answer has come. */
function effect(): FaultDone {
  return { t0: systemClock.wall() }
}

function signalOrThrow(cluster: PreparedCluster, peer: string, signal: NodeJS.Signals): FaultDone {
  if (!signalProcess(recordOf(cluster, peer), signal)) throw new Error(`${peer} is down`)
  return effect()
}

/** Starts a dead peer again, as it was started; a living one is stopped first. */
async function restart(cluster: PreparedCluster, peer: string): Promise<FaultDone> {
  const record = recordOf(cluster, peer)
  let done: FaultDone | undefined
  if (processState(record) !== 'down') {
    signalProcess(record, 'SIGCONT')
    signalProcess(record, 'SIGTERM')
    done = effect()
    if (!(await waitForExit(record, exitTimeoutMs))) signalProcess(record, 'SIGKILL')
    await waitForExit(record, exitTimeoutMs)
  }
  startProcess(cluster.layout, peer, record.args)
  return done ?? effect()
}

/** Cuts the named peers off from all others; among themselves they keep talking. */
async function partition(
  cluster: PreparedCluster,
  isolated: readonly string[],
): Promise<FaultDone> {
  const names = cluster.config.peers.map(peer => peer.name)
  for (const name of isolated) {
    if (!names.includes(name)) throw new Error(`no peer "${name}"; there are ${names.join(', ')}`)
  }
  const others = names.filter(name => !isolated.includes(name))
  const clients = new PeerClients(cluster)
  try {
    // Each side drops: whichever hears of it first, nothing passes any more.
    const cut = (side: readonly string[], from: readonly string[]) =>
      side.map(name => clients.get(name).fault({ type: 'partition', from }))
    return await settle([...cut(isolated, others), ...cut(others, isolated)])
  } finally {
    clients.close()
  }
}

async function toPeers(
  cluster: PreparedCluster,
  fault: Fault,
  targets: readonly string[] | undefined,
): Promise<FaultDone> {
  const clients = new PeerClients(cluster)
  try {
    const names = targets ?? cluster.config.peers.map(peer => peer.name)
    return await settle(names.map(name => clients.get(name).fault(fault)))
  } finally {
    clients.close()
  }
}

/** A dead peer can't be told; only when nobody could be told is it an error. */
async function settle(calls: readonly Promise<FaultDone>[]): Promise<FaultDone> {
  const results = await Promise.allSettled(calls)
  const failed = results.filter(result => result.status === 'rejected')
  if (failed.length === results.length && failed[0]) throw failed[0].reason
  return effect()
}
