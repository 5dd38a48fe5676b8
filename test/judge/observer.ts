import type { AdminClient } from '../../src/admin/client.ts'
import type { PeerReport } from '../../src/admin/types.ts'
import { sleep } from '../../src/kernel/clock.ts'
import type { Heard } from './truth.ts'

const pollMs = 100
const timeoutMs = 700

/** Asks each peer for its own status, ten times a second, and keeps the answers with their times. */
export class Observer {
  readonly heard: Heard[] = []
  /** When a round of one peer took longer than it should have: who asks is late himself. */
  readonly late: { readonly at: number; readonly ms: number }[] = []
  readonly #admins: ReadonlyMap<string, AdminClient>
  readonly #reports = new Map<string, PeerReport>()
  readonly #stop = new AbortController()
  readonly #dead = new Set<string>()
  #loops: Promise<void>[] = []

  constructor(admins: ReadonlyMap<string, AdminClient>) {
    this.#admins = admins
  }

  start(): void {
    this.#loops = [...this.#admins].map(([peer, admin]) => this.#ask(peer, admin))
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#loops)
  }

  /** The judge has killed or stopped it, and need not ask. */
  gone(peer: string, at: number): void {
    this.#dead.add(peer)
    this.#reports.delete(peer)
    this.heard.push({ at, peer })
  }

  back(peer: string): void {
    this.#dead.delete(peer)
  }

  /** The newest of those that answer. */
  get reports(): ReadonlyMap<string, PeerReport> {
    return this.#reports
  }

  async #ask(peer: string, admin: AdminClient): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const began = Date.now()
      try {
        const report = await admin.status({ timeoutMs })
        if (!this.#dead.has(peer)) {
          this.#reports.set(peer, report)
          this.heard.push({ at: Date.now(), peer, report })
        }
      } catch {
        this.#reports.delete(peer)
        this.heard.push({ at: Date.now(), peer })
      }
      const spent = Date.now() - began
      const due = began + pollMs
      await sleep(Math.max(10, pollMs - spent), signal).catch(() => {})
      const ms = Math.max(spent, Date.now() - due)
      if (!this.#dead.has(peer) && ms > pollMs) this.late.push({ at: Date.now(), ms })
    }
  }
}
