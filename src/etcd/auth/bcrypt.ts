import { Worker } from 'node:worker_threads'
import type { Cancel, Clock } from '../../kernel/clock.ts'
import { etcdError } from '../errors.ts'
import type { PasswordHasher } from './hasher.ts'

/** To the thread: compares when `hash` is given, else hashes. */
export interface HashJob {
  readonly id: number
  readonly password: string
  readonly hash?: string
}
export interface HashAnswer {
  readonly id: number
  readonly result: string | boolean
}

/** Passwords that may wait: about 8 s of work. */
const waitingMax = 128
/** The thread ends when nobody needed it for this long. */
const idleMs = 10_000

interface Waiting {
  resolve(result: string | boolean): void
  reject(error: Error): void
}

/** bcrypt in a thread that is started when it is needed. Runs from `dist` only. */
export class BcryptThread implements PasswordHasher {
  readonly #clock: Clock
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #cancelIdle: Cancel = () => {}
  #lastId = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async hash(password: string): Promise<string> {
    return String(await this.#ask({ password }))
  }

  async matches(password: string, hash: string): Promise<boolean> {
    return (await this.#ask({ password, hash })) === true
  }

  async stop(): Promise<void> {
    this.#cancelIdle()
    const worker = this.#worker
    this.#worker = undefined
    this.#failAll('etcdserver: server stopped')
    await worker?.terminate()
  }

  #ask(job: Omit<HashJob, 'id'>): Promise<string | boolean> {
    if (this.#waiting.size >= waitingMax) {
      return Promise.reject(etcdError('etcdserver: too many requests'))
    }
    this.#cancelIdle()
    this.#worker ??= this.#begin()
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker?.postMessage({ id, ...job } satisfies HashJob)
    })
  }

  #begin(): Worker {
    const worker = new Worker(new URL('./bcrypt-worker.js', import.meta.url))
    worker.unref()
    worker.on('message', ({ id, result }: HashAnswer) => {
      this.#waiting.get(id)?.resolve(result)
      this.#waiting.delete(id)
      if (this.#waiting.size > 0) return
      this.#cancelIdle = this.#clock.after(idleMs, () => void this.stop())
    })
    const died = () => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      this.#failAll('etcdserver: request timed out')
    }
    worker.on('error', died)
    worker.on('exit', died)
    return worker
  }

  #failAll(text: string): void {
    for (const { reject } of this.#waiting.values()) reject(etcdError(text))
    this.#waiting.clear()
  }
}
