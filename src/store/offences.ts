const windowMs = 10_000
/** Frames that no honest program sends, in one window: then the sender is disconnected. */
const perWindowMax = 20

/** What to do about one more: `log` the first of a window, `disconnect` at the last straw. */
export type Sentence = 'log' | 'quiet' | 'disconnect'

/** Counts, for each sender, the frames that it must not have sent. */
export class Offences {
  readonly #senders = new Map<string, { began: number; count: number }>()
  /** Since this process began. */
  total = 0

  add(from: string, now: number): Sentence {
    this.total++
    const known = this.#senders.get(from)
    if (known === undefined || now - known.began >= windowMs) {
      this.#senders.set(from, { began: now, count: 1 })
      return 'log'
    }
    known.count++
    if (known.count < perWindowMax) return 'quiet'
    this.#senders.delete(from)
    return 'disconnect'
  }
}
