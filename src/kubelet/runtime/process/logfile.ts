import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** Largest log file, and older ones kept. Source: kubelet containerLogMaxSize, MaxFiles. */
export const logFileBytesMax = 10 * 1024 * 1024
export const logFilesOldMax = 2

/** Longest piece of a line in one record; longer ones are cut into P pieces. Source: containerd. */
const recordBytesMax = 16 * 1024

/**
 * Writes a container's output in the CRI log format: `<RFC 3339 with nanoseconds> stdout F text`;
 * tag P is a part of a line that goes on. Files are rotated: `0.log`, `0.log.1`, `0.log.2`.
 */
export class LogFile {
  readonly #path: string
  readonly #bytesMax: number
  readonly #rest = { stdout: '', stderr: '' }
  #fd: number
  #bytes: number

  constructor(path: string, bytesMax: number = logFileBytesMax) {
    this.#path = path
    this.#bytesMax = bytesMax
    mkdirSync(dirname(path), { recursive: true })
    this.#fd = openSync(path, 'a', 0o640)
    this.#bytes = statSync(path).size
  }

  /** Takes a piece of output; whole lines are written at once. `text` is latin1. */
  write(stream: 'stdout' | 'stderr', text: string): void {
    const lines = (this.#rest[stream] + text).split('\n')
    let rest = lines.pop() ?? ''
    const records: string[] = []
    const time = timestamp()
    for (const line of lines) pushLine(records, `${time} ${stream} `, line)
    for (; rest.length > recordBytesMax; rest = rest.slice(recordBytesMax)) {
      records.push(`${time} ${stream} P ${rest.slice(0, recordBytesMax)}\n`)
    }
    this.#rest[stream] = rest
    this.#append(records.join(''))
  }

  /** Writes the unfinished last lines and closes the file. */
  close(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#rest[stream]) this.#append(`${timestamp()} ${stream} F ${this.#rest[stream]}\n`)
      this.#rest[stream] = ''
    }
    closeSync(this.#fd)
  }

  #append(text: string): void {
    if (text === '') return
    if (this.#bytes > 0 && this.#bytes + text.length > this.#bytesMax) this.#rotate()
    try {
      this.#bytes += writeSync(this.#fd, text, null, 'latin1')
    } catch {
      // A full disk must not end the container: its output is lost instead.
    }
  }

  #rotate(): void {
    closeSync(this.#fd)
    for (let age = logFilesOldMax; age > 0; age--) {
      const younger = age === 1 ? this.#path : `${this.#path}.${age - 1}`
      if (existsSync(younger)) renameSync(younger, `${this.#path}.${age}`)
    }
    this.#fd = openSync(this.#path, 'a', 0o640)
    this.#bytes = 0
  }
}

function pushLine(records: string[], head: string, line: string): void {
  let rest = line
  for (; rest.length > recordBytesMax; rest = rest.slice(recordBytesMax)) {
    records.push(`${head}P ${rest.slice(0, recordBytesMax)}\n`)
  }
  records.push(`${head}F ${rest}\n`)
}

/** RFC 3339 with nine digits; the last three come from the monotonic clock. */
function timestamp(): string {
  const micros = Math.floor((performance.now() * 1_000) % 1_000)
  return `${new Date().toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}000Z`
}
