import type { Container, Pod } from '../api/objects.ts'
import { ownValue } from '../api/own.ts'
import { divideQuantities } from '../api/quantity.ts'

/**
 * The value of a downward API field; undefined for one that doesn't exist.
 * Source: kubernetes pkg/fieldpath, kubelet_pods.go podFieldSelectorRuntimeValue.
 */
export function fieldValue(
  pod: Pod,
  path: string,
  status: { readonly podIp: string; readonly hostIp: string },
): string | undefined {
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (subscript)
    return ownValue(pod.metadata[subscript[1] as 'labels' | 'annotations'], subscript[2]!) ?? ''
  const fields: Record<string, () => string | undefined> = {
    'metadata.name': () => pod.metadata.name,
    'metadata.namespace': () => pod.metadata.namespace,
    'metadata.uid': () => pod.metadata.uid,
    'metadata.labels': () => formatMap(pod.metadata.labels),
    'metadata.annotations': () => formatMap(pod.metadata.annotations),
    'spec.nodeName': () => pod.spec.nodeName,
    'spec.serviceAccountName': () => pod.spec.serviceAccountName,
    'status.hostIP': () => status.hostIp,
    'status.hostIPs': () => status.hostIp,
    'status.podIP': () => status.podIp,
    'status.podIPs': () => status.podIp,
  }
  return ownValue(fields, path)?.()
}

/** `limits.cpu` and the like, divided and rounded up; an absent limit is 0 here. */
export function resourceValue(
  container: Container,
  reference: { resource: string; divisor?: string },
): string {
  const [group, ...rest] = reference.resource.split('.')
  const list = group === 'limits' ? container.resources?.limits : container.resources?.requests
  return String(divideQuantities(ownValue(list, rest.join('.')) ?? '0', reference.divisor ?? '1'))
}

function formatMap(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')
}
