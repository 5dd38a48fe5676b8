import { type FieldManager, trackUpdate } from '../../api/fieldmanagement/field-manager.ts'
import { managerOf } from '../../api/fieldmanagement/manager-name.ts'
import { versionsFor } from '../../api/fieldmanagement/row-versions.ts'
import type { Versions } from '../../api/fieldmanagement/versions.ts'
import { cloneJson } from '../../api/json.ts'
import { toServed } from '../../api/resources/convert.ts'
import type { KubeObject } from '../../api/types.ts'
import type { Attributes } from '../filters/attributes.ts'
import { apiTime } from '../registry/metadata.ts'
import type { RequestOptions } from '../registry/store.ts'
import type { Parts } from './context.ts'
import type { Target } from './target.ts'

/** Who writes in a request, and which part; `versions` are those of its objects. */
export function fieldManagerOf(
  { clock }: Parts,
  { request }: Attributes,
  { row, served, route }: Target,
  kind: string = row.kind,
  versions: Versions = versionsFor(row, served, route.subresource),
): FieldManager {
  const { query, headers } = request
  return {
    manager: managerOf(query.get('fieldManager') ?? '', headers['user-agent'] ?? ''),
    ...{ kind, versions, subresource: route.subresource },
    now: apiTime(clock.wall()),
  }
}

/** Keeps `managedFields` of the objects that a create, an update or a patch writes. */
export function trackerOf(
  parts: Parts,
  attributes: Attributes,
  target: Target,
): NonNullable<RequestOptions['track']> {
  const { served } = target
  return (next, old) => {
    const manager = fieldManagerOf(parts, attributes, target)
    if (served.conversion === undefined) {
      trackUpdate(old, next, manager)
      return
    }
    const asServed = (object: KubeObject) => toServed(served, cloneJson(object))
    const servedNext = asServed(next)
    trackUpdate(old && asServed(old), servedNext, manager)
    const { managedFields } = servedNext.metadata
    if (managedFields === undefined) delete next.metadata.managedFields
    else next.metadata.managedFields = managedFields
  }
}
