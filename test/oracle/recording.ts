import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { root } from '../support/cluster.ts'

/** A request as it was recorded; `$NS`, `$RV` and the like in it are filled in when it is sent. */
export interface Step {
  /** Each has a namespace of its own. */
  readonly scenario: string
  readonly id: string
  /** `WAIT` waits for `path` milliseconds: for a change that takes a server a while. */
  readonly method: string
  readonly path: string
  /** Content type of the body. */
  readonly type?: string
  readonly accept?: string
  /** Further headers: impersonation, a token. */
  readonly as?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** The body is a text and no JSON. */
  readonly raw?: boolean
  /** A watch: the answer is one JSON object a line. */
  readonly lines?: boolean
}

/** What a server said, without what differs from run to run. */
export interface Answer {
  /** HTTP status; 0 when there was no answer. */
  readonly code: number
  readonly ct?: string
  readonly warnings?: readonly string[]
  readonly body?: unknown
}

export interface AnsweredStep extends Step {
  readonly answer: Answer
}

const fileName = 'recording.jsonl'

/** Where the recording of the real kube-apiserver lies: beside the checkout, unless said. */
export function recordingFolder(given?: string): string {
  return resolve(root, given ?? process.env.QUORATE_RECORDING ?? '../shared/reference/apiserver')
}

/** Why nothing can be compared, and what to do; undefined: the recording is there. */
export function lacksRecording(given?: string): string | undefined {
  const file = join(recordingFolder(given), fileName)
  if (existsSync(file)) return undefined
  return `no recording of kube-apiserver at ${file}: name its folder in QUORATE_RECORDING`
}

export function readRecording(given?: string): AnsweredStep[] {
  return readSteps(join(recordingFolder(given), fileName))
}

/** Steps with answers, one JSON object a line. */
export function readSteps(file: string): AnsweredStep[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.map(line => JSON.parse(line) as AnsweredStep)
}
