import { AssertionError } from 'node:assert'
import { sleep } from '../../src/kernel/clock.ts'

const pauseMs = 20
/** For an answer: on a busy machine clients time out, and connections break. */
const patienceMs = 15_000

/** A client that behaves, beside those who don't: it asks again and again, and expects answers. */
export class Companion {
  readonly #ask: () => Promise<void>
  #running: Promise<void> | undefined
  #stopped = false
  #failure: { readonly cause: unknown } | undefined
  asked = 0
  /** Questions that had to be asked again. */
  repeated = 0
  /** The longest wait for an answer; the fuzzer's own turns are part of it. */
  waitMs = 0

  /** `ask` throws when the answer is wrong. */
  constructor(ask: () => Promise<void>) {
    this.#ask = ask
  }

  start(): void {
    this.#stopped = false
    this.#running = this.#run()
  }

  /** @throws when there was a wrong answer, or none at all. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    const failure = this.#failure
    this.#failure = undefined
    if (failure === undefined) return
    throw new Error('a client that behaves did not get its answer', { cause: failure.cause })
  }

  /** Asks again, as clients do, when there is none; a wrong one is final. */
  async #answer(deadline: number): Promise<void> {
    for (;;) {
      try {
        await this.#ask()
        return
      } catch (error) {
        if (error instanceof AssertionError || performance.now() > deadline) throw error
        this.repeated++
        await sleep(pauseMs)
      }
    }
  }

  async #run(): Promise<void> {
    try {
      do {
        const began = performance.now()
        await this.#answer(began + patienceMs)
        this.waitMs = Math.max(this.waitMs, performance.now() - began)
        this.asked++
        await sleep(pauseMs)
      } while (!this.#stopped)
    } catch (cause) {
      this.#failure = { cause }
    }
  }
}
