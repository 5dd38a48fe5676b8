import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import { labelValueErrors, qualifiedNameErrors } from './names.ts'
import { judged, oneOf } from './rules.ts'

export const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

const matchAllText =
  'operator must be Exists when `key` is empty, which means "match all values and all keys"'

/** Source: kubernetes pkg/apis/core/validation/validation.go ValidateTolerations. */
export function validateTolerations(
  list: readonly Loose[] | undefined,
  path: string,
  causes: Causes,
): void {
  each(
    list,
    path,
    ({ key = '', operator = '', value = '', effect = '', tolerationSeconds }, at) => {
      const wrong = (value: string, text: string) => causes.invalid(`${at}.operator`, value, text)
      if (key !== '') judged(key, `${at}.key`, qualifiedNameErrors, causes)
      if (key === '' && operator !== 'Exists') wrong(operator, matchAllText)
      if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
        const text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        causes.invalid(`${at}.effect`, effect, text)
      }
      if (operator === 'Equal' || operator === '') {
        const texts = labelValueErrors(value)
        if (texts.length > 0) wrong(value, texts.join(';'))
      } else if (operator === 'Exists') {
        if (value !== '') wrong(value, "value must be empty when `operator` is 'Exists'")
      } else {
        const isComparison = operator === 'Lt' || operator === 'Gt'
        const known = ['Equal', 'Exists', ...(isComparison ? ['Lt', 'Gt'] : [])]
        causes.notSupported(`${at}.operator`, operator, known)
      }
      if (effect !== '') oneOf(effect, `${at}.effect`, taintEffects, causes)
    },
  )
}
