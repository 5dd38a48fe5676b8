import { cloneJson } from '../json.ts'
import { apiVersionOf } from '../kinds.ts'
import { toServed, toStored } from '../resources/convert.ts'
import { versionsOf } from '../resources/registry.ts'
import type { ResourceRow, ServedVersion } from '../resources/types.ts'
import type { KubeObject } from '../types.ts'
import { modelOfKind } from './model.ts'
import { resetFilter } from './reset-fields.ts'
import { scaleVersion } from './scale.ts'
import type { Versions } from './versions.ts'

/** The versions of a row's objects, for a request in one of them. */
export function versionsFor(row: ResourceRow, asked: ServedVersion, subresource: string): Versions {
  const served = (apiVersion: string) =>
    versionsOf(row).find(version => apiVersionOf(version) === apiVersion)
  return {
    apiVersion: apiVersionOf(asked),
    modelOf: apiVersion => (served(apiVersion) ? modelOfKind(apiVersion, row.kind) : undefined),
    convert(object, from, to) {
      const [before, after] = [served(from), served(to)]
      if (from === to || before === undefined || after === undefined) return object
      return converted(row, object, before, after)
    },
    filter: resetFilter({
      ...{ group: row.group, resource: row.resource, subresource },
      hasStatus: row.status,
    }),
  }
}

function converted(
  row: ResourceRow,
  object: KubeObject,
  from: ServedVersion,
  to: ServedVersion,
): KubeObject {
  if (from.conversion === undefined && to.conversion === undefined) {
    return { ...object, apiVersion: apiVersionOf(to) }
  }
  return toServed(to, toStored(row, from, cloneJson(object)))
}

/** Scales have one version, and are reset nothing of. */
export const scaleVersions: Versions = {
  apiVersion: scaleVersion,
  modelOf: apiVersion =>
    apiVersion === scaleVersion ? modelOfKind(scaleVersion, 'Scale') : undefined,
  convert: object => object,
  filter: set => set,
}
