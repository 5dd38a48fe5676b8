import type { Prng } from '../../src/kernel/prng.ts'

/** A door of the program, and how to knock at it. */
export interface Target {
  readonly name: string
  /** What is behind the door, for one seed: new, or a process that the door keeps until `end`. */
  open(prng: Prng): Promise<Session>
  /** Ends what was kept. */
  end?(): Promise<void>
  /** What was measured so far, in words. */
  figures?(): string
  /** What those behind the door said last. */
  lastWords?(): string
}

export interface Session {
  /** One hostile input. @throws when the door did not hold. */
  knock(prng: Prng): Promise<void> | void
  /** What is behind the door must still do its work. @throws when it doesn't. */
  inspect(): Promise<void>
  close(): Promise<void>
}
