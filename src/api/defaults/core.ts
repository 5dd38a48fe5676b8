import type { EndpointSlice, Endpoints, Namespace, Node, Secret, Service } from '../objects.ts'
import { setOwn } from '../own.ts'
import { isExternallyAccessible } from '../resources/service-strategy.ts'
import type { KubeObject } from '../types.ts'
import { roundList } from './pod.ts'

/** Source of all: kubernetes pkg/apis/core/v1/defaults.go. */

export function defaultNamespace(namespace: Namespace): void {
  const { metadata } = namespace
  if (metadata.name) {
    metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name }
  }
}

export function defaultNode(node: Node): void {
  node.spec ??= {}
  for (const list of [node.status?.capacity, node.status?.allocatable]) if (list) roundList(list)
  if (node.status?.allocatable === undefined && node.status?.capacity !== undefined) {
    node.status.allocatable = { ...node.status.capacity }
  }
}

/** The secret's convenience field is merged into `data` and never stored. */
export function defaultSecret(secret: Secret): void {
  secret.type ||= 'Opaque'
  if (secret.stringData === undefined) return
  secret.data ??= {}
  for (const [key, value] of Object.entries(secret.stringData)) {
    setOwn(secret.data, key, Buffer.from(value, 'utf8').toString('base64'))
  }
  delete secret.stringData
}

export function defaultService(service: Service): void {
  service.spec ??= {}
  const { spec } = service
  spec.type ||= 'ClusterIP'
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {}
    spec.sessionAffinityConfig.clientIP ??= {}
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10_800
  } else delete spec.sessionAffinityConfig
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP'
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') {
      port.targetPort = port.port
    }
  }
  if (spec.type === 'ExternalName') return
  spec.internalTrafficPolicy ||= 'Cluster'
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type !== 'LoadBalancer') return
  spec.allocateLoadBalancerNodePorts ??= true
  for (const one of (service as KubeObject).status?.loadBalancer?.ingress ?? []) {
    if (one.ip) one.ipMode ??= 'VIP'
  }
}

export function defaultEndpoints({ subsets }: Endpoints): void {
  for (const subset of subsets ?? []) {
    for (const port of subset.ports ?? []) port.protocol ||= 'TCP'
  }
}

export function defaultEndpointSlice(slice: EndpointSlice): void {
  slice.endpoints ??= []
  for (const port of slice.ports ?? []) {
    port.name ??= ''
    port.protocol ??= 'TCP'
  }
}
