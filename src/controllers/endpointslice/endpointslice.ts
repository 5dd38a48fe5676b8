import { kinds } from '../../api/kinds.ts'
import type { EndpointPort, EndpointSlice, Service, SliceEndpoint } from '../../api/objects.ts'
import { canonicalJson } from '../shared/canonical.ts'
import {
  type Backend,
  backendsOf,
  headlessLabel,
  noLabels,
  servicesOf,
  targetPort,
} from '../shared/endpoints.ts'
import { newControllerRef } from '../shared/owners.ts'
import { convergeSlices, managedByLabel, serviceKeyOf, serviceNameLabel } from '../shared/slices.ts'
import {
  type Context,
  type Controller,
  done,
  keyOf,
  type Outcome,
  splitKey,
  watch,
} from '../types.ts'

/** Source: --max-endpoints-per-slice. */
const endpointsPerSliceMax = 100
const manager = 'endpointslice-controller.k8s.io'
const byService = 'service'

/** A Service's addresses in slices. Source: pkg/controller/endpointslice. */
export const endpointSlice: Controller = {
  name: 'endpointslice',
  workers: 5,
  watches: [
    watch(kinds.services, service => [keyOf(service)]),
    watch(kinds.endpointSlices, slice => serviceKey(slice)),
    watch(kinds.pods, servicesOf),
    watch(kinds.nodes, () => []),
  ],
  indexes: [{ kind: kinds.endpointSlices, name: byService, of: serviceKey }],
  reconcile,
}

function serviceKey(slice: EndpointSlice): string[] {
  return serviceKeyOf(slice, manager)
}

async function reconcile(key: string, context: Context): Promise<Outcome> {
  const { namespace, name } = splitKey(key)
  const service = context.lister(kinds.services).get(namespace, name)
  const existing = context.lister(kinds.endpointSlices).byIndex(byService, key)
  const current = context.cacheRevision(kinds.endpointSlices)
  if (!context.expectations.satisfied(key, current, () => false)) return { requeueAfterMs: 50 }
  const managed = service?.spec.selector && service.spec.type !== 'ExternalName'
  const wanted = managed ? build(service, backendsOf(service, context), context) : []
  await convergeSlices(key, [...existing], wanted, context)
  return done
}

/** The slices that should be, without names; a group for each distinct set of ports. */
function build(service: Service, backends: readonly Backend[], context: Context): EndpointSlice[] {
  const groups = new Map<string, { ports: Partial<EndpointPort>[]; endpoints: SliceEndpoint[] }>()
  for (const backend of backends) {
    const ports = (service.spec.ports ?? []).flatMap(port => {
      const target = targetPort(backend.pod, port)
      if (target === undefined) return []
      const { name = '', protocol = 'TCP', appProtocol } = port
      return [{ name, port: target, protocol, ...(appProtocol ? { appProtocol } : {}) }]
    })
    const group = groups.get(canonicalJson(ports)) ?? { ports, endpoints: [] }
    groups.set(canonicalJson(ports), group)
    group.endpoints.push(endpointOf(backend, context))
  }
  if (groups.size === 0) groups.set('', { ports: [], endpoints: [] })
  return [...groups.values()].flatMap(({ ports, endpoints }) => {
    const slices: EndpointSlice[] = []
    for (let at = 0; at === 0 || at < endpoints.length; at += endpointsPerSliceMax) {
      slices.push(sliceOf(service, ports, endpoints.slice(at, at + endpointsPerSliceMax)))
    }
    return slices
  })
}

function sliceOf(
  service: Service,
  ports: Partial<EndpointPort>[],
  endpoints: SliceEndpoint[],
): EndpointSlice {
  const { name = '', namespace, labels = {} } = service.metadata
  const headless = service.spec.clusterIP === 'None' ? headlessLabel : noLabels
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, ...headless, [serviceNameLabel]: name, [managedByLabel]: manager },
      ownerReferences: [newControllerRef(service, kinds.services)],
    },
    addressType: 'IPv4',
    endpoints,
    ports,
  }
}

function endpointOf({ pod, ip, ...conditions }: Backend, context: Context): SliceEndpoint {
  const { ready, serving, terminating } = conditions
  const node = context.lister(kinds.nodes).get(undefined, pod.spec.nodeName ?? '')
  const zone = node?.metadata.labels?.['topology.kubernetes.io/zone']
  return {
    addresses: [ip],
    conditions: { ready, serving, terminating },
    ...(pod.spec.subdomain && pod.spec.hostname ? { hostname: pod.spec.hostname } : {}),
    nodeName: pod.spec.nodeName,
    ...(zone ? { zone } : {}),
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace,
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
  }
}
