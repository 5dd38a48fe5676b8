/** Bytes that may wait for a client that does not read; more, and its watch ends. */
const queueBytesMax = 16 << 20
/** Bytes that go out in one piece: what a client that does not read has of its own. */
const pieceBytesMax = 1 << 20

/**
 * The queue between the watch cache and one client. What arrives while the client is busy goes out
 * in large pieces. A client that falls too far behind is cut off: it resumes at its last
 * resourceVersion.
 *
 * The state that a watch may begin with is not queued: its lines are made as the client reads them,
 * for it may be larger than all that may wait.
 */
export class WatchStream implements AsyncIterable<Uint8Array> {
  #initial: Iterator<Buffer> | undefined
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

  /** What goes out before everything that is pushed. */
  begin(lines: Iterator<Buffer>): void {
    this.#initial = lines
    this.#wake?.()
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
        const piece = this.#takePiece()
        if (piece !== undefined) yield piece
        else if (this.#ended) return
        else {
          await new Promise<void>(resolve => {
            this.#wake = resolve
          })
          this.#wake = undefined
        }
      }
    } finally {
      this.#initial = undefined
      this.end()
    }
  }

  /** The next piece of what waits; undefined when nothing does. */
  #takePiece(): Buffer | undefined {
    const lines: Buffer[] = []
    let bytes = 0
    while (bytes < pieceBytesMax && this.#initial !== undefined) {
      const line = this.#initial.next()
      if (line.done) this.#initial = undefined
      else {
        lines.push(line.value)
        bytes += line.value.length
      }
    }
    let taken = 0
    while (bytes < pieceBytesMax && taken < this.#queue.length) {
      const line = this.#queue[taken++]!
      lines.push(line)
      bytes += line.length
      this.#bytes -= line.length
    }
    this.#queue = taken === this.#queue.length ? [] : this.#queue.slice(taken)
    return lines.length > 1 ? Buffer.concat(lines) : lines[0]
  }
}
