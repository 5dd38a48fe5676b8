import { kinds } from '../../api/kinds.ts'
import type { EndpointSlice, Endpoints } from '../../api/objects.ts'
import { newControllerRef } from '../shared/owners.ts'
import {
  convergeSlices,
  managedByLabel,
  removeSlice,
  serviceKeyOf,
  serviceNameLabel,
  skipMirrorLabel,
} from '../shared/slices.ts'
import {
  type Context,
  type Controller,
  done,
  keyOf,
  type Outcome,
  splitKey,
  watch,
} from '../types.ts'
import { addressesPerSubsetMax, mirror } from './subsets.ts'

const manager = 'endpointslicemirroring-controller.k8s.io'
const bySource = 'mirrored'
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader'
/** Annotations of the Endpoints that say nothing of the slice. */
const ownAnnotations = [
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
]

/**
 * Endpoints that somebody keeps for a Service without a selector, as slices, which is where the
 * proxies look. Source: pkg/controller/endpointslicemirroring.
 */
export const endpointSliceMirroring: Controller = {
  name: 'endpointslice-mirroring',
  workers: 5,
  watches: [
    watch(kinds.endpoints, object => [keyOf(object)]),
    watch(kinds.services, service => [keyOf(service)]),
    watch(kinds.endpointSlices, slice => serviceKeyOf(slice, manager)),
  ],
  indexes: [
    {
      kind: kinds.endpointSlices,
      name: bySource,
      of: (slice: EndpointSlice) => serviceKeyOf(slice, manager),
    },
  ],
  reconcile,
}

async function reconcile(key: string, context: Context): Promise<Outcome> {
  const current = context.cacheRevision(kinds.endpointSlices)
  if (!context.expectations.satisfied(key, current, () => false)) return { requeueAfterMs: 50 }
  const { namespace, name } = splitKey(key)
  const existing = context.lister(kinds.endpointSlices).byIndex(bySource, key)
  const endpoints = context.lister(kinds.endpoints).get(namespace, name)
  const service = context.lister(kinds.services).get(namespace, name)
  if (!endpoints || !service || service.spec.selector || !isMirrored(endpoints)) {
    for (const slice of existing) await removeSlice(slice, context)
    return done
  }
  const { slices, invalid, surplus } = mirror(endpoints.subsets ?? [])
  tell(endpoints, invalid, surplus, context)
  if (endpoints.metadata.deletionTimestamp && existing.length === 0) return done
  const wanted = slices.map(slice => ({ ...headOf(endpoints), ...slice }))
  await convergeSlices(key, existing, wanted, context)
  return done
}

/** Those of the API itself and of old leader elections are not a Service's. */
function isMirrored({ metadata: { labels = {}, annotations = {} } }: Endpoints): boolean {
  return labels[skipMirrorLabel] !== 'true' && annotations[leaderAnnotation] === undefined
}

function headOf(endpoints: Endpoints): Pick<EndpointSlice, 'apiVersion' | 'kind' | 'metadata'> {
  const { name = '', namespace, labels = {}, annotations = {} } = endpoints.metadata
  const kept = Object.entries(annotations).filter(([key]) => !ownAnnotations.includes(key))
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: manager },
      ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}),
      ownerReferences: [newControllerRef(endpoints, kinds.endpoints)],
    },
  }
}

function tell(endpoints: Endpoints, invalid: number, surplus: number, context: Context): void {
  const warn = (reason: string, text: string) =>
    context.recorder.event(endpoints, 'Warning', reason, text)
  if (invalid > 0) {
    const text = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`
    warn('InvalidIPAddress', text)
  }
  if (surplus === 0) return
  warn(
    'TooManyAddressesToMirror',
    `A max of ${addressesPerSubsetMax} addresses can be mirrored to EndpointSlices per ` +
      `Endpoints subset. ${invalid + surplus} addresses were skipped`,
  )
}
