import type { Causes } from './causes.ts'
import { validateChoice } from './fields.ts'
import { qualifiedNameErrors } from './names.ts'
import { regexError } from './regex-error.ts'

/** Source: meta/v1 Condition. */
export interface Condition {
  readonly type?: string
  readonly status?: string
  readonly observedGeneration?: number
  readonly lastTransitionTime?: string | null
  readonly reason?: string
  readonly message?: string
}

const reasonBytesMax = 1024
const messageBytesMax = 32 * 1024
const reasonPattern = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const reasonText = regexError(
  'a condition reason must start with alphabetic character, optionally followed by a string of ' +
    "alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  reasonPattern,
  ...['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB'],
)

/** Source: apimachinery pkg/apis/meta/v1/validation ValidateConditions. */
export function validateConditions(
  conditions: readonly Condition[],
  path: string,
  causes: Causes,
): void {
  const types = new Set<string>()
  for (const [index, condition] of conditions.entries()) {
    const { type = '' } = condition
    if (types.has(type)) causes.duplicate(`${path}[${index}].type`, type)
    types.add(type)
    validateCondition(condition, `${path}[${index}]`, causes)
  }
}

function validateCondition(condition: Condition, path: string, causes: Causes): void {
  const { type = '', status = '', observedGeneration = 0, reason = '', message = '' } = condition
  for (const text of qualifiedNameErrors(type)) causes.invalid(`${path}.type`, type, text)
  validateChoice(status, ['False', 'True', 'Unknown'], `${path}.status`, causes)
  if (observedGeneration < 0) {
    const text = 'must be greater than or equal to zero'
    causes.invalid(`${path}.observedGeneration`, observedGeneration, text)
  }
  if (!condition.lastTransitionTime) causes.required(`${path}.lastTransitionTime`)
  if (reason === '') causes.required(`${path}.reason`)
  else {
    if (!new RegExp(`^${reasonPattern}$`).test(reason)) {
      causes.invalid(`${path}.reason`, reason, reasonText)
    }
    if (Buffer.byteLength(reason) > reasonBytesMax) {
      causes.tooLong(`${path}.reason`, reasonBytesMax)
    }
  }
  if (Buffer.byteLength(message) > messageBytesMax) {
    causes.tooLong(`${path}.message`, messageBytesMax)
  }
}
