/** A part with a life: `start` resolves when it serves, `stop` when it has let go of everything. */
export interface Startable {
  start(): Promise<void>
  /** Idempotent, and safe when `start` failed half-way. */
  stop(): Promise<void>
}
