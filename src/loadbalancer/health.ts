import { Agent, request } from 'node:https'
import { connect as connectTls } from 'node:tls'
import { type Cancel, type Clock, systemClock } from '../kernel/clock.ts'
import type { Backend, Health, HealthCheckOptions, HealthProbe } from './types.ts'

/** A TLS handshake: notices a paused process, which still accepts TCP connections. */
export const tlsProbe: HealthProbe = (backend, signal) =>
  new Promise((resolve, reject) => {
    const { host, port } = backend
    const socket = connectTls({ host, port, rejectUnauthorized: false })
    const end = (error?: Error) => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      if (error) reject(error)
      else resolve({ state: 'ready' })
    }
    const onAbort = () => end(new Error('no answer in time'))
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('secureConnect', () => end())
    socket.once('error', end)
  })

/**
 * GET /readyz over a kept connection: 200 is ready, any other answer is unready. A header
 * `x-quorate-role: leader` tells the leader.
 */
export function readyzProbe(tls: { readonly ca: string }): HealthProbe {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: tls.ca })
  return ({ host, port }, signal) =>
    new Promise((resolve, reject) => {
      const outgoing = request({ host, port, path: '/readyz', agent, signal }, response => {
        response.resume()
        response.once('error', reject)
        response.once('end', () =>
          resolve({
            state: response.statusCode === 200 ? 'ready' : 'unready',
            isLeader: response.headers['x-quorate-role'] === 'leader',
          }),
        )
      })
      outgoing.once('error', reject)
      outgoing.end()
    })
}

/** What is known of a backend. It counts as ready until a check says otherwise. */
export type BackendState = Health['state'] | 'down'

interface Entry {
  readonly backend: Backend
  state: BackendState
  isLeader: boolean
  failures: number
  timer?: Cancel
}

function newEntry(backend: Backend): Entry {
  return { backend, state: 'ready', isLeader: false, failures: 0 }
}

function isSame(left: Backend, right: Backend): boolean {
  return left.name === right.name && left.host === right.host && left.port === right.port
}

/** Checks every backend again and again, the ones that are down more often. */
export class HealthTracker {
  readonly #entries: Map<string, Entry>
  readonly #options: Required<HealthCheckOptions>
  readonly #clock: Clock
  readonly #onDown: (name: string) => void
  #isStopped = false

  constructor(
    backends: readonly Backend[],
    options: HealthCheckOptions,
    onDown: (name: string) => void,
    clock: Clock = systemClock,
  ) {
    this.#entries = new Map(backends.map(each => [each.name, newEntry(each)]))
    this.#options = {
      intervalMs: 500,
      retryMs: 200,
      timeoutMs: 1_000,
      fall: 2,
      probe: tlsProbe,
      ...options,
    }
    this.#onDown = onDown
    this.#clock = clock
  }

  start(): void {
    for (const entry of this.#entries.values()) void this.#check(entry)
  }

  /** Other backends from now on: new ones are checked, the rest are forgotten. */
  set(backends: readonly Backend[]): void {
    for (const [name, entry] of this.#entries) {
      if (backends.some(backend => isSame(backend, entry.backend))) continue
      entry.timer?.()
      this.#entries.delete(name)
    }
    for (const backend of backends) {
      if (this.#entries.has(backend.name)) continue
      const entry = newEntry(backend)
      this.#entries.set(backend.name, entry)
      void this.#check(entry)
    }
  }

  stop(): void {
    this.#isStopped = true
    for (const entry of this.#entries.values()) entry.timer?.()
  }

  stateOf(name: string): BackendState {
    return this.#entries.get(name)?.state ?? 'down'
  }

  isLeader(name: string): boolean {
    return this.#entries.get(name)?.isLeader ?? false
  }

  /** A connection was refused: the process is not there, and the checks need not find that out. */
  refused(name: string): void {
    const entry = this.#entries.get(name)
    if (entry) this.#down(entry)
  }

  async #check(entry: Entry): Promise<void> {
    const { probe, timeoutMs, fall, intervalMs, retryMs } = this.#options
    try {
      const health = await probe(entry.backend, AbortSignal.timeout(timeoutMs))
      entry.failures = 0
      entry.state = health.state
      entry.isLeader = health.isLeader ?? false
    } catch {
      entry.failures++
      if (entry.failures >= fall) this.#down(entry)
    }
    if (this.#isStopped || this.#entries.get(entry.backend.name) !== entry) return
    const waitMs = entry.state === 'down' || entry.failures > 0 ? retryMs : intervalMs
    entry.timer = this.#clock.after(waitMs, () => void this.#check(entry))
  }

  #down(entry: Entry): void {
    if (entry.state === 'down' || this.#isStopped) return
    entry.state = 'down'
    entry.isLeader = false
    this.#onDown(entry.backend.name)
  }
}
