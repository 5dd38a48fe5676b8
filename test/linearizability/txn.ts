import type { Model, Operation } from './types.ts'

/** A key's value; undefined: it does not exist. */
type Value = string | undefined

/** Compares values of keys, then runs one branch: reads, writes (undefined deletes). */
export interface TxnInput {
  readonly compares: readonly { readonly key: string; readonly value: Value }[]
  readonly success: readonly TxnStep[]
  readonly failure: readonly TxnStep[]
}

export type TxnStep =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'set'; readonly key: string; readonly value: Value }

/** `reads`: what the gets of the branch saw, in their order. */
export interface TxnOutput {
  readonly succeeded: boolean
  readonly reads: readonly Value[]
}

type State = ReadonlyMap<string, string>

/** Transactions over several keys; keys that no transaction joins are checked apart. */
export const txnModel: Model<State, TxnInput, TxnOutput> = {
  initial: new Map(),
  step(state, input, output) {
    const succeeded = input.compares.every(({ key, value }) => state.get(key) === value)
    if (output !== undefined && output.succeeded !== succeeded) return undefined
    const next = new Map(state)
    let read = 0
    for (const step of succeeded ? input.success : input.failure) {
      if (step.type === 'set') set(next, step.key, step.value)
      else if (output !== undefined && output.reads[read++] !== next.get(step.key)) return undefined
    }
    return { state: next }
  },
  keyOf: state => [...state].sort().join(';'),
  partition: partitionByKeys,
  isRead: ({ success, failure }) => [...success, ...failure].every(({ type }) => type === 'get'),
  // With several keys an effect may show later, after a write that asks for nothing.
  isBlind: () => false,
  traceOf({ success, failure }) {
    const sets = [...success, ...failure].filter(step => step.type === 'set')
    const values = sets.map(({ value }) => value)
    return values.every(value => value !== undefined) ? values : undefined
  },
  shownBy({ compares, failure }, output) {
    const compared = compares.map(({ value }) => value)
    if (output === undefined) return compared.filter(value => value !== undefined)
    const isRead = (key: string) => failure.some(step => step.type === 'get' && step.key === key)
    // A compare that failed says only that something else was there.
    if (!output.succeeded && !compares.every(({ key }) => isRead(key))) return undefined
    const shown = [...output.reads, ...(output.succeeded ? compared : [])]
    return shown.filter(value => value !== undefined)
  },
  describe,
}

function set(state: Map<string, string>, key: string, value: Value): void {
  if (value === undefined) state.delete(key)
  else state.set(key, value)
}

function keysOf({ compares, success, failure }: TxnInput): string[] {
  return [...compares, ...success, ...failure].map(({ key }) => key)
}

/** Operations whose keys are joined by any transaction stay together. */
function partitionByKeys(
  history: readonly Operation<TxnInput, TxnOutput>[],
): Operation<TxnInput, TxnOutput>[][] {
  const parents = new Map<string, string>()
  const rootOf = (key: string): string => {
    const parent = parents.get(key) ?? key
    if (parent === key) return key
    const root = rootOf(parent)
    parents.set(key, root)
    return root
  }
  for (const { input } of history) {
    const [first, ...others] = keysOf(input)
    for (const key of others) parents.set(rootOf(key), rootOf(first!))
  }
  const parts = new Map<string, Operation<TxnInput, TxnOutput>[]>()
  for (const operation of history) {
    const [first] = keysOf(operation.input)
    if (first === undefined) continue
    const root = rootOf(first)
    const part = parts.get(root)
    if (part === undefined) parts.set(root, [operation])
    else part.push(operation)
  }
  return [...parts.values()]
}

function describe({ compares, success, failure }: TxnInput, output: TxnOutput | undefined): string {
  const compared = compares.map(({ key, value = 'nothing' }) => `${key}=${value}`).join(' & ')
  const steps = (branch: readonly TxnStep[]) =>
    branch
      .map(step => (step.type === 'get' ? `get ${step.key}` : `${step.key}:=${step.value ?? '-'}`))
      .join(', ')
  const what = `if ${compared || 'true'} {${steps(success)}} else {${steps(failure)}}`
  if (output === undefined) return `${what}: no answer`
  const reads = output.reads.map(value => value ?? 'nothing').join(', ')
  return `${what}: ${output.succeeded}${reads && ` [${reads}]`}`
}
