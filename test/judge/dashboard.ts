import { constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { mainFile, root, run } from '../support/cluster.ts'
import { type Frame, FrameReader, size } from './frame.ts'

/**
 * A dashboard in a terminal of its own: a tmux server, so that this terminal can be one that nobody
 * reads, by stopping the server. What the dashboard writes goes through a pipe as well, frame by
 * frame with the time at which it came.
 */
export class Dashboard {
  readonly name: string
  readonly frames: Frame[] = []
  readonly #data: string
  readonly #socket: string
  #pipe: Socket | undefined
  #server = 0

  constructor(name: string, data: string) {
    this.name = name
    this.#data = data
    this.#socket = `quorate-judge-${process.pid}-${name}`
  }

  async start(): Promise<void> {
    const pipe = join(this.#data, `${this.name}.pipe`)
    const made = await run('mkfifo', [pipe])
    if (made.code !== 0) throw new Error(`mkfifo: ${made.err}`)
    const reader = new FrameReader(frame => this.frames.push(frame))
    // Open for writing as well, so that it does not end before its writer comes.
    const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
    this.#pipe = new Socket({ fd, readable: true, writable: false })
    this.#pipe.on('data', bytes => reader.bytes(bytes, Date.now()))
    const command = `sleep 1; TZ=UTC ${process.execPath} ${mainFile} tui --data ${this.#data}`
    const wide = ['-x', String(size.columns), '-y', String(size.rows)]
    await this.#tmux('new-session', '-d', '-s', 'tui', ...wide, '-c', root, command)
    await this.#tmux('pipe-pane', '-O', '-t', 'tui', `exec cat > ${pipe}`)
    this.#server = Number(await this.#tmux('display-message', '-p', '#{pid}'))
  }

  /** Nobody reads its terminal from now on. */
  unread(): void {
    process.kill(this.#server, 'SIGSTOP')
  }

  /** Somebody does again. */
  read(): void {
    process.kill(this.#server, 'SIGCONT')
  }

  async stop(): Promise<void> {
    if (this.#server === 0) return
    this.read()
    await this.#tmux('kill-server')
    this.#pipe?.destroy()
  }

  async #tmux(...args: string[]): Promise<string> {
    const ran = await run('tmux', ['-L', this.#socket, ...args])
    if (ran.code !== 0) throw new Error(`tmux ${args[0]}: ${ran.err}`)
    return ran.out.trim()
  }
}
