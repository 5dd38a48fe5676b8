import type { PutFigures } from './store.ts'

/** A three-member cluster under test. */
export interface System {
  readonly name: string
  measure(outstanding: number, durationMs: number): Promise<PutFigures>
  stop(): Promise<void>
}
