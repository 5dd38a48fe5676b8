import type { Clock } from '../../src/kernel/clock.ts'
import { reduce } from '../model/reduce.ts'
import type { Model, SourceEvent } from '../model/types.ts'
import type { Ui } from '../views/types.ts'

/** What is drawn. `drawn` is the model of the last frame: with a held picture it stays. */
export interface ScreenState {
  readonly model: Model
  readonly ui: Ui
}

const busyForMs = 10_000

/**
 * The state of the dashboard outside React, so that the views share it with plain modes and tests.
 * Every event is reduced at once; listeners hear of it at most `fps` times a second, for a frame
 * costs tens of milliseconds. After a key or a fault it is faster for ten seconds, and a key is
 * shown at once.
 */
export class Store {
  readonly #clock: Clock
  readonly #fps: { readonly calm: number; readonly busy: number }
  readonly #listeners = new Set<() => void>()
  #model: Model
  #ui: Ui
  #shown: ScreenState
  #busyUntil = 0
  #lastFrame = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock, model: Model, ui: Ui, fps = 4) {
    this.#clock = clock
    this.#fps = { calm: fps, busy: Math.max(fps, 10) }
    this.#model = model
    this.#ui = ui
    this.#shown = { model, ui }
  }

  /** For React's useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What the next frame shows; the same object until there is something new to show. */
  readonly snapshot = (): ScreenState => this.#shown

  get model(): Model {
    return this.#model
  }

  get ui(): Ui {
    return this.#ui
  }

  readonly tell = (event: SourceEvent): void => {
    const before = this.#model.failover
    this.#model = reduce(this.#model, event)
    if (this.#model.failover !== before) this.hurry()
    this.#schedule()
  }

  /** A key's change: shown at once. */
  change(ui: Ui): void {
    if (ui === this.#ui) return
    this.#ui = ui
    this.hurry()
    this.#publish()
  }

  /** More frames for a while. */
  hurry(): void {
    this.#busyUntil = this.#clock.now() + busyForMs
  }

  stop(): void {
    this.#cancel?.()
    this.#listeners.clear()
  }

  #schedule(): void {
    if (this.#cancel) return
    const now = this.#clock.now()
    const { busy, calm } = this.#fps
    const fps = now < this.#busyUntil ? busy : calm
    const waitMs = Math.max(0, this.#lastFrame + 1000 / fps - now)
    this.#cancel = this.#clock.after(waitMs, () => this.#publish())
  }

  #publish(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#lastFrame = this.#clock.now()
    this.#model = reduce(this.#model, { type: 'tick', now: this.#clock.wall() })
    const model = this.#ui.frozen ? this.#shown.model : this.#model
    this.#shown = { model, ui: this.#ui }
    for (const listener of this.#listeners) listener()
  }
}
