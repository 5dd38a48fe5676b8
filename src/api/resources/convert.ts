import { apiVersionOf } from '../kinds.ts'
import type { KubeObject } from '../types.ts'
import type { ResourceRow, ServedVersion } from './types.ts'

/** The object as it is stored; it may be the same one, changed. */
export function toStored(row: ResourceRow, served: ServedVersion, object: KubeObject): KubeObject {
  const stored = served.conversion?.toStored(object) ?? object
  return Object.assign(stored, { apiVersion: apiVersionOf(row) })
}

/** The object as clients of a version see it; it may be the same one, changed. */
export function toServed(served: ServedVersion, object: KubeObject): KubeObject {
  const result = served.conversion?.toServed(object) ?? object
  return Object.assign(result, { apiVersion: apiVersionOf(served) })
}

/** A resource as refusals call it: the same objects may be in two groups. */
export function namedAs(
  row: ResourceRow,
  { group }: ServedVersion = row,
): { readonly group: string; readonly resource: string } {
  return { group, resource: row.resource }
}
