import { kinds } from '../../api/kinds.ts'
import type { Pod, Service, ServicePort } from '../../api/objects.ts'
import { matchesLabels, selectorOfMap } from '../../api/selectors.ts'
import type { Context } from '../types.ts'
import { isPodFinished, isPodReady } from './pods.ts'

/** Marks the addresses of a Service without a cluster IP. */
export const headlessLabel: Record<string, string> = { 'service.kubernetes.io/headless': '' }
export const noLabels: Record<string, string> = {}

/** A pod behind a Service. */
export interface Backend {
  readonly pod: Pod
  readonly ip: string
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
}

/** Services whose selector covers the pod now or did before. */
export function servicesOf(pod: Pod, context: Context, old?: Pod): string[] {
  const namespace = pod.metadata.namespace ?? ''
  return context
    .lister(kinds.services)
    .byNamespace(namespace)
    .filter(service => covers(service, pod) || (old !== undefined && covers(service, old)))
    .map(service => `${namespace}/${service.metadata.name}`)
}

function covers(service: Service, pod: Pod): boolean {
  const selector = service.spec.selector ?? {}
  if (Object.keys(selector).length === 0) return false
  return matchesLabels(selectorOfMap(selector), pod.metadata.labels)
}

/** Pods with an address behind the Service, in a stable order. */
export function backendsOf(service: Service, context: Context): Backend[] {
  return context
    .lister(kinds.pods)
    .byNamespace(service.metadata.namespace ?? '')
    .filter(pod => covers(service, pod) && !isPodFinished(pod) && pod.status?.podIP)
    .map(pod => {
      const serving = isPodReady(pod)
      const terminating = pod.metadata.deletionTimestamp !== undefined
      const published = service.spec.publishNotReadyAddresses === true
      const ready = published || (serving && !terminating)
      return { pod, ip: pod.status?.podIP ?? '', ready, serving, terminating }
    })
    .sort((a, b) => ((a.pod.metadata.name ?? '') < (b.pod.metadata.name ?? '') ? -1 : 1))
}

/** The pod's port that a Service port leads to; undefined when the pod has no port of that name. */
export function targetPort(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port
  if (typeof target === 'number') return target === 0 ? port.port : target
  for (const container of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
    for (const candidate of container.ports ?? []) {
      const sameProtocol = (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP')
      if (candidate.name === target && sameProtocol) return candidate.containerPort
    }
  }
  return undefined
}
