import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import { qualifiedNameErrors } from './names.ts'
import { judged, oneOf } from './rules.ts'

const reasonLengthMax = 1_024
const messageLengthMax = 32_768
const statuses = ['False', 'True', 'Unknown']
const reasonText =
  'a condition reason must start with alphabetic character, optionally followed by a string of ' +
  "alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. " +
  "'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex " +
  "used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')"

/** Source: apimachinery pkg/apis/meta/v1/validation ValidateConditions. */
export function validateConditions(
  conditions: readonly Loose[] | undefined,
  path: string,
  causes: Causes,
): void {
  const seen = new Set<string>()
  each(conditions, path, (condition, at) => {
    const { type = '', status = '', observedGeneration = 0, reason = '', message = '' } = condition
    if (seen.has(type)) causes.duplicate(`${at}.type`, type)
    seen.add(type)
    judged(type, `${at}.type`, qualifiedNameErrors, causes)
    oneOf(status, `${at}.status`, statuses, causes)
    if (observedGeneration < 0) {
      const text = 'must be greater than or equal to zero'
      causes.invalid(`${at}.observedGeneration`, observedGeneration, text)
    }
    if (!condition.lastTransitionTime) causes.required(`${at}.lastTransitionTime`)
    if (reason === '') causes.required(`${at}.reason`)
    else if (!/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/.test(reason)) {
      causes.invalid(`${at}.reason`, reason, reasonText)
    }
    if (reason.length > reasonLengthMax) causes.tooLong(`${at}.reason`, reasonLengthMax)
    if (message.length > messageLengthMax) causes.tooLong(`${at}.message`, messageLengthMax)
  })
}
