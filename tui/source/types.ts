import type { Fault } from '../../src/admin/types.ts'
import type { SourceEvent } from '../model/types.ts'

/** Where the dashboard's data come from: a live cluster, or a test's script. */
export interface Source {
  /** Begins; `emit` is called for each event until `stop`. */
  start(emit: (event: SourceEvent) => void): Promise<void>
  /** Ends everything, and removes what the source made in the cluster. */
  stop(): Promise<void>
  /** Carries out a fault. @throws Error with a text for people. */
  fault(fault: Fault): Promise<void>
  /** Hands the leadership over. @throws Error with a text for people. */
  transfer(leader: string, to: string | undefined): Promise<void>
}
