import { readFileSync } from 'node:fs'

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
  readonly #isForeground: () => boolean
  #taken = false

  constructor(out: ScreenOut, keyboard: KeyboardIn, foreground = isForeground) {
    this.#out = out
    this.#keyboard = keyboard
    this.#isForeground = foreground
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
      this.#out.write(leave)
      // In the background that would stop us here; the shell has set its own mode by then.
      if (this.#isForeground()) this.#keyboard.setRawMode?.(false)
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

/** Whether the terminal is ours. Source: proc(5), /proc/pid/stat: pgrp is field 5, tpgid 8. */
function isForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[2] === fields[5]
  } catch {
    // No such file on this system: most often it is.
    return true
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
