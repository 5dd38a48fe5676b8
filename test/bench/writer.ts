import { sleep } from '../../src/kernel/clock.ts'
import { putRequest } from '../../src/store/etcd/rpc/kv.ts'
import { LeanSession, type Target } from './lean/session.ts'

/** A client gives up on an endpoint after this, and goes to the next. */
const deadlineMs = 100
const refusedPauseMs = 5

/** One writer that goes on whatever happens: the next endpoint when one fails. */
export class RetryingWriter {
  readonly #targets: readonly Target[]
  readonly #sessions: (LeanSession | undefined)[] = []
  #at = 0
  #stopped = false
  #loop: Promise<void> = Promise.resolve()
  #lastAck = performance.now()
  #marked = Number.POSITIVE_INFINITY
  acknowledged = 0
  /** The longest time between two acknowledged writes of which the later came after `mark`. */
  gapMs = 0

  constructor(targets: readonly Target[]) {
    this.#targets = targets
  }

  start(): void {
    this.#loop = this.#run()
  }

  mark(): void {
    this.#marked = performance.now()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#loop
    for (const session of this.#sessions) session?.close()
  }

  async #run(): Promise<void> {
    const value = Buffer.alloc(64, 'v')
    for (let n = 0; !this.#stopped; n++) {
      const message = putRequest.encode({ key: `writer/${n % 100}`, value })
      if (await this.#put(message)) {
        const now = performance.now()
        if (now > this.#marked) this.gapMs = Math.max(this.gapMs, now - this.#lastAck)
        this.#lastAck = now
        this.acknowledged++
      } else {
        this.#sessions[this.#at]?.close()
        this.#sessions[this.#at] = undefined
        this.#at = (this.#at + 1) % this.#targets.length
        if (this.#at === 0) await sleep(refusedPauseMs)
      }
    }
  }

  async #put(message: Buffer): Promise<boolean> {
    const late = new Promise<false>(resolve => {
      setTimeout(() => resolve(false), deadlineMs).unref()
    })
    const put = async () => {
      this.#sessions[this.#at] ??= await LeanSession.open(this.#targets[this.#at]!)
      await this.#sessions[this.#at]!.unary('/etcdserverpb.KV/Put', message)
      return true
    }
    return Promise.race([put().catch(() => false), late])
  }
}
