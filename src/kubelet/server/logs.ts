import { createReadStream, existsSync, statSync } from 'node:fs'
import { logFilesOldMax } from '../runtime/process/logfile.ts'

/** What of a log is wanted. Source: core/v1 PodLogOptions. */
export interface LogOptions {
  readonly follow: boolean
  readonly tailLines?: number
  /** Milliseconds since the epoch; earlier lines are left out. */
  readonly since?: number
  readonly timestamps: boolean
  readonly limitBytes?: number
}

/** How often a log that is followed is looked at. */
const pollMs = 50

interface Line {
  readonly time: string
  readonly text: string
}

/**
 * A container's log as `kubectl logs` shows it: the records' texts, without the CRI envelope.
 * With `follow` it goes on until `isOver` says that the container has ended.
 */
export async function* readLog(
  path: string,
  options: LogOptions,
  isOver: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const limit = { bytes: options.limitBytes ?? Number.POSITIVE_INFINITY }
  for await (const line of selectLines(path, options, isOver, signal)) {
    if (signal.aborted) return
    const text = options.timestamps ? `${line.time} ${line.text}` : line.text
    // Texts are latin1 so that any bytes pass through unchanged.
    const bytes = Buffer.from(text, 'latin1')
    if (bytes.length >= limit.bytes) {
      yield bytes.subarray(0, limit.bytes)
      return
    }
    limit.bytes -= bytes.length
    yield bytes
  }
}

async function* selectLines(
  path: string,
  options: LogOptions,
  isOver: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<Line> {
  const end = existsSync(path) ? statSync(path).size : 0
  const isWanted = (line: Line) => !options.since || Date.parse(line.time) >= options.since
  const tail: Line[] = []
  const keep = options.tailLines
  for await (const line of existingLines(path, end)) {
    if (!isWanted(line)) continue
    if (keep === undefined) yield line
    else if (keep > 0) {
      tail.push(line)
      if (tail.length > 2 * keep) tail.splice(0, tail.length - keep)
    }
  }
  if (keep !== undefined && keep > 0) yield* tail.slice(-keep)
  if (options.follow) yield* followLines(path, end, isOver, signal)
}

async function* existingLines(path: string, end: number): AsyncGenerator<Line> {
  for (let age = logFilesOldMax; age > 0; age--) {
    const old = `${path}.${age}`
    if (existsSync(old)) yield* parse(createReadStream(old))
  }
  if (end > 0) yield* parse(createReadStream(path, { end: end - 1 }))
}

/** New lines, also across a rotation (the file is smaller, or another one, then). */
async function* followLines(
  path: string,
  from: number,
  isOver: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<Line> {
  let offset = from
  let inode = existsSync(path) ? statSync(path).ino : 0
  while (!signal.aborted) {
    // Asked first: what the container wrote before its end is in the file by now.
    const wasOver = isOver()
    const stat = existsSync(path) ? statSync(path) : undefined
    if (stat && stat.ino !== inode) {
      if (inode !== 0 && existsSync(`${path}.1`)) {
        yield* parse(createReadStream(`${path}.1`, { start: offset }))
      }
      inode = stat.ino
      offset = 0
    }
    if (stat && stat.size > offset) {
      yield* parse(createReadStream(path, { start: offset, end: stat.size - 1 }))
      offset = stat.size
    } else if (wasOver) return
    else await new Promise(resolve => setTimeout(resolve, pollMs))
  }
}

/** `<time> <stream> <F|P> <text>`; the parts of a line come without a newline between them. */
async function* parse(stream: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const [time = '', , tag] = line.split(' ', 3)
      const text = line.slice(time.length + line.slice(time.length + 1).indexOf(' ') + 4)
      yield { time, text: tag === 'P' ? text : `${text}\n` }
    }
  }
}
