import type { Node, Pod } from '../../api/objects.ts'
import { nodes } from '../../api/resources/core.ts'
import { pods } from '../../api/resources/pods.ts'
import { badRequest, conflict, StatusError } from '../../api/status.ts'
import type { Route } from '../filters/request-info.ts'
import type { Parts } from '../http/context.ts'
import { objectOf } from '../storage/entry.ts'

/** Where a pod's kubelet answers. */
export interface KubeletTarget {
  readonly host: string
  readonly port: number
  readonly path: string
}

const defaultKubeletPort = 10_250
const addressOrder = ['InternalIP', 'ExternalIP', 'Hostname', 'InternalDNS']

/** Subresource of a pod to the kubelet's path. Source: pkg/registry/core/pod/strategy.go. */
const kubeletPaths: Record<string, string> = {
  log: 'containerLogs',
  exec: 'exec',
  attach: 'attach',
  portforward: 'portForward',
}

/**
 * The kubelet's address and path for a stream of a pod.
 * @throws StatusError 400 when the container must be named, or the pod has no node yet.
 */
export async function kubeletTarget(
  parts: Parts,
  route: Route,
  query: URLSearchParams,
): Promise<KubeletTarget> {
  const entry = await parts.reader.get(pods, route.namespace, route.name)
  const pod = objectOf(entry) as Pod
  const container = route.subresource === 'portforward' ? '' : containerOf(pod, query)
  if (!pod.spec.nodeName) {
    if (route.subresource === 'log') return { host: '', port: 0, path: '' }
    throw badRequest(`pod ${route.name} does not have a host assigned`)
  }
  const node = objectOf(await parts.reader.get(nodes, '', pod.spec.nodeName)) as Node
  const host = addressOrder
    .map(type => node.status?.addresses?.find(one => one.type === type)?.address)
    .find(address => address !== undefined)
  if (host === undefined) {
    throw conflict(nodes, pod.spec.nodeName, 'no preferred addresses found; known addresses: []')
  }
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port || defaultKubeletPort
  const segments = [kubeletPaths[route.subresource] ?? '', route.namespace, route.name, container]
  const path = segments
    .filter(one => one !== '')
    .map(encodeURIComponent)
    .join('/')
  return { host, port, path: `/${path}${kubeletQuery(query)}` }
}

/** The kubelet names the streams of exec otherwise than the API. */
function kubeletQuery(query: URLSearchParams): string {
  const names: Record<string, string> = { stdin: 'input', stdout: 'output', stderr: 'error' }
  const result = new URLSearchParams()
  for (const [key, value] of query) {
    if (key === 'container') continue
    const stream = names[key]
    if (stream === undefined) result.append(key, value)
    else if (value === 'true' || value === '1') result.append(stream, '1')
  }
  const text = result.toString()
  return text === '' ? '' : `?${text}`
}

function containerOf(pod: Pod, query: URLSearchParams): string {
  const asked = query.get('container') ?? ''
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec
  const name = pod.metadata.name ?? ''
  const all = [...containers, ...initContainers, ...ephemeralContainers].map(one => one.name)
  if (asked !== '') {
    if (!all.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`)
    return asked
  }
  const first = containers[0]
  if (containers.length === 1 && initContainers.length === 0 && first !== undefined) {
    return first.name
  }
  const annotated = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container']
  if (annotated && all.includes(annotated)) return annotated
  if (containers.length === 1 && first !== undefined) {
    const inits =
      initContainers.length > 0
        ? ` or one of the init containers: [${initContainers.map(one => one.name).join(' ')}]`
        : ''
    throw badRequest(
      `a container name must be specified for pod ${name}, choose one of: [${first.name}]${inits}`,
    )
  }
  const inits =
    initContainers.length > 0
      ? ` or one of the init containers: [${initContainers.map(one => one.name).join(' ')}]`
      : ''
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: ` +
      `[${containers.map(one => one.name).join(' ')}]${inits}`,
  )
}

/** The refusal when a kubelet can't be reached. */
export function kubeletUnreachable(target: KubeletTarget, why: string): StatusError {
  const host = `${target.host}:${target.port}`
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `error dialing backend: dial tcp ${host}: ${why}`,
    reason: 'InternalError',
    details: { causes: [{ message: `dial tcp ${host}: ${why}` }] },
    code: 500,
  })
}
