import { isDeepStrictEqual } from 'node:util'
import type { Service } from '../objects.ts'

/** What depends on a service's type. Source: kubernetes pkg/registry/core/service/strategy.go. */

type Spec = Service['spec']

/** Every type but ExternalName has an address of the cluster. */
export function needsClusterIp({ type }: Spec): boolean {
  return type !== 'ExternalName'
}

/** NodePort and LoadBalancer. */
export function needsNodePort(spec: Spec): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer'
}

/** Clients from outside of the cluster reach it. Source: api/service ExternallyAccessible. */
export function isExternallyAccessible(spec: Spec): boolean {
  return needsNodePort(spec) || (spec.type === 'ClusterIP' && Boolean(spec.externalIPs?.length))
}

/** A balancer outside asks each node. Source: api/service NeedsHealthCheck. */
export function needsHealthCheck(spec: Spec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
}

/** Fields that only some types have: who has them. */
const dependents: readonly {
  has(spec: Spec): boolean
  readonly fields: readonly (keyof Spec)[]
}[] = [
  {
    has: needsClusterIp,
    fields: ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy'],
  },
  { has: isExternallyAccessible, fields: ['externalTrafficPolicy'] },
  {
    has: ({ type }) => type === 'LoadBalancer',
    fields: ['allocateLoadBalancerNodePorts', 'loadBalancerClass', 'healthCheckNodePort'],
  },
]

/**
 * Takes away what the old type had, the new one hasn't, and the client did not change; what it did
 * change is for validation. Source: dropTypeDependentFields.
 */
export function dropTypeDependentFields(next: Service, old: Service): void {
  for (const { has, fields } of dependents) {
    if (!has(old.spec) || has(next.spec)) continue
    for (const field of fields) {
      if (isDeepStrictEqual(next.spec[field], old.spec[field])) delete next.spec[field]
    }
  }
  if (!needsNodePort(old.spec) || needsNodePort(next.spec)) return
  const given = new Set(old.spec.ports?.map(port => port.nodePort))
  if (!next.spec.ports?.every(port => !port.nodePort || given.has(port.nodePort))) return
  for (const port of next.spec.ports) delete port.nodePort
}
