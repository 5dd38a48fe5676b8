import { canonical, type Grade, grades, tallyOf, type Verdict } from './grade.ts'
import type { Answer, AnsweredStep } from './recording.ts'

/** Characters of a body, and of a request, that a difference shows. */
const shownCharsMax = { body: 1_500, request: 600 } as const

/** One line a scenario and one for all: how many steps have each grade. */
export function tableOf(verdicts: readonly Verdict[]): string {
  const scenarios = [...new Set(verdicts.map(({ step }) => step.scenario))]
  const rows = scenarios.map(name =>
    rowOf(
      name,
      verdicts.filter(({ step }) => step.scenario === name),
    ),
  )
  return [heading(), ...rows, rowOf('all', verdicts)].join('\n')
}

const nameWidth = 44
const cellWidth = 9

function heading(): string {
  return line('scenario', [...grades, 'steps', '% same'])
}

function rowOf(name: string, verdicts: readonly Verdict[]): string {
  const tally = tallyOf(verdicts)
  const share = ((100 * tally.same) / verdicts.length).toFixed(1)
  const counts = grades.map(grade => (tally[grade] === 0 ? '.' : String(tally[grade])))
  return line(name, [...counts, String(verdicts.length), share])
}

function line(name: string, cells: readonly string[]): string {
  return name.padEnd(nameWidth) + cells.map(cell => cell.padStart(cellWidth)).join('')
}

/** The first `count` differences, of one grade if so wished: what was asked, theirs and ours. */
export function differences(verdicts: readonly Verdict[], count: number, only?: Grade): string {
  return verdicts
    .filter(({ grade }) => (only ? grade === only : grade !== 'same'))
    .slice(0, count)
    .map(({ step, ours, grade }) =>
      [
        `--- ${grade}: ${step.scenario} ${step.id}`,
        `    ${requestText(step)}`,
        `  theirs ${answerText(step.answer)}`,
        `  ours   ${answerText(ours)}`,
      ].join('\n'),
    )
    .join('\n')
}

function requestText({ method, path, body }: AnsweredStep): string {
  return `${method} ${path} ${JSON.stringify(body)?.slice(0, shownCharsMax.request) ?? ''}`
}

function answerText(answer: Answer | undefined): string {
  const body = JSON.stringify(canonical(answer?.body))?.slice(0, shownCharsMax.body)
  return `${answer?.code} ${body} ${answer?.warnings ?? ''}`
}
