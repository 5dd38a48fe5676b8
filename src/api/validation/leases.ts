import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'

/** Source: kubernetes pkg/apis/coordination/validation/validation.go ValidateLeaseSpec. */
export function validateLease({ spec }: KubeObject, causes: Causes): void {
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions } = spec ?? {}
  if (seconds !== undefined && seconds <= 0) {
    causes.invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')
  }
  if (transitions !== undefined && transitions < 0) {
    causes.invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0')
  }
}
