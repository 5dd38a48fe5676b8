import type { KubeObject } from '../types.ts'

/** Source of all: kubernetes pkg/apis/resource/v1/defaults.go. */

export function defaultResourceClaim({ spec }: KubeObject): void {
  defaultClaimSpec(spec)
}

export function defaultResourceClaimTemplate({ spec }: KubeObject): void {
  defaultClaimSpec(spec?.spec)
}

function defaultClaimSpec(spec: KubeObject['spec']): void {
  for (const request of spec?.devices?.requests ?? []) {
    if (request.exactly) defaultRequest(request.exactly)
    for (const sub of request.firstAvailable ?? []) defaultRequest(sub)
  }
}

function defaultRequest(request: { allocationMode?: string; count?: number }): void {
  request.allocationMode ||= 'ExactCount'
  if (request.allocationMode === 'ExactCount') request.count ||= 1
}
