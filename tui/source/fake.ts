import { faultText } from '../../src/admin/events.ts'
import type { Fault } from '../../src/admin/types.ts'
import type { SourceEvent } from '../model/types.ts'
import type { Source } from './types.ts'

/**
 * A source of a fixed list of events; it remembers what it was asked to do, and tells of faults as
 * a supervisor does.
 */
export class FakeSource implements Source {
  readonly asked: (Fault | { readonly type: 'transfer'; readonly to: string | undefined })[] = []
  readonly #script: readonly SourceEvent[]
  /** What comes of the next requests; by default they succeed at once. */
  outcome: Promise<void> = Promise.resolve()
  #emit: (event: SourceEvent) => void = () => {}

  constructor(script: readonly SourceEvent[]) {
    this.#script = script
  }

  async start(emit: (event: SourceEvent) => void): Promise<void> {
    this.#emit = emit
    for (const event of this.#script) emit(event)
  }

  async stop(): Promise<void> {}

  /** One more event, as if the cluster had told it. */
  tell(event: SourceEvent): void {
    this.#emit(event)
  }

  async fault(fault: Fault): Promise<void> {
    this.asked.push(fault)
    await this.outcome
    const peers = 'peer' in fault ? [fault.peer] : []
    const t0 = Date.now()
    const data = { type: 'fault', fault: fault.type, peers, t0 } as const
    const event = { id: t0, at: t0, source: 'supervisor', kind: 'FAULT', data } as const
    this.tell({ type: 'events', fresh: true, list: [{ ...event, message: faultText(data) }] })
  }

  async transfer(_leader: string, to: string | undefined): Promise<void> {
    this.asked.push({ type: 'transfer', to })
    await this.outcome
  }
}
