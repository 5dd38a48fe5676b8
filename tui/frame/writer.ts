import { EventEmitter } from 'node:events'
import { widthOf } from '../widgets/text.ts'

/** What a FrameWriter needs of a terminal; `process.stdout` is one. */
export interface TerminalOut {
  readonly columns?: number
  readonly rows?: number
  write(text: string): boolean
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

const syncBegin = '\x1b[?2026h'
const syncEnd = '\x1b[?2026l'
const sgr = /\x1b\[[0-9;]*m/g
const clearAll = '\x1b[2J'
/** A terminal that does not say, or says nonsense. */
const fallback = { columns: 80, rows: 24 } as const

/**
 * A stdout look-alike for Ink. With `debug: true` Ink writes one whole frame (lines with SGR, no
 * cursor codes) for each commit; this compares it line by line with what is shown and repaints only
 * changed rows, by absolute addresses, in one write inside a synchronized update (DEC 2026). The
 * screen is cleared before the first frame and after a change of size, never else: no flicker.
 */
export class FrameWriter extends EventEmitter {
  readonly isTTY = true
  readonly #out: TerminalOut
  readonly #onResize: () => void
  #shown: readonly string[] = []
  readonly #onFirst: () => void
  #frames = 0
  #bytes = 0
  #closed = false
  #paused = false

  /** `onFirst` runs before the first frame: until then the terminal is left as it is. */
  constructor(out: TerminalOut, onFirst: () => void = () => {}) {
    super()
    this.#onFirst = onFirst
    this.#out = out
    this.#onResize = () => {
      this.invalidate()
      this.emit('resize')
    }
    out.on('resize', this.#onResize)
  }

  get columns(): number {
    return this.#out.columns || fallback.columns
  }

  get rows(): number {
    return this.#out.rows || fallback.rows
  }

  /** Frames so far, and characters that were sent for them. */
  get stats(): { readonly frames: number; readonly bytes: number } {
    return { frames: this.#frames, bytes: this.#bytes }
  }

  /** The next frame is painted in full: ctrl-l, or something else wrote to the screen. */
  invalidate(): void {
    this.#shown = []
  }

  /** The terminal is somebody else's until `resume`. */
  pause(): void {
    this.#paused = true
  }

  /** The next frame is painted in full. */
  resume(): void {
    this.#paused = false
    this.invalidate()
  }

  /** Nothing is written any more: the terminal is somebody else's. */
  close(): void {
    this.#closed = true
    this.#out.off('resize', this.#onResize)
  }

  /** Ink's. @returns false when the terminal takes no more for now. */
  write = (frame: string): boolean => {
    if (this.#closed || this.#paused || frame.trim() === '') return true
    if (this.#frames === 0) this.#onFirst()
    const rows = this.rows
    const next = frame.split('\n').slice(0, rows)
    while (next.length < rows) next.push('')
    let changes = this.#shown.length === 0 ? clearAll : ''
    for (const [row, line] of next.entries()) {
      if (line === this.#shown[row]) continue
      // After a full row the cursor still stands on its last cell, which erasing would take away.
      const rest = widthOf(line.replace(sgr, '')) < this.columns ? '\x1b[K' : ''
      changes += `\x1b[${row + 1};1H${line}\x1b[0m${rest}`
    }
    this.#shown = next
    this.#frames++
    if (changes === '') return true
    const text = `${syncBegin}${changes}${syncEnd}`
    this.#bytes += text.length
    return this.#out.write(text)
  }
}
