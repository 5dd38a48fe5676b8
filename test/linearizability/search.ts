import type { Model, Operation } from './types.ts'

/** An operation's call, or its answer, in the order of time. */
interface Node<Input, Output> {
  readonly operation: Operation<Input, Output>
  readonly id: number
  /** The answer to this call; undefined on answers, and on calls that have none. */
  readonly answer: Node<Input, Output> | undefined
  readonly isCall: boolean
  previous: Node<Input, Output> | undefined
  next: Node<Input, Output> | undefined
}

interface Choice<State, Input, Output> {
  readonly node: Node<Input, Output>
  readonly state: State
  readonly isDirty: boolean
}

/** What a search has found; `undecided`: it took more than `stepsMax`. */
export type Found = {
  readonly result: 'linearizable' | 'violation' | 'undecided'
  readonly steps: number
}

/**
 * Wing and Gong's search with Lowe's memory: (set of what was put in order, state) is never tried
 * twice. The list holds calls and answers by time; a call may come next if no answer stands before
 * it. Operations without an answer need not be put in order at all, and one that was is followed by
 * one that can tell: else leaving it out is an order as well.
 *
 *     call a   call b   answer a   call c   answer c   answer b
 *     └──── a or b may come first ──┘
 *
 * Sources: Wing, Gong, "Testing and Verifying Concurrent Objects", 1993; Lowe, "Testing for
 * Linearizability", 2017.
 */
export function search<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  stepsMax = 5_000_000,
): Found {
  const head = listOf(history)
  const done = new Done(history.length)
  const twins = twinsOf(model, history)
  const seen = new Set<string>()
  const choices: Choice<State, Input, Output>[] = []
  let left = history.filter(({ end }) => end !== undefined).length
  let state = model.initial
  let isDirty = false
  let steps = 0
  let node = head.next
  while (left > 0) {
    if (++steps > stepsMax) return { result: 'undecided', steps }
    if (node?.isCall) {
      const { input, output, end } = node.operation
      const isOpen = end === undefined
      const twin = twins[node.id]
      const isSkipped =
        (isDirty && model.isBlind(input, output)) || (twin !== undefined && !done.has(twin))
      const next = isSkipped ? undefined : model.step(state, input, output)
      // Without an answer and without an effect: as if it were not there.
      const counts = next && !(isOpen && model.keyOf(next.state) === model.keyOf(state))
      if (
        counts &&
        seen.size !== seen.add(done.with(node.id, isOpen, model.keyOf(next.state))).size
      ) {
        choices.push({ node, state, isDirty })
        done.add(node.id)
        lift(node)
        state = next.state
        isDirty = isOpen
        if (!isOpen) left--
        node = head.next
      } else node = node.next
      continue
    }
    // An answer, or the end: what was called before it is all tried.
    const last = choices.pop()
    if (last === undefined) return { result: 'violation', steps }
    state = last.state
    isDirty = last.isDirty
    done.remove(last.node.id)
    putBack(last.node)
    if (last.node.answer !== undefined) left++
    node = last.node.next
  }
  return { result: 'linearizable', steps }
}

/**
 * For each unanswered operation that nothing tells from an earlier one: that one. It goes first, for
 * the other way round is the same.
 */
function twinsOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): (number | undefined)[] {
  const last = new Map<string, number>()
  const order = [...history.keys()].sort((a, b) => history[a]!.call - history[b]!.call)
  const twins: (number | undefined)[] = []
  for (const id of order) {
    const { input, end } = history[id]!
    if (end !== undefined || model.traceOf(input) !== undefined) continue
    const text = JSON.stringify(input)
    twins[id] = last.get(text)
    last.set(text, id)
  }
  return twins
}

function listOf<Input, Output>(history: readonly Operation<Input, Output>[]): Node<Input, Output> {
  const nodes: { readonly at: number; readonly node: Node<Input, Output> }[] = []
  for (const [id, operation] of history.entries()) {
    const rest = { operation, id, previous: undefined, next: undefined }
    const { end } = operation
    const answer = end === undefined ? undefined : { ...rest, isCall: false, answer: undefined }
    if (answer !== undefined) nodes.push({ at: end!, node: answer })
    nodes.push({ at: operation.call, node: { ...rest, isCall: true, answer } })
  }
  // At one moment calls come first: that allows more orders, and accuses nobody wrongly.
  nodes.sort(
    (left, right) => left.at - right.at || Number(right.node.isCall) - Number(left.node.isCall),
  )
  const head = { isCall: false } as Node<Input, Output>
  let last = head
  for (const { node } of nodes) {
    last.next = node
    node.previous = last
    last = node
  }
  return head
}

function unlink<Input, Output>(node: Node<Input, Output>): void {
  node.previous!.next = node.next
  if (node.next !== undefined) node.next.previous = node.previous
}

function relink<Input, Output>(node: Node<Input, Output>): void {
  node.previous!.next = node
  if (node.next !== undefined) node.next.previous = node
}

function lift<Input, Output>(node: Node<Input, Output>): void {
  unlink(node)
  if (node.answer !== undefined) unlink(node.answer)
}

function putBack<Input, Output>(node: Node<Input, Output>): void {
  if (node.answer !== undefined) relink(node.answer)
  relink(node)
}

/** The set of operations in order: 16 of them a word, so that words make a text. */
class Done {
  readonly #words: Uint16Array
  /** All words before this one are full. */
  #first = 0
  /** No word after this one has a bit. */
  #last = 0

  constructor(size: number) {
    this.#words = new Uint16Array((size >> 4) + 1)
  }

  add(id: number): void {
    const word = id >> 4
    this.#words[word]! |= 1 << (id & 15)
    this.#last = Math.max(this.#last, word)
    while (this.#words[this.#first] === 0xffff) this.#first++
  }

  has(id: number): boolean {
    return (this.#words[id >> 4]! & (1 << (id & 15))) !== 0
  }

  remove(id: number): void {
    const word = id >> 4
    this.#words[word]! &= ~(1 << (id & 15))
    this.#first = Math.min(this.#first, word)
    while (this.#last > 0 && this.#words[this.#last] === 0) this.#last--
  }

  /** A text for this set with `id` and the state. */
  with(id: number, isDirty: boolean, state: string): string {
    const { first, last } = { first: this.#first, last: this.#last }
    this.add(id)
    const words = this.#words.subarray(this.#first, this.#last + 1)
    const text = `${this.#first}${isDirty ? '*' : ':'}${String.fromCharCode(...words)}${state}`
    this.#words[id >> 4]! &= ~(1 << (id & 15))
    this.#first = first
    this.#last = last
    return text
  }
}
