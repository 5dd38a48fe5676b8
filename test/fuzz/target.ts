import type { Prng } from '../../src/kernel/prng.ts'

/** A door of the program, and how to knock at it. */
export interface Target {
  readonly name: string
  /** What is behind the door, new for each seed. */
  open(prng: Prng): Promise<Session>
}

export interface Session {
  /** One hostile input. @throws when the door did not hold. */
  knock(prng: Prng): Promise<void> | void
  /** What is behind the door must still do its work. @throws when it doesn't. */
  inspect(): Promise<void>
  close(): Promise<void>
}
