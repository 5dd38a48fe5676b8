const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l'

/**
 * Takes the alternate screen, without cursor and automatic wrapping. The returned function gives
 * the terminal back; calling it again is harmless. It also runs when the process ends in any way
 * that a process can notice.
 */
export function takeScreen(out: NodeJS.WriteStream): () => void {
  let taken = true
  const giveBack = () => {
    if (!taken) return
    taken = false
    process.off('exit', giveBack)
    try {
      out.write(leave)
    } catch {
      // The terminal has gone; there is nothing to restore.
    }
  }
  process.on('exit', giveBack)
  out.write(enter)
  return giveBack
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
