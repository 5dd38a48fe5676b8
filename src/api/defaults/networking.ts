import type { KubeObject } from '../types.ts'

/** Source of all: kubernetes pkg/apis/networking/v1/defaults.go. */

export function defaultIngressClass({ spec }: KubeObject): void {
  if (spec?.parameters) spec.parameters.scope ??= 'Cluster'
}

/** A policy without types is about what comes in, and about what goes out if it has such rules. */
export function defaultNetworkPolicy(object: KubeObject): void {
  object.spec ??= {}
  const { spec } = object
  const rules = [...(spec.ingress ?? []), ...(spec.egress ?? [])]
  for (const port of rules.flatMap(rule => rule.ports ?? [])) port.protocol ??= 'TCP'
  if ((spec.policyTypes ?? []).length > 0) return
  spec.policyTypes = ['Ingress', ...((spec.egress ?? []).length > 0 ? ['Egress'] : [])]
}
