import type { Causes } from './causes.ts'
import { indexesError } from './job-indexes.ts'
import { each, type Loose } from './loose.ts'
import { qualifiedNameErrors } from './names.ts'
import { judged, nonNegative, oneOf } from './rules.ts'

/** When a job fails, and when it is done. Source: kubernetes pkg/apis/batch/validation. */

const rulesMax = 20
const patternsMax = 20
const valuesMax = 255
const indexesLengthMax = 64 * 1024

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const operators = ['In', 'NotIn']
const statuses = ['False', 'True', 'Unknown']

/** One of a few, which are told when there is none. */
function chosenOf(value: string, path: string, choices: readonly string[], causes: Causes): void {
  const list = choices.map(one => JSON.stringify(one)).join(' ')
  if (value === '') causes.required(path, `valid values: [${list}]`)
  else oneOf(value, path, choices, causes)
}

export function validateFailurePolicy(spec: Loose, path: string, causes: Causes): void {
  const rules: readonly Loose[] = spec.podFailurePolicy.rules ?? []
  const podSpec = spec.template?.spec ?? {}
  const all: Loose[] = [...(podSpec.containers ?? []), ...(podSpec.initContainers ?? [])]
  const names = all.map(one => one.name)
  if (rules.length > rulesMax) causes.tooMany(`${path}.rules`, rules.length, rulesMax)
  each(rules, `${path}.rules`, (rule, at) => {
    const { action = '', onExitCodes: codes, onPodConditions: conditions = [] } = rule
    if (action === 'FailIndex') {
      if (spec.backoffLimitPerIndex === undefined) {
        const text = 'requires the backoffLimitPerIndex to be set'
        causes.invalid(`${at}.action`, action, text)
      }
    } else chosenOf(action, `${at}.action`, actions, causes)
    if (codes) validateExitCodes(codes, `${at}.onExitCodes`, names, causes)
    validateConditions(conditions, `${at}.onPodConditions`, causes)
    const which = codes ? 'both' : 'one'
    if (Boolean(codes) === conditions.length > 0) {
      const verb = codes ? 'not supported' : 'required'
      causes.wrong(at, `specifying ${which} of OnExitCodes and OnPodConditions is ${verb}`)
    }
  })
}

function validateConditions(patterns: readonly Loose[], path: string, causes: Causes): void {
  if (patterns.length > patternsMax) causes.tooMany(path, patterns.length, patternsMax)
  each(patterns, path, ({ type = '', status = '' }, at) => {
    judged(type, `${at}.type`, qualifiedNameErrors, causes)
    chosenOf(status, `${at}.status`, statuses, causes)
  })
}

function validateExitCodes(
  { operator = '', containerName, values = [] }: Loose,
  path: string,
  names: readonly string[],
  causes: Causes,
): void {
  chosenOf(operator, `${path}.operator`, operators, causes)
  if (containerName !== undefined && !names.includes(containerName)) {
    const text = 'must be one of the container or initContainer names in the pod template'
    causes.invalid(`${path}.containerName`, containerName, text)
  }
  const list = `${path}.values`
  if (values.length === 0) causes.invalid(list, values, 'at least one value is required')
  else if (values.length > valuesMax) causes.tooMany(list, values.length, valuesMax)
  const seen = new Set<number>()
  each(values as number[], list, (value, at) => {
    if (operator === 'In' && value === 0) {
      causes.invalid(at, value, 'must not be 0 for the In operator')
    }
    if (seen.has(value)) causes.duplicate(at, value)
    seen.add(value)
  })
  const isOrdered = values.every(
    (value: number, index: number) => index === 0 || values[index - 1] <= value,
  )
  if (!isOrdered) causes.invalid(list, values, 'must be ordered')
}

export function validateSuccessPolicy(spec: Loose, path: string, causes: Causes): void {
  const rules: readonly Loose[] = spec.successPolicy.rules ?? []
  const completions: number = spec.completions ?? 0
  if (rules.length === 0) {
    const text = 'at least one rules must be specified when the successPolicy is specified'
    causes.required(`${path}.rules`, text)
  }
  if (rules.length > rulesMax) causes.tooMany(`${path}.rules`, rules.length, rulesMax)
  each(rules, `${path}.rules`, ({ succeededCount: count, succeededIndexes: indexes }, at) => {
    if (count === undefined && indexes === undefined) {
      causes.required(at, 'at least one of succeededCount or succeededIndexes must be specified')
    }
    const total = indexes === undefined ? 0 : indexesError(indexes, completions)
    if (indexes !== undefined && indexes.length > indexesLengthMax) {
      causes.tooLong(`${at}.succeededIndexes`, indexesLengthMax)
    }
    if (typeof total === 'string') {
      const text = `error parsing succeededIndexes: ${total}`
      causes.invalid(`${at}.succeededIndexes`, indexes, text)
    }
    if (count !== undefined) {
      const known = indexes === undefined ? undefined : typeof total === 'number' ? total : 0
      validateCount(count, completions, known, `${at}.succeededCount`, causes)
    }
  })
}

function validateCount(
  count: number,
  completions: number,
  indexes: number | undefined,
  path: string,
  causes: Causes,
): void {
  nonNegative(count, path, causes)
  const most = (max: number, what: string) => {
    if (count > max) causes.invalid(path, count, `must be less than or equal to ${max} (${what})`)
  }
  most(completions, 'the number of specified completions')
  if (indexes === undefined) return
  most(indexes, 'the number of indexes in the specified succeededIndexes field')
}
