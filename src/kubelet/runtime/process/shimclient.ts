import { spawn } from 'node:child_process'
import { closeSync, lstatSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../kernel/clock.ts'
import {
  type ContainerRecord,
  type ShimAnswer,
  type ShimNotice,
  type ShimOutput,
  type ShimRecord,
  type ShimRequest,
  shimFiles,
} from './protocol.ts'

/** A shim that doesn't serve within this time has failed. */
const startTimeoutMs = 10_000

/** Longest path of a unix socket that every system takes. Source: unix(7), sun_path. */
const socketPathBytesMax = 100

/** The emitted script `name` of this folder; node can't run a `.ts` file itself. */
export function scriptPath(name: string): string {
  const own = fileURLToPath(new URL('.', import.meta.url))
  const folder = import.meta.url.endsWith('.ts') ? own.replace(/\/src\//, '/dist/src/') : own
  return join(folder, `${name}.js`)
}

/** A short path for the socket of sandbox `id`. @throws Error when its folder isn't private. */
export function socketPath(id: string): string {
  // Not userInfo(): a uid may have no entry in the user database, as in containers.
  const uid = process.getuid?.() ?? -1
  const short = `${id.slice(0, 16)}.sock`
  const preferred = join(tmpdir(), `quorate-${uid}`)
  const folder =
    preferred.length + short.length < socketPathBytesMax ? preferred : `/tmp/quorate-${uid}`
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const stat = lstatSync(folder)
  if (!stat.isDirectory() || (uid >= 0 && stat.uid !== uid) || (stat.mode & 0o077) !== 0) {
    throw new Error(`${folder} must be a folder of this user that nobody else may enter`)
  }
  return join(folder, short)
}

/** Starts the shim of a runtime folder and resolves when it serves. */
export function spawnShim(folder: string, socket: string): Promise<void> {
  const log = openSync(join(folder, shimFiles.log), 'a', 0o600)
  const flags = ['--max-semi-space-size=1', '--max-old-space-size=64']
  const child = spawn(process.execPath, [...flags, scriptPath('shim'), folder, socket], {
    cwd: '/',
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', log],
    detached: true,
  })
  closeSync(log)
  child.unref()
  return new Promise((resolve, reject) => {
    const finish = (error?: Error) => {
      clearTimeout(timer)
      child.stdout?.destroy()
      child.removeAllListeners()
      if (error) reject(error)
      else resolve()
    }
    const timer = setTimeout(() => finish(new Error('the shim did not start')), startTimeoutMs)
    child.once('error', finish)
    child.once('exit', code => finish(new Error(`the shim ended with ${code}: ${logOf(folder)}`)))
    child.stdout?.once('data', () => finish())
  })
}

export function readShimRecord(folder: string): ShimRecord {
  return JSON.parse(readFileSync(join(folder, shimFiles.shim), 'utf8'))
}

function logOf(folder: string): string {
  return readFileSync(join(folder, shimFiles.log), 'utf8').slice(-500)
}

/** What a shim tells of its own accord. */
export interface ShimListener {
  onChange(containers: readonly ContainerRecord[]): void
  /** After an `attach` on this connection. */
  onOutput?(output: ShimOutput): void
  /** The connection is gone, and with it, most likely, the shim. */
  onClose(): void
}

/** Longest time for an answer, beside the grace of what is to be stopped. */
const answerMs = 10_000
/** To say what there is takes a shim no work: a node's start waits for it. */
const listMs = 3_000

/** A shim that is there, and does nothing: paused, or in an endless loop. */
export class ShimHungError extends Error {
  override readonly name = 'ShimHungError'
}

/** The longest message: every container of a pod. */
const answerCharsMax = 64 << 20

/** A connection to one shim. */
export class ShimClient {
  readonly #socket: Socket
  readonly #waiting = new Map<number, (answer: ShimAnswer | Error) => void>()
  #seq = 0

  private constructor(socket: Socket, listener: ShimListener) {
    this.#socket = socket
    let rest = ''
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      // The parts of a long line are not looked through again with each of them.
      if (!text.includes('\n') && rest.length <= answerCharsMax) {
        rest += text
        return
      }
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      // A shim that says something else is none: its end is told as any other's.
      if (!this.#receiveAll(lines, listener) || rest.length > answerCharsMax) socket.destroy()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      const lost = new Error('the connection to the shim is lost')
      for (const each of this.#waiting.values()) each(lost)
      this.#waiting.clear()
      listener.onClose()
    })
  }

  /** @throws Error when nobody serves the socket. */
  static connect(path: string, listener: ShimListener): Promise<ShimClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path)
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.removeListener('error', reject)
        resolve(new ShimClient(socket, listener))
      })
    })
  }

  /**
   * @returns the pod's containers after the request. @throws Error with the shim's reason,
   * ShimHungError when there is no answer in the time that the request may take.
   */
  request(request: ShimRequest): Promise<ContainerRecord[]> {
    const seq = ++this.#seq
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the shim has ended'))
      const grace = 'graceMs' in request ? request.graceMs : 0
      const waitMs = request.op === 'list' ? listMs : answerMs + grace
      const onLate = () => {
        this.#waiting.delete(seq)
        reject(new ShimHungError(`the shim has not answered "${request.op}" in ${waitMs} ms`))
      }
      // Input waits as long as somebody does not read the output.
      const cancel = request.op === 'input' ? () => {} : systemClock.after(waitMs, onLate)
      this.#waiting.set(seq, answer => {
        cancel()
        if (answer instanceof Error) reject(answer)
        else if (answer.ok) resolve(answer.containers)
        else reject(new Error(answer.error))
      })
      this.#socket.write(`${JSON.stringify({ seq, ...request })}\n`)
    })
  }

  /** Reads no more until `resume`: what the shim has to say waits there. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#socket.destroy()
  }

  /** False at the first line that is no message. */
  #receiveAll(lines: readonly string[], listener: ShimListener): boolean {
    for (const line of lines) {
      let message: unknown
      try {
        message = JSON.parse(line)
      } catch {
        return false
      }
      if (typeof message !== 'object' || message === null) return false
      this.#receive(message as ShimAnswer | ShimNotice | ShimOutput, listener)
    }
    return true
  }

  #receive(message: ShimAnswer | ShimNotice | ShimOutput, listener: ShimListener): void {
    if ('output' in message || 'ended' in message) {
      listener.onOutput?.(message)
      return
    }
    if ('notice' in message) {
      listener.onChange(message.containers)
      return
    }
    const resolve = this.#waiting.get(message.seq)
    this.#waiting.delete(message.seq)
    if (message.ok) listener.onChange(message.containers)
    resolve?.(message)
  }
}
