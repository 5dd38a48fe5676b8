import { must } from '../../src/kernel/assert.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { Consensus } from '../../src/peer/consensus.ts'
import type { StoreMemberOptions } from '../support/store-member.ts'
import { type Figures, measure } from './measure.ts'
import { overStore, type Workload } from './workloads.ts'

/**
 * One member of the measured cluster, a process of its own: the consensus thread of a real peer,
 * and in the main thread the load, which is the way a peer's API server uses its store.
 */
export type ToMember =
  | {
      readonly type: 'measure'
      readonly workload: Workload
      readonly outstanding: number
      readonly durationMs: number
    }
  | { readonly type: 'partition'; readonly from: readonly string[] }
  | { readonly type: 'heal' }
  | { readonly type: 'stop' }

export type FromMember =
  | { readonly type: 'started' }
  | { readonly type: 'leading'; readonly leading: boolean }
  | { readonly type: 'figures'; readonly figures: Figures }

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
      const { workload, outstanding, durationMs } = message
      const figures = await measure(overStore(store, workload), outstanding, durationMs)
      tell({ type: 'figures', figures })
    }
  }
}
