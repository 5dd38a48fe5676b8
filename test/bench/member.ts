import { BroadcastChannel } from 'node:worker_threads'
import { must } from '../../src/kernel/assert.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { Consensus } from '../../src/peer/consensus.ts'
import type { MemberToAdd, StoreStatus } from '../../src/store/types.ts'
import type { StoreMemberOptions } from '../support/store-member.ts'
import { type Figures, measure, type Perform } from './measure.ts'
import { type Stall, stallChannel } from './stall-probe.ts'
import { type InsideWorkload, loadKeys, overStore } from './workloads.ts'

/**
 * One member of the measured cluster, a process of its own: the consensus thread of a real peer,
 * and in the main thread the load, which is the way a peer's API server uses its store.
 */
export type ToMember =
  | {
      readonly type: 'measure'
      readonly workload: InsideWorkload
      readonly outstanding: number
      readonly durationMs: number
      /** Number of each writer's first request. */
      readonly first: number
      /** Keys of each writer; a thousand if absent. */
      readonly keys?: number
    }
  | { readonly type: 'partition'; readonly from: readonly string[] }
  | { readonly type: 'heal' }
  /** Writes keys [from, to) of keyOf, each with a value of valueBytes. */
  | { readonly type: 'load'; readonly from: number; readonly to: number }
  | { readonly type: 'add-member'; readonly member: MemberToAdd }
  /** The longest stall of the consensus thread since the last question. */
  | { readonly type: 'stall' }
  | { readonly type: 'status' }
  | { readonly type: 'stop' }

export type FromMember =
  | { readonly type: 'started' }
  | { readonly type: 'leading'; readonly leading: boolean }
  | { readonly type: 'figures'; readonly figures: Figures }
  | { readonly type: 'loaded' }
  | { readonly type: 'added'; readonly ok: boolean; readonly message?: string }
  | { readonly type: 'stalled'; readonly stall: Stall }
  | { readonly type: 'status'; readonly status: StoreStatus }

const probe = new BroadcastChannel(stallChannel)
const options = JSON.parse(process.argv[2] ?? '{}') as StoreMemberOptions
const consensus = new Consensus(options, silentLogger)
const store = must(consensus.store, 'a voter has a store')
const tell = (message: FromMember) => process.send?.(message)

process.on('message', (message: ToMember) => {
  void answer(message)
})
process.on('disconnect', () => process.exit(0))
await consensus.start()
store.onLeadership(({ leading }) => tell({ type: 'leading', leading }))
tell({ type: 'started' })

async function answer(message: ToMember): Promise<void> {
  switch (message.type) {
    case 'stop':
      await askProbe('end')
      await consensus.stop()
      process.exit(0)
      break
    case 'partition':
      consensus.tell({ type: 'partition', from: message.from })
      return
    case 'heal':
      consensus.tell({ type: 'heal' })
      return
    case 'measure': {
      const { workload, outstanding, durationMs, first, keys } = message
      const perform = overStore(store, workload, keys)
      const shifted: Perform = (writer, n) => perform(writer, first + n)
      const figures = await measure(shifted, outstanding, durationMs)
      tell({ type: 'figures', figures })
      return
    }
    case 'load':
      await loadKeys(message, ops => store.txn({ compares: [], success: ops, failure: [] }))
      tell({ type: 'loaded' })
      return
    case 'add-member':
      tell({ type: 'added', ...(await store.memberAdd(message.member)) })
      return
    case 'stall':
      tell({ type: 'stalled', stall: await askProbe('ask') })
      return
    case 'status':
      tell({ type: 'status', status: await store.status() })
  }
}

function askProbe(question: 'ask' | 'end'): Promise<Stall> {
  return new Promise(resolve => {
    probe.onmessage = (event: unknown) => resolve((event as { readonly data: Stall }).data)
    probe.postMessage(question)
  })
}
