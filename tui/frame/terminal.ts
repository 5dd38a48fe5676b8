const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l'

/** The part of stdin that a taken screen needs; it has no mode where it is no terminal. */
export interface KeyboardIn {
  setRawMode?(raw: boolean): unknown
}

/** The part of stdout that a taken screen needs. */
export interface ScreenOut {
  write(text: string): unknown
}

/**
 * The alternate screen, without cursor and automatic wrapping, and the keyboard key by key; Ink
 * sets that mode first. Each way back is the whole way, and calling it again is harmless.
 */
export class TakenScreen {
  readonly #out: ScreenOut
  readonly #keyboard: KeyboardIn
  #taken = false

  constructor(out: ScreenOut, keyboard: KeyboardIn) {
    this.#out = out
    this.#keyboard = keyboard
  }

  /** For the first frame. What was taken is given back when the process ends in any noticed way. */
  take(): void {
    if (!this.#taken) process.on('exit', this.giveBack)
    this.#taken = true
    this.#out.write(enter)
  }

  readonly giveBack = (): void => {
    if (!this.#taken) return
    this.#taken = false
    process.off('exit', this.giveBack)
    try {
      this.#keyboard.setRawMode?.(false)
      this.#out.write(leave)
    } catch {
      // The terminal has gone; there is nothing to restore.
    }
  }

  /** After a stop, whether or not somebody gave it back before: a shell sets its own modes. */
  takeAgain(): void {
    // A mode that libuv takes for set is not set again.
    this.#keyboard.setRawMode?.(false)
    this.#keyboard.setRawMode?.(true)
    this.take()
  }
}

/**
 * Resolves when the reader goes away (`tui | head`, a closed terminal): that is the end, not a
 * failure, and there is still something to clean up in the cluster.
 */
export function brokenPipe(...streams: readonly NodeJS.EventEmitter[]): Promise<void> {
  return new Promise(done => {
    for (const stream of streams) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
        done()
      })
    }
  })
}
