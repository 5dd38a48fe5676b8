/** One call of one client. Times are milliseconds of one monotonic clock. */
export interface Operation<Input, Output> {
  /** Calls of one client never overlap. */
  readonly client: string
  readonly call: number
  /** When the answer came; undefined: there was none, it takes effect at any later time or never. */
  readonly end?: number
  readonly input: Input
  /** Undefined exactly when `end` is. */
  readonly output?: Output
  /** Where it was asked, for the time line. */
  readonly endpoint?: string
}

/**
 * A sequential specification. States are values: `step` never changes its argument.
 * Source of the idea: Porcupine's Model (github.com/anishathalye/porcupine).
 */
export interface Model<State, Input, Output> {
  readonly initial: State
  /**
   * The state after `input` when its answer may be `output` (undefined: whatever it was), or
   * undefined when no such answer is possible in `state`.
   */
  step(
    state: State,
    input: Input,
    output: Output | undefined,
  ): { readonly state: State } | undefined
  /** Equal texts for equal states. */
  keyOf(state: State): string
  /** Histories that can be checked apart: those that share nothing. */
  partition(history: readonly Operation<Input, Output>[]): Operation<Input, Output>[][]
  /** True when the operation changes nothing, whatever its answer: it may be left out. */
  isRead(input: Input): boolean
  /**
   * True when answer and effect don't depend on the state. Then whatever an unanswered operation
   * did right before is gone without a trace.
   */
  isBlind(input: Input, output: Output | undefined): boolean
  /** Values that an operation without answer would leave, if they tell it from all others. */
  traceOf(input: Input): readonly string[] | undefined
  /**
   * Values that an answer shows to have been there; without an answer: those that it may have
   * needed to have an effect. Undefined: it may tell any value from another.
   */
  shownBy(input: Input, output: Output | undefined): readonly string[] | undefined
  describe(input: Input, output: Output | undefined): string
}

export type Verdict<Input, Output> =
  | { readonly ok: true; readonly operations: number; readonly steps: number }
  | {
      readonly ok: false
      /** What can't be put into an order, as few operations as were found. */
      readonly core: readonly Operation<Input, Output>[]
      readonly text: string
    }
  /** `steps` were not enough to know. */
  | { readonly ok: undefined; readonly text: string }
