import type { Answer, AnsweredStep } from './recording.ts'

/** What is looked at, in this order: an answer's grade is the first that differs, or `same`. */
export const grades = ['code', 'reason', 'message', 'details', 'warnings', 'body', 'same'] as const

export type Grade = (typeof grades)[number]
export type Tally = Readonly<Record<Grade, number>>

export interface Verdict {
  readonly step: AnsweredStep
  readonly ours: Answer | undefined
  readonly grade: Grade
}

/** Grades our answers; a step without one has the grade `code`. */
export function judge(recording: readonly AnsweredStep[], ours: readonly AnsweredStep[]) {
  const nameOf = ({ scenario, id }: AnsweredStep) => `${scenario}|${id}`
  const answers = new Map(ours.map(step => [nameOf(step), step.answer]))
  return recording
    .filter(({ method }) => method !== 'WAIT')
    .map((step): Verdict => {
      const answer = answers.get(nameOf(step))
      return { step, ours: answer, grade: gradeOf(step.answer, answer) }
    })
}

/** How our answer compares with theirs. */
export function gradeOf(theirs: Answer, ours: Answer | undefined): Grade {
  if (theirs.code !== ours?.code) return 'code'
  const [a, b] = [theirs.body as Status | undefined, ours.body as Status | undefined]
  if (a?.kind === 'Status' && a.status === 'Failure') {
    if (a.reason !== b?.reason) return 'reason'
    if (errorsOf(a.message) !== errorsOf(b?.message)) return 'message'
    return isSame(a.details, b?.details) ? 'same' : 'details'
  }
  if (!isSame(theirs.warnings, ours.warnings)) return 'warnings'
  return isSame(a, b) ? 'same' : 'body'
}

interface Status {
  readonly kind?: string
  readonly status?: string
  readonly reason?: string
  readonly message?: string
  readonly details?: unknown
}

/** Upstream promises no order of these: managers of one second, causes of a refusal. */
const unordered: ReadonlySet<string> = new Set(['managedFields', 'causes'])

/** Keys in order, and lists without one sorted: equal texts of it are equal answers. */
export function canonical(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    if (!unordered.has(key)) return value.map(each => canonical(each))
    return value.map(each => JSON.stringify(canonical({ ...each, time: undefined }))).sort()
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  const sorted = entries.sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, each]) => [name, canonical(each, name)]))
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(canonical(a ?? {})) === JSON.stringify(canonical(b ?? {}))
}

/** A message of several errors has them in no order. */
function errorsOf(message: string | undefined): string {
  return String(message).replace(/[[\]]/g, '').split(', ').sort().join(', ')
}

/**
 * Of two runs of the same steps the better verdict of each: some answers depend on whether a
 * controller has been there already.
 */
export function betterOf(first: readonly Verdict[], second: readonly Verdict[]): Verdict[] {
  const rank = ({ grade }: Verdict) => grades.indexOf(grade)
  return first.map((verdict, index) => {
    const other = second[index]
    return other && rank(other) > rank(verdict) ? other : verdict
  })
}

export function tallyOf(verdicts: readonly Verdict[]): Tally {
  const tally = Object.fromEntries(grades.map(grade => [grade, 0])) as Record<Grade, number>
  for (const { grade } of verdicts) tally[grade]++
  return tally
}
