import type { Cancel, Clock } from '../../kernel/clock.ts'
import type { Endpoint, Endpoints } from './endpoints.ts'
import { methods } from './methods.ts'

const checkMs = 1_000
const answerMs = 800

/**
 * Keeps the calls at etcd's own leader. Why: what a follower has passed on to a leader that dies
 * is never answered and waits for its deadline, while a connection to the leader itself breaks at
 * once; and a write has one hop less.
 */
export class LeaderSeeker {
  readonly #endpoints: Endpoints
  readonly #clock: Clock
  #stop: Cancel = () => {}
  #seeking = false

  constructor(endpoints: Endpoints, clock: Clock) {
    this.#endpoints = endpoints
    this.#clock = clock
  }

  start(): void {
    if (this.#endpoints.all.length < 2) return
    void this.#seek()
    this.#stop = this.#clock.every(checkMs, () => void this.#seek())
  }

  stop(): void {
    this.#stop()
  }

  async #seek(): Promise<void> {
    if (this.#seeking) return
    this.#seeking = true
    const { current, all } = this.#endpoints
    if (!(await leads(current))) {
      const answers = await Promise.all(all.map(leads))
      const leader = all[answers.indexOf(true)]
      if (leader !== undefined) this.#endpoints.moveTo(leader)
    }
    this.#seeking = false
  }
}

/** Whether the member at `endpoint` says that it leads; undefined when it does not answer. */
async function leads({ client }: Endpoint): Promise<boolean | undefined> {
  try {
    const answer = await client.unary(methods.status.path, methods.status, {}, answerMs)
    return answer.leader !== 0n && answer.leader === answer.header?.memberId
  } catch {
    return undefined
  }
}
