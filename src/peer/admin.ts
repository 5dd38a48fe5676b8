import { afterOf, faultOf, transferOf } from '../admin/orders.ts'
import { type AdminHandlers, RefusedError } from '../admin/server.ts'
import type { ClusterEvent, EventsAnswer, Fault, FaultDone, PeerReport } from '../admin/types.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Consensus } from './consensus.ts'
import type { WriteHold } from './hold.ts'
import { type MembershipParts, membershipHandlers } from './membership.ts'

const blockMsMax = 60_000

/** What faults act on. */
export interface FaultTargets {
  readonly consensus: Consensus
  readonly hold: WriteHold
  /** Names of the faults in force, for status. */
  readonly active: Set<string>
}

/** The admin protocol of a peer. Without `fault` every fault is refused. */
export function peerHandlers(parts: {
  readonly report: (hash: boolean) => Promise<PeerReport>
  readonly events: (after: number) => readonly ClusterEvent[]
  /** Returns why not. */
  readonly transfer: (
    to: string | undefined,
    askedAt: number | undefined,
  ) => Promise<string | undefined>
  readonly fault: FaultTargets | undefined
  /** Undefined on a worker. */
  readonly membership: MembershipParts | undefined
}): AdminHandlers {
  return {
    'GET /status': ({ query }) => parts.report(query.get('hash') === '1'),
    'GET /events': async ({ query }): Promise<EventsAnswer> => ({
      now: systemClock.wall(),
      events: parts.events(afterOf(query)),
    }),
    'POST /transfer': async ({ body }) => {
      const { to, askedAt } = transferOf(body)
      const problem = await parts.transfer(to, askedAt)
      if (problem) throw new RefusedError(problem, 409)
    },
    ...membershipHandlers(parts.membership),
    'POST /fault': async ({ body }) => {
      if (!parts.fault) {
        throw new RefusedError('this peer accepts no faults; start it with --faults')
      }
      applyFault(faultOf(body), parts.fault)
      return { t0: systemClock.wall() } satisfies FaultDone
    },
  }
}

function applyFault(fault: Fault, { consensus, hold, active }: FaultTargets): void {
  switch (fault.type) {
    case 'partition':
      active.add(`partition from ${fault.from.join(',')}`)
      consensus.tell({ type: 'partition', from: fault.from })
      return
    case 'slow':
      active.add(`slow ${fault.delayMs} ms`)
      // This peer's links: to all others, in both directions.
      consensus.tell({ type: 'slow', peers: [], delayMs: fault.delayMs })
      return
    case 'heal':
      active.clear()
      consensus.tell({ type: 'heal' })
      return
    case 'hold-writes':
      hold.set(fault.hold)
      if (fault.hold) active.add('hold-writes')
      else active.delete('hold-writes')
      return
    case 'block-main':
      // After the answer is out: the main thread then does nothing at all.
      setTimeout(() => block(Math.min(fault.ms, blockMsMax)), 20)
      return
    default:
      throw new RefusedError(`${fault.type} is done by the supervisor, not by the peer`, 400)
  }
}

/** Blocks this thread as a long garbage collection would. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
