import type { Transport } from '../../api/http.ts'
import type { Kind } from '../../api/kinds.ts'
import { kinds, resourcePath } from '../../api/kinds.ts'
import type { EndpointAddress, EndpointSlice, Endpoints, Service } from '../../api/objects.ts'
import { isRecord } from '../../api/patch/merge.ts'
import type { KubeObject } from '../../api/types.ts'
import type { ClusterInfo } from '../types.ts'
import { type Send, sender } from './send.ts'

const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease']
const serviceName = 'kubernetes'
const httpsPort = 443

/**
 * Creates what every cluster has: the four namespaces, and the service `kubernetes` with the
 * addresses of all API servers. Idempotent: the leader runs it each time it is established, and
 * again when the list of API servers changes.
 * Source: kubernetes pkg/controlplane/controller.
 * @throws Error when the API refuses.
 */
export async function bootstrap(
  transport: Transport,
  info: ClusterInfo,
  fence: Readonly<Record<string, string>> = {},
): Promise<void> {
  const send = sender(transport, fence)
  for (const name of systemNamespaces) {
    await ensure(send, kinds.namespaces, { metadata: { name } })
  }
  const endpoints = [...info.apiEndpoints()]
  const targetPort = endpoints[0]?.port ?? httpsPort
  await ensure(send, kinds.services, serviceOf(info, targetPort))
  await replace(send, kinds.endpoints, endpointsOf(endpoints))
  for (const slice of slicesOf(endpoints)) await replace(send, kinds.endpointSlices, slice)
}

async function ensure<T extends KubeObject>(send: Send, kind: Kind<T>, object: T): Promise<void> {
  const { code, value } = await send('POST', resourcePath(kind, object.metadata.namespace), object)
  if (code >= 300 && code !== 409) throw refused(kind, object, value)
}

async function replace<T extends KubeObject>(send: Send, kind: Kind<T>, object: T): Promise<void> {
  const { namespace, name } = object.metadata
  const path = resourcePath(kind, namespace, name)
  const { code, value } = await send('PUT', path, object)
  if (code === 404) await ensure(send, kind, object)
  else if (code >= 300) throw refused(kind, object, value)
}

function refused(kind: Kind<KubeObject>, object: KubeObject, answer: unknown): Error {
  const why = isRecord(answer) ? String(answer.message) : ''
  return new Error(`${kind.resource} ${object.metadata.name} could not be written: ${why}`)
}

const labels = { component: 'apiserver', provider: 'kubernetes' }

function serviceOf(info: ClusterInfo, targetPort: number): Service {
  return {
    metadata: { name: serviceName, namespace: 'default', labels },
    spec: {
      type: 'ClusterIP',
      clusterIP: firstAddressOf(info.serviceCidr),
      ports: [{ name: 'https', protocol: 'TCP', port: httpsPort, targetPort }],
    },
  }
}

/** The first address of a range, which is kept for the service `kubernetes`. */
export function firstAddressOf(cidr: string): string {
  const [base = '', bits = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  const number = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const first = Math.floor(number / size) * size + 1
  return [24, 16, 8, 0].map(shift => Math.floor(first / 2 ** shift) % 256).join('.')
}

type Endpoint = ReturnType<ClusterInfo['apiEndpoints']>[number]

function endpointsOf(all: readonly Endpoint[]): Endpoints {
  const byPort = new Map<number, EndpointAddress[]>()
  for (const { ip, port } of all) byPort.set(port, [...(byPort.get(port) ?? []), { ip }])
  return {
    metadata: {
      name: serviceName,
      namespace: 'default',
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [...byPort].map(([port, addresses]) => ({
      addresses,
      ports: [{ name: 'https', port, protocol: 'TCP' }],
    })),
  }
}

/** One slice has one list of ports: servers on other ports are in slices of their own. */
function slicesOf(all: readonly Endpoint[]): EndpointSlice[] {
  const ports = [...new Set(all.map(one => one.port))]
  return ports.map((port, index) => ({
    metadata: {
      name: index === 0 ? serviceName : `${serviceName}-${port}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': serviceName },
    },
    addressType: 'IPv4',
    endpoints: all
      .filter(one => one.port === port)
      .map(({ ip }) => ({ addresses: [ip], conditions: { ready: true } })),
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  }))
}
