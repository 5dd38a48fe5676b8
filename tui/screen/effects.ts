import type { Clock } from '../../src/kernel/clock.ts'
import { errorMessage } from '../../src/kernel/result.ts'
import { press } from '../keys/dispatch.ts'
import type { Source } from '../source/types.ts'
import type { Effect } from '../views/types.ts'
import type { Store } from './store.ts'

/** What is done to this program and its terminal. */
export interface Local {
  readonly repaint: () => void
  readonly suspend: () => void
  readonly quit: (cluster: 'leave' | 'stop') => void
}

/** Joins keys, store and source: presses keys, and carries out what they ask for. */
export class Controls {
  readonly #store: Store
  readonly #source: Source
  readonly #clock: Clock
  readonly #local: Local

  constructor(store: Store, source: Source, clock: Clock, local: Local) {
    this.#store = store
    this.#source = source
    this.#clock = clock
    this.#local = local
  }

  readonly press = (key: string): void => {
    const { ui, effect } = press(this.#store.model, this.#store.ui, key)
    this.#store.change(ui)
    if (effect) void this.#perform(effect)
  }

  async #perform(effect: Effect): Promise<void> {
    switch (effect.type) {
      case 'repaint':
        return this.#local.repaint()
      case 'suspend':
        return this.#local.suspend()
      case 'quit':
        return this.#local.quit(effect.cluster)
      case 'fault': {
        const { fault, peers } = effect
        // The next key is for the same peer (R after X), whoever leads by then.
        if (peers[0]) this.#store.change({ ...this.#store.ui, selected: peers[0] })
        const said = [fault.type, ...peers].join(' ')
        return this.#tell(said, this.#source.fault(fault))
      }
      case 'transfer': {
        const { leader, to } = effect
        return this.#tell(`transfer to ${to ?? 'any'}`, this.#source.transfer(leader, to))
      }
    }
  }

  async #tell(what: string, done: Promise<void>): Promise<void> {
    const notice = (text: string, bad: boolean) => {
      const at = this.#clock.wall()
      this.#store.change({ ...this.#store.ui, notice: { text, bad, at } })
    }
    try {
      await done
      notice(`${what}: done`, false)
    } catch (error) {
      notice(`${what}: ${errorMessage(error)}`, true)
    }
  }
}
