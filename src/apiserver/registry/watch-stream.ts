/** Bytes that may wait for a client that does not read; more, and its watch ends. */
const queueBytesMax = 64 * 1024 * 1024

/**
 * The queue between the watch cache and one client. What arrives while the client is busy goes out
 * in one piece. A client that falls too far behind is cut off: it resumes at its last
 * resourceVersion.
 */
export class WatchStream implements AsyncIterable<Uint8Array> {
  #queue: Buffer[] = []
  #bytes = 0
  #ended = false
  #wake: (() => void) | undefined
  readonly #enders: (() => void)[] = []

  /** Runs when the watch ends, whoever ended it; at once when it has. */
  onEnd(callback: () => void): void {
    if (this.#ended) callback()
    else this.#enders.push(callback)
  }

  push(line: Buffer): void {
    if (this.#ended) return
    this.#queue.push(line)
    this.#bytes += line.length
    if (this.#bytes > queueBytesMax) this.end()
    else this.#wake?.()
  }

  /** What is queued still goes out. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const callback of this.#enders) callback()
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (this.#queue.length > 0) {
          const chunk = this.#queue.length === 1 ? this.#queue[0]! : Buffer.concat(this.#queue)
          this.#queue = []
          this.#bytes = 0
          yield chunk
        } else if (this.#ended) {
          return
        } else {
          await new Promise<void>(resolve => {
            this.#wake = resolve
          })
          this.#wake = undefined
        }
      }
    } finally {
      this.end()
    }
  }
}
