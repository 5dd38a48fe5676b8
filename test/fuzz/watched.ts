import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { until } from '../support/until.ts'
import type { ThreadFigures } from './probe.ts'

/** The longest turn that other clients may have to wait for, milliseconds of CPU. */
const turnMsMax = 100
/** What may be left on the heaps, beyond what was there when the door was opened. */
const heapGrowthBytesMax = 64 * 2 ** 20
/** Sockets and timers likewise: those of the last inputs may still be on their way out. */
const resourceGrowthMax = 200
const lastLines = 40

/** Words of the language's own errors: somebody's bytes met code that took them for granted. */
const mistakes = new RegExp(
  [
    'TypeError|RangeError|ReferenceError|AssertionError',
    'Cannot (?:read|set|convert|mix|destructure|use)|is not (?:a function|iterable)',
    'is not a constructor|Maximum call stack|Invalid (?:array|string) length|in strict mode',
    'uncaught error|unhandled rejection|UnhandledPromiseRejection|ERR_[A-Z_]+',
  ].join('|'),
)

/** The mistake that `text` tells of, with some of what stands around it. */
export function mistakeIn(text: string): string | undefined {
  const found = mistakes.exec(text)
  if (found === null) return undefined
  return text.slice(Math.max(0, found.index - 300), found.index + 700)
}

/** A process behind a door, with the probe in its threads. */
export class Watched {
  readonly name: string
  readonly pid: number
  readonly #socket: string
  readonly #log: string
  #logRead = 0
  #base: Pick<Sum, 'heapBytes' | 'resources'> | undefined
  #turnMs = 0
  #lateMs = 0
  #heapBytes = 0

  /** `folder` is the probe's, `log` the file to which the process writes what goes wrong. */
  constructor(name: string, pid: number, folder: string, log: string) {
    this.name = name
    this.pid = pid
    this.#socket = join(folder, `${pid}.sock`)
    this.#log = log
  }

  /** What was before counts no more; the first time also says what is normal. */
  async begin(): Promise<void> {
    const { heapBytes, resources } = sumOf(await this.#look())
    this.#base ??= { heapBytes, resources }
    this.#logRead = readFileSync(this.#log).length
  }

  /** @throws when it has died, stalled, grown, or met an error of its own. */
  async inspect(): Promise<void> {
    const mistake = mistakeIn(readFileSync(this.#log).subarray(this.#logRead).toString())
    assert.equal(mistake, undefined, `${this.name} made a mistake`)
    const sum = sumOf(await this.#look())
    this.#turnMs = Math.max(this.#turnMs, sum.turnMs)
    this.#lateMs = Math.max(this.#lateMs, sum.lateMs)
    this.#heapBytes = sum.heapBytes
    assert.ok(sum.turnMs <= turnMsMax, `a turn of ${this.name} took ${sum.turnMs.toFixed(0)} ms`)
    await this.#settle()
  }

  /** `longest turn 12 ms (by the clock 20), heap 40 -> 42 MB`. */
  figures(): string {
    const mb = (bytes: number) => (bytes / 2 ** 20).toFixed(0)
    const turn = `longest turn ${this.#turnMs.toFixed(0)} ms (by the clock ${this.#lateMs.toFixed(0)})`
    return `${this.name}: ${turn}, heap ${mb(this.#base?.heapBytes ?? 0)} -> ${mb(this.#heapBytes)} MB`
  }

  /** The end of its log: what somebody has to read who asks why it did not hold. */
  lastWords(): string {
    const lines = readFileSync(this.#log, 'utf8').trimEnd().split('\n')
    return [`${this.name}, the end of its log:`, ...lines.slice(-lastLines)].join('\n  ')
  }

  /** What connections held is let go of when they end, which takes its time. */
  async #settle(): Promise<void> {
    const base = this.#base ?? { heapBytes: 0, resources: {} }
    await until(`${this.name} lets go of what it held`, async () => {
      const { heapBytes, resources } = sumOf(await this.#look())
      this.#heapBytes = heapBytes
      const bytes = heapBytes - base.heapBytes
      const more = Object.entries(resources)
        .map(([type, count]) => ({ type, more: count - (base.resources[type] ?? 0) }))
        .filter(each => each.more > 0)
      const count = more.reduce((sum, each) => sum + each.more, 0)
      if (bytes <= heapGrowthBytesMax && count <= resourceGrowthMax) return true
      const types = more.map(each => `${each.more} ${each.type}`).join(', ')
      throw new Error(`it has grown by ${bytes} bytes, and ${count} resources: ${types}`)
    })
  }

  async #look(): Promise<readonly ThreadFigures[]> {
    return until(`${this.name} lives`, () => ask(this.#socket))
  }
}

type Sum = Omit<ThreadFigures, 'thread'>

function sumOf(threads: readonly ThreadFigures[]): Sum {
  const resources: Record<string, number> = {}
  for (const each of threads) {
    for (const [type, count] of Object.entries(each.resources)) {
      resources[type] = (resources[type] ?? 0) + count
    }
  }
  return {
    resources,
    turnMs: Math.max(...threads.map(each => each.turnMs)),
    lateMs: Math.max(...threads.map(each => each.lateMs)),
    heapBytes: threads.reduce((sum, each) => sum + each.heapBytes, 0),
  }
}

function ask(path: string): Promise<ThreadFigures[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', piece => {
      text += piece
    })
    socket.on('error', reject)
    socket.on('end', () => resolve(JSON.parse(text)))
  })
}
