import { frameHeadBytes } from './codes.ts'

/** What a socket must be able to do. */
export interface Sink {
  write(bytes: Buffer): boolean
  readonly writableLength: number
  readonly destroyed: boolean
}

/** A quiet connection has a small slab; a busy one soon a large one. */
const slabBytes = { least: 4 << 10, most: 64 << 10 } as const

/**
 * Frames on their way out. What is written in one turn of the event loop leaves as one write: a
 * write to a TLS socket costs more than many responses.
 */
export class Outbox {
  readonly #sink: Sink
  #slab = Buffer.allocUnsafeSlow(slabBytes.least)
  /** The slab: sent up to `#from`, filled up to `#to`. */
  #from = 0
  #to = 0
  #isScheduled = false
  #isHeld = false

  constructor(sink: Sink) {
    this.#sink = sink
  }

  /** Bytes that the operating system has not taken. */
  get queuedBytes(): number {
    return this.#sink.writableLength + this.#to - this.#from
  }

  /** While held nothing leaves: for a batch of frames whose end is in sight. */
  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    this.flush()
  }

  /** Room for `count` bytes in `slab`; returns where. To be filled at once. */
  reserve(count: number): number {
    if (this.#slab.length - this.#to < count) {
      this.flush()
      const larger = Math.min(slabBytes.most, 2 * this.#slab.length)
      this.#slab = Buffer.allocUnsafeSlow(Math.max(larger, count))
      this.#from = 0
      this.#to = 0
    }
    const at = this.#to
    this.#to += count
    if (!this.#isScheduled && !this.#isHeld) {
      this.#isScheduled = true
      // After all promises that are settled by now: their responses leave in the same write.
      process.nextTick(() => {
        this.#isScheduled = false
        if (!this.#isHeld) this.flush()
      })
    }
    return at
  }

  get slab(): Buffer {
    return this.#slab
  }

  /** Writes a frame's head at `at`; returns where its payload begins. */
  head(at: number, length: number, type: number, flags: number, stream: number): number {
    const slab = this.#slab
    slab[at] = length >> 16
    slab[at + 1] = length >> 8
    slab[at + 2] = length
    slab[at + 3] = type
    slab[at + 4] = flags
    slab[at + 5] = stream >> 24
    slab[at + 6] = stream >> 16
    slab[at + 7] = stream >> 8
    slab[at + 8] = stream
    return at + frameHeadBytes
  }

  frame(type: number, flags: number, stream: number, payload: Buffer): void {
    const at = this.reserve(frameHeadBytes + payload.length)
    payload.copy(this.#slab, this.head(at, payload.length, type, flags, stream))
  }

  flush(): void {
    if (this.#to === this.#from) return
    const bytes = this.#slab.subarray(this.#from, this.#to)
    this.#from = this.#to
    if (!this.#sink.destroyed) this.#sink.write(bytes)
  }
}
