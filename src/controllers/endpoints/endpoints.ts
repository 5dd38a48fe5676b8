import { kinds } from '../../api/kinds.ts'
import type { EndpointAddress, EndpointSubset, Endpoints, Service } from '../../api/objects.ts'
import { canonicalJson, equal } from '../shared/canonical.ts'
import {
  type Backend,
  backendsOf,
  headlessLabel,
  noLabels,
  servicesOf,
  targetPort,
} from '../shared/endpoints.ts'
import { ignoring } from '../shared/ignoring.ts'
import { skipMirrorLabel } from '../shared/slices.ts'
import {
  type Context,
  type Controller,
  done,
  keyOf,
  type Outcome,
  splitKey,
  watch,
} from '../types.ts'

/** Source: endpoints_controller.go maxCapacity. */
const addressesMax = 1_000
const managedByLabel = 'endpoints.kubernetes.io/managed-by'
const manager = 'endpoint-controller'

/** The old form of a Service's addresses. Source: pkg/controller/endpoint. */
export const endpoints: Controller = {
  name: 'endpoint',
  workers: 5,
  watches: [
    watch(kinds.services, service => [keyOf(service)]),
    watch(kinds.endpoints, (object, context) => (isOurs(object, context) ? [keyOf(object)] : [])),
    watch(kinds.pods, servicesOf),
  ],
  reconcile,
}

/**
 * Whether an object concerns this controller: made by it, or gone. What somebody else has made may
 * wait for its Service, and goes only with it.
 */
function isOurs({ metadata }: Endpoints, context: Context): boolean {
  const { namespace, name = '', labels = {} } = metadata
  const isGone = context.lister(kinds.endpoints).get(namespace, name) === undefined
  return isGone || labels[managedByLabel] === manager
}

async function reconcile(key: string, context: Context): Promise<Outcome> {
  const { namespace, name } = splitKey(key)
  const service = context.lister(kinds.services).get(namespace, name)
  const existing = context.lister(kinds.endpoints).get(namespace, name)
  if (!service) {
    if (existing) await remove(existing, context)
    return done
  }
  // Without a selector somebody else keeps the endpoints.
  if (!service.spec.selector || service.spec.type === 'ExternalName') return done
  const wanted = build(service, backendsOf(service, context))
  if (!existing) {
    await context.client.create(kinds.endpoints, wanted)
    return done
  }
  const same =
    equal(wanted.subsets ?? [], existing.subsets ?? []) &&
    equal(wanted.metadata.labels ?? {}, existing.metadata.labels ?? {})
  if (same) return done
  await context.client.update(kinds.endpoints, {
    ...existing,
    metadata: { ...existing.metadata, labels: wanted.metadata.labels },
    subsets: wanted.subsets,
  })
  return done
}

async function remove(existing: Endpoints, context: Context): Promise<void> {
  // Leases of old leader elections and the API's own endpoints have no Service controller.
  const { namespace, name = '' } = existing.metadata
  if (existing.metadata.labels?.[skipMirrorLabel] === 'true') return
  await ignoring(['NotFound'], context.client.delete(kinds.endpoints, namespace, name))
}

function build(service: Service, backends: readonly Backend[]): Endpoints {
  const { name, namespace, labels = {} } = service.metadata
  const headless = service.spec.clusterIP === 'None' ? headlessLabel : noLabels
  const subsets = subsetsOf(service, backends.slice(0, addressesMax))
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name, namespace, labels: { ...labels, ...headless, [managedByLabel]: manager } },
    ...(subsets.length > 0 ? { subsets } : {}),
  }
}

/** One subset for each set of ports that pods share. Source: pkg/api/v1/endpoints RepackSubsets. */
function subsetsOf(service: Service, backends: readonly Backend[]): EndpointSubset[] {
  const groups = new Map<string, EndpointSubset>()
  for (const backend of backends) {
    if (backend.terminating && !service.spec.publishNotReadyAddresses) continue
    const ports = (service.spec.ports ?? []).flatMap(port => {
      const target = targetPort(backend.pod, port)
      const { name, protocol = 'TCP', appProtocol } = port
      return target === undefined ? [] : [{ name, port: target, protocol, appProtocol }]
    })
    if (ports.length === 0 && (service.spec.ports ?? []).length > 0) continue
    const group = groups.get(canonicalJson(ports)) ?? {
      ...(ports.length > 0 ? { ports: ports.map(withoutEmpty) } : {}),
    }
    groups.set(canonicalJson(ports), group)
    const list = backend.ready ? 'addresses' : 'notReadyAddresses'
    group[list] = [...(group[list] ?? []), addressOf(backend)]
  }
  return [...groups.values()]
}

function withoutEmpty<T extends object>(value: T): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => field !== undefined && field !== ''),
  ) as T
}

function addressOf({ pod, ip }: Backend): EndpointAddress {
  return withoutEmpty({
    ip,
    nodeName: pod.spec.nodeName,
    hostname: pod.spec.subdomain ? pod.spec.hostname : undefined,
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace,
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
  })
}
