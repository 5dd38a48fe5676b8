import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { validateConditions } from './conditions.ts'
import { countOrShare, nonNegative, notAboveWhole, oneOf } from './rules.ts'
import { validateLabelSelector } from './selector.ts'

/** Source of all: kubernetes pkg/apis/policy/validation/validation.go. */

const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget']

export function validateDisruptionBudget({ spec = {} }: KubeObject, causes: Causes): void {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    // Upstream writes the spec as Go names its fields.
    const value = {
      MinAvailable: minAvailable,
      Selector: selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: policy ?? null,
    }
    causes.invalid('spec', value, 'minAvailable and maxUnavailable cannot be both set')
  }
  for (const [name, value] of Object.entries({ minAvailable, maxUnavailable })) {
    if (value === undefined) continue
    countOrShare(value, `spec.${name}`, causes)
    notAboveWhole(value, `spec.${name}`, causes)
  }
  if (selector) validateLabelSelector(selector, 'spec.selector', causes)
  oneOf(policy, 'spec.unhealthyPodEvictionPolicy', evictionPolicies, causes)
}

const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods']

export function validateDisruptionBudgetStatus({ status = {} }: KubeObject, causes: Causes): void {
  validateConditions(status.conditions ?? [], 'status.conditions', causes)
  for (const name of counts) nonNegative(status[name], `status.${name}`, causes)
}
