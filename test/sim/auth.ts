import type { Prng } from '../../src/kernel/prng.ts'
import type { AuthAction } from '../../src/store/auth/types.ts'
import type { Replica } from '../../src/store/replica.ts'
import { check } from './checkers.ts'
import { forbiddenPrefix } from './history.ts'
import type { World } from './world.ts'

const user = 'alice'
const role = 'writers'

/** Users and roles: alice may write below `a`, and nothing else. */
const setup: readonly AuthAction[] = [
  { type: 'user-add', name: 'root', passwordHash: '', noPassword: true },
  { type: 'role-add', name: 'root' },
  { type: 'user-grant', name: 'root', role: 'root' },
  { type: 'user-add', name: user, passwordHash: '', noPassword: true },
  { type: 'role-add', name: role },
  { type: 'user-grant', name: user, role },
  { type: 'role-grant', name: role, permission: { type: 'READWRITE', key: 'a', rangeEnd: 'b' } },
  { type: 'auth-enable', tokenSecret: '00' },
]

/**
 * A user with few permissions who tries what it may not do, at every member: no such write may be
 * acknowledged, and none may appear; see History.
 */
export class SimAuthClient {
  readonly #world: World
  readonly #prng: Prng
  #sequence = 0
  #step = 0
  refusals = 0

  constructor(world: World, prng: Prng) {
    this.#world = world
    this.#prng = prng
  }

  next(afterMs = 20 + this.#prng.next() * 150): void {
    this.#world.timeline.plan(this.#world.timeline.now + afterMs, () => {
      if (this.#world.isHealed) return
      void this.#act().catch(this.#world.fail)
    })
  }

  async #act(): Promise<void> {
    const life = this.#world.someLife(this.#prng)
    if (life !== undefined) {
      const gone = new Promise<void>(resolve => this.#world.whenDead(life, resolve))
      const ready = this.#step === setup.length
      const work = ready ? this.#write(life.replica) : this.#setUp(life.replica)
      await Promise.race([work, gone])
    }
    this.next(this.#step === setup.length ? undefined : 5)
  }

  /** A step that is there already was done by an attempt without an answer. */
  async #setUp(replica: Replica): Promise<void> {
    const done = await replica.authChange(setup[this.#step]!, { timeoutMs: 800 })
    if (done.ok || done.why === 'invalid') this.#step++
  }

  async #write(replica: Replica): Promise<void> {
    const isAllowed = this.#prng.chance(0.3)
    const key = `${isAllowed ? 'a' : forbiddenPrefix}${this.#prng.below(3)}`
    const op = { type: 'put', key, value: Buffer.from(`alice-${++this.#sequence}`) } as const
    const caller = { user, authRevision: replica.auth.revision }
    const request = { compares: [], success: [op], failure: [] }
    const done = await replica.txn(request, { timeoutMs: 800, caller })
    check(isAllowed || !done.ok, () => `${key} was written by ${user}, who may not`)
    if (!done.ok && done.why === 'invalid') this.refusals++
  }
}
