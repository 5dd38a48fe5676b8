import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Status } from '../../api/objects.ts'
import {
  internalError,
  requestTimeout,
  StatusError,
  serviceUnavailable,
  tooManyRequests,
} from '../../api/status.ts'
import type { Cancel, Clock } from '../../kernel/clock.ts'
import { type DecodedBody, type DecodeJob, decodeBody, jsonType, protobufType } from './decode.ts'

/** To the thread. */
export interface NumberedJob {
  readonly id: number
  readonly job: DecodeJob
}

/** From the thread: one of the three. */
export interface DecodeAnswer {
  readonly id: number
  readonly body?: DecodedBody
  readonly status?: Status
  readonly error?: string
}

/** Bodies up to this size are read where they arrive: some milliseconds of JSON or protobuf. */
const inlineBytesMax = 128 * 1024
/** YAML costs a hundred times as much. */
const inlineYamlBytesMax = 4 * 1024
/** Bodies that may wait for the thread; above this clients are asked to come again. */
const waitingMax = 64
/** Of one body; what takes longer is refused, and its thread is ended. */
const jobTimeoutMs = 15_000
/** The thread ends when nobody needed it for this long. */
const idleMs = 10_000
const threadMemoryMb = 512

interface Waiting extends NumberedJob {
  resolve(body: DecodedBody): void
  reject(error: StatusError): void
}

const threadFile = new URL('./decode-thread.js', import.meta.url)

/**
 * Reads bodies: small ones at once, large ones in a thread that is started when it is needed, one
 * after the other. Where there is no built thread (sources under test) all are read at once.
 */
export class BodyDecoder {
  readonly #clock: Clock
  readonly #threaded: boolean
  readonly #queue: Waiting[] = []
  #running: Waiting | undefined
  #worker: Worker | undefined
  #cancelTimer: Cancel = () => {}
  #lastId = 0

  constructor(clock: Clock, threaded = existsSync(threadFile)) {
    this.#clock = clock
    this.#threaded = threaded
  }

  /** @throws StatusError 400, 415; 429 when too many wait, 504 when it takes too long */
  async decode(job: DecodeJob): Promise<DecodedBody> {
    if (!this.#threaded || job.body.length <= inlineMaxOf(job)) return decodeBody(job)
    if (this.#queue.length >= waitingMax) {
      throw tooManyRequests('too many large request bodies; please try again', 1)
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ id: ++this.#lastId, job, resolve, reject })
      this.#next()
    })
  }

  /** Ends the thread; who waits is told to come again. */
  stop(): void {
    this.#end()
    this.#running?.reject(serviceUnavailable('the server is shutting down', 1))
    for (const { reject } of this.#queue) {
      reject(serviceUnavailable('the server is shutting down', 1))
    }
    this.#queue.length = 0
    this.#running = undefined
  }

  #next(): void {
    if (this.#running !== undefined) return
    this.#cancelTimer()
    const next = this.#queue.shift()
    if (next === undefined) {
      if (this.#worker !== undefined) {
        this.#cancelTimer = this.#clock.after(idleMs, () => this.#end())
      }
      return
    }
    this.#running = next
    this.#worker ??= this.#begin()
    this.#worker.postMessage({ id: next.id, job: next.job } satisfies NumberedJob)
    this.#cancelTimer = this.#clock.after(jobTimeoutMs, () => {
      this.#end()
      this.#settle(next.id, ({ reject }) => reject(requestTimeout(jobTimeoutMs / 1000)))
    })
  }

  #begin(): Worker {
    const worker = new Worker(threadFile, {
      resourceLimits: { maxOldGenerationSizeMb: threadMemoryMb },
    })
    worker.unref()
    worker.on('message', ({ id, body, status, error }: DecodeAnswer) => {
      this.#settle(id, ({ resolve, reject }) => {
        if (body !== undefined) resolve(body)
        else reject(status === undefined ? internalError(error ?? '') : new StatusError(status))
      })
    })
    const died = () => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      const { id } = this.#running ?? { id: -1 }
      this.#settle(id, ({ reject }) => reject(serviceUnavailable('the body could not be read', 1)))
    }
    worker.on('error', died)
    worker.on('exit', died)
    return worker
  }

  #settle(id: number, how: (waiting: Waiting) => void): void {
    const running = this.#running
    if (running === undefined || running.id !== id) return
    this.#running = undefined
    how(running)
    this.#next()
  }

  #end(): void {
    this.#cancelTimer()
    const worker = this.#worker
    this.#worker = undefined
    void worker?.terminate()
  }
}

function inlineMaxOf({ type, body, expected }: DecodeJob): number {
  if (type === protobufType) return inlineBytesMax
  const json = expected === undefined ? looksLikeJson(body) : type === jsonType
  return json ? inlineBytesMax : inlineYamlBytesMax
}

/** A patch that begins with a bracket is JSON, as `decodeBody` takes it. */
function looksLikeJson(body: Uint8Array): boolean {
  const first = body.find(byte => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)
  return first === 0x7b || first === 0x5b
}
