/** The transaction under way: its revision, and how many changes it has made. */
export class Writing {
  readonly revision: number
  changed = false
  readonly #stepRows: number
  #subs = 0

  /** `stepRows`: changes that make a step. */
  constructor(revision: number, stepRows: number) {
    this.revision = revision
    this.#stepRows = stepRows
  }

  /** The place of the next change within the revision. */
  nextSub(): number {
    return this.#subs++
  }

  /** Now and then, as changes are made. */
  get isStepDone(): boolean {
    return this.#subs % this.#stepRows === 0
  }

  /** A range inside a transaction sees its own writes once there are any. */
  get readRevision(): number {
    return this.changed ? this.revision : this.revision - 1
  }
}
