import type { Model, Operation } from './types.ts'

/** Values are text; undefined: the key does not exist. */
export type RegisterInput =
  | { readonly type: 'get'; readonly key: string }
  /** `prev`: the answer shows what was there. */
  | { readonly type: 'put'; readonly key: string; readonly value: string; readonly prev?: boolean }
  | {
      readonly type: 'cas'
      readonly key: string
      /** What must be there; undefined: nothing. */
      readonly from: string | undefined
      readonly to: string
    }
  | { readonly type: 'delete'; readonly key: string; readonly prev?: boolean }

export interface RegisterOutput {
  /** get, and what `prev` asks for; a cas that fails shows what is there. */
  readonly value?: string
  /** Of a cas. */
  readonly swapped?: boolean
  /** Of a delete: whether there was something. */
  readonly deleted?: boolean
}

type State = string | undefined
type RegisterModel = Model<State, RegisterInput, RegisterOutput>
type Step = ReturnType<RegisterModel['step']>

/** What each operation does, and which answers it may have. */
const steps: {
  readonly [T in RegisterInput['type']]: (
    state: State,
    input: Extract<RegisterInput, { type: T }>,
    output: RegisterOutput | undefined,
  ) => Step
} = {
  get: (state, _input, output) =>
    output === undefined || output.value === state ? { state } : undefined,
  put: (state, { value, prev }, output) =>
    !output || !prev || output.value === state ? { state: value } : undefined,
  cas: (state, { from, to }, output) => {
    const holds = state === from
    if (output === undefined) return { state: holds ? to : state }
    if (output.swapped !== holds) return undefined
    if (holds) return { state: to }
    return output.value === state ? { state } : undefined
  },
  delete: (state, { prev }, output) => {
    if (output !== undefined) {
      if (output.deleted !== (state !== undefined)) return undefined
      if (prev && output.value !== state) return undefined
    }
    return { state: undefined }
  },
}

/** One register a key: get, put, compare-and-swap, delete. */
export const registerModel: RegisterModel = {
  initial: undefined,
  step: (state, input, output) => steps[input.type](state, input as never, output),
  keyOf: state => (state === undefined ? '-' : `=${state}`),
  partition: history => [...byKey(history).values()],
  isRead: ({ type }) => type === 'get',
  isBlind: input => input.type === 'put' && !input.prev,
  traceOf(input) {
    // That there is nothing tells no deletion from another.
    if (input.type === 'put') return [input.value]
    return input.type === 'cas' ? [input.to] : undefined
  },
  shownBy(input, output) {
    const needed = input.type === 'cas' && output?.swapped !== false ? [input.from] : []
    return [output?.value, ...needed].filter(value => value !== undefined)
  },
  describe,
}

function byKey(
  history: readonly Operation<RegisterInput, RegisterOutput>[],
): Map<string, Operation<RegisterInput, RegisterOutput>[]> {
  const parts = new Map<string, Operation<RegisterInput, RegisterOutput>[]>()
  for (const operation of history) {
    const part = parts.get(operation.input.key)
    if (part === undefined) parts.set(operation.input.key, [operation])
    else part.push(operation)
  }
  return parts
}

const nothing = 'nothing'

function describe(input: RegisterInput, output: RegisterOutput | undefined): string {
  const shown = output?.value ?? nothing
  const words: Record<RegisterInput['type'], () => string> = {
    get: () => `get ${input.key}: ${shown}`,
    put: () => `put ${input.key} = ${'value' in input ? input.value : ''}: ok`,
    cas: () => {
      const { from = nothing, to } = input as Extract<RegisterInput, { type: 'cas' }>
      return `cas ${input.key} ${from} -> ${to}: ${output?.swapped ? 'swapped' : `was ${shown}`}`
    },
    delete: () => `delete ${input.key}: ${output?.deleted ? 'deleted' : 'was nothing'}`,
  }
  const text = words[input.type]()
  return output === undefined ? text.replace(/: [^:]*$/, ': no answer') : text
}
