import type { Prng } from '../../src/kernel/prng.ts'
import { type Caller, Callers, type Heard } from './callers.ts'
import { Companion } from './companion.ts'
import type { Session, Target } from './target.ts'
import { mistakeIn, type Watched } from './watched.ts'

/** A port of a process that runs, and what comes to it. */
export interface Door {
  /** Who must live, and let nobody wait. */
  readonly processes: readonly Watched[]
  /** The next hostile input. */
  input(prng: Prng): { readonly caller: Caller; readonly bytes: Buffer }
  /** What a client that behaves does. @throws when it is not answered as it should be. */
  ask(): Promise<void>
  /** Why an answer to a hostile input can't be right. */
  wrongIn?(heard: Heard): string | undefined
  /** Removes what inputs that were valid after all have left behind. */
  tidy?(): Promise<void>
  stop(): Promise<void>
}

/** A target whose process is started once, for all seeds. */
export function processDoor(name: string, start: () => Promise<Door>): Target {
  let started: Promise<Door> | undefined
  let companion: Companion | undefined
  let door: Door | undefined
  let inputs = 0
  return {
    name,
    async open() {
      started ??= start()
      door = await started
      companion ??= new Companion(() => door!.ask())
      const session = new DoorSession(door, companion, () => inputs++)
      await session.begin()
      return session
    },
    async end() {
      await (await started?.catch(() => undefined))?.stop()
      started = undefined
    },
    lastWords() {
      return (door?.processes ?? []).map(each => each.lastWords()).join('\n')
    },
    figures() {
      const { asked = 0, repeated = 0, waitMs = 0 } = companion ?? {}
      const wait = `${asked} answers, ${repeated} asked for again, the longest after ${waitMs.toFixed(0)} ms`
      const processes = door?.processes.map(each => each.figures()) ?? []
      return [`${inputs} inputs; beside them ${wait}`, ...processes].join('\n  ')
    },
  }
}

class DoorSession implements Session {
  readonly #door: Door
  readonly #companion: Companion
  readonly #callers: Callers
  readonly #count: () => void
  #wrong: string | undefined

  constructor(door: Door, companion: Companion, count: () => void) {
    this.#door = door
    this.#companion = companion
    this.#count = count
    this.#callers = new Callers(heard => this.#hear(heard))
  }

  async begin(): Promise<void> {
    await this.#door.ask()
    for (const each of this.#door.processes) await each.begin()
    this.#companion.start()
  }

  async knock(prng: Prng): Promise<void> {
    const { caller, bytes } = this.#door.input(prng)
    this.#count()
    await this.#callers.call(caller, bytes, prng)
    if (this.#wrong !== undefined) throw new Error(this.#wrong)
  }

  async inspect(): Promise<void> {
    await this.#callers.close()
    if (this.#wrong !== undefined) throw new Error(this.#wrong)
    await this.#companion.stop()
    for (const each of this.#door.processes) await each.inspect()
    await this.#door.tidy?.()
  }

  async close(): Promise<void> {
    await this.#callers.close()
    await this.#companion.stop()
  }

  #hear(heard: Heard): void {
    const text = heard.got.toString('latin1')
    const wrong = mistakeIn(text) ?? this.#door.wrongIn?.(heard)
    if (wrong === undefined) return
    const sent = heard.sent.subarray(0, 4_000)
    this.#wrong ??= `${wrong}\n-- was the answer to\n${sent.toString('latin1')}\n${sent.toString('base64')}`
  }
}
