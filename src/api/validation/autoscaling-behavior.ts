import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import { nonNegativeQuantity, oneOf, positive } from './rules.ts'

const windowSecondsMax = 3_600
const periodSecondsMax = 1_800

/** How fast an autoscaler may be. Source: pkg/apis/autoscaling/validation validateBehavior. */
export function validateBehavior(behavior: Loose | undefined, path: string, causes: Causes): void {
  for (const direction of ['scaleUp', 'scaleDown']) {
    const rules = behavior?.[direction]
    if (rules !== undefined) validateRules(rules, `${path}.${direction}`, causes)
  }
}

function validateRules(rules: Loose, path: string, causes: Causes): void {
  const { stabilizationWindowSeconds: window = 0, selectPolicy, policies, tolerance } = rules
  const at = `${path}.stabilizationWindowSeconds`
  if (window < 0) causes.invalid(at, window, 'must be greater than or equal to zero')
  if (window > windowSecondsMax) {
    causes.invalid(at, window, `must be less than or equal to ${windowSecondsMax}`)
  }
  oneOf(selectPolicy, `${path}.selectPolicy`, ['Disabled', 'Max', 'Min'], causes)
  if (!policies?.length) {
    causes.required(`${path}.policies`, 'must specify at least one Policy')
  }
  each(policies as Loose[], `${path}.policies`, ({ type = '', value, periodSeconds }, here) => {
    oneOf(type, `${here}.type`, ['Percent', 'Pods'], causes)
    positive(value, `${here}.value`, causes)
    positive(periodSeconds, `${here}.periodSeconds`, causes)
    if ((periodSeconds ?? 0) > periodSecondsMax) {
      const text = `must be less than or equal to ${periodSecondsMax}`
      causes.invalid(`${here}.periodSeconds`, periodSeconds, text)
    }
  })
  if (tolerance !== undefined) nonNegativeQuantity(tolerance, `${path}.tolerance`, causes)
}
