import { kinds } from '../../api/kinds.ts'
import type { EndpointSlice } from '../../api/objects.ts'
import type { Context, Key } from '../types.ts'
import { equal } from './canonical.ts'
import { ignoring } from './ignoring.ts'

export const serviceNameLabel = 'kubernetes.io/service-name'
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
/** On Endpoints that are no Service's: old leader elections, the API's own. */
export const skipMirrorLabel = 'endpointslice.kubernetes.io/skip-mirror'

/** The Service that a slice of `manager` belongs to, as its key; none for slices of others. */
export function serviceKeyOf(slice: EndpointSlice, manager: string): Key[] {
  const { labels = {}, namespace } = slice.metadata
  const service = labels[serviceNameLabel]
  return service && labels[managedByLabel] === manager ? [`${namespace}/${service}`] : []
}

/** Reuses slices with the same ports, so that most changes touch one object. */
export async function convergeSlices(
  key: Key,
  existing: readonly EndpointSlice[],
  wanted: readonly EndpointSlice[],
  context: Context,
): Promise<void> {
  const left = [...existing]
  for (const slice of wanted) {
    const at = Math.max(
      left.findIndex(each => isLike(each, slice)),
      left.findIndex(each => each.addressType === slice.addressType),
    )
    const [reused] = at < 0 ? [] : left.splice(at, 1)
    if (!reused) {
      const created = await context.client.create(kinds.endpointSlices, slice)
      context.expectations.created(key, created.metadata.resourceVersion)
      continue
    }
    if (isSame(reused, slice)) continue
    const { labels, annotations, ownerReferences } = slice.metadata
    const updated = await context.client.update(kinds.endpointSlices, {
      ...reused,
      metadata: { ...reused.metadata, labels, annotations, ownerReferences },
      endpoints: slice.endpoints,
      ports: slice.ports,
    })
    context.expectations.created(key, updated.metadata.resourceVersion)
  }
  for (const surplus of left) await removeSlice(surplus, context)
}

export async function removeSlice(slice: EndpointSlice, context: Context): Promise<void> {
  const { namespace, name = '' } = slice.metadata
  await ignoring(['NotFound'], context.client.delete(kinds.endpointSlices, namespace, name))
}

function isLike(one: EndpointSlice, other: EndpointSlice): boolean {
  return one.addressType === other.addressType && equal(one.ports ?? [], other.ports ?? [])
}

function isSame(now: EndpointSlice, wanted: EndpointSlice): boolean {
  const { labels, annotations = {}, ownerReferences } = now.metadata
  return (
    isLike(now, wanted) &&
    equal(now.endpoints ?? [], wanted.endpoints) &&
    equal(labels, wanted.metadata.labels) &&
    equal(annotations, wanted.metadata.annotations ?? {}) &&
    equal(ownerReferences, wanted.metadata.ownerReferences)
  )
}
