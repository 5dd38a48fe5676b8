import type { KubeObject } from '../types.ts'
import {
  difference,
  emptySet,
  type FieldSet,
  intersection,
  isEmptySet,
  union,
} from './field-set.ts'
import type { ManagerEntry } from './managed.ts'
import type { Model } from './model.ts'
import { withNamedFields } from './named-fields.ts'
import { removeItems } from './remove.ts'
import { toFieldSet } from './to-field-set.ts'
import type { Versions } from './versions.ts'

/**
 * Takes away what a manager applied the last time, does not apply any more, and nobody else owns.
 * Source: structured-merge-diff merge/update.go prune.
 */
export function prune(
  merged: KubeObject,
  versions: Versions,
  managers: ReadonlyMap<string, ManagerEntry>,
  last: ManagerEntry,
): KubeObject {
  if (isEmptySet(last.set)) return merged
  const model = versions.modelOf(last.apiVersion)
  if (model === undefined) return merged
  const before = versions.convert(merged, versions.apiVersion, last.apiVersion)
  const gone = without(model, before, withNamedFields(last.set, model))
  const owned = addBackOwned(before, gone, versions, managers, last.apiVersion)
  const pruned = addBackDangling(model, before, owned, last.set)
  return versions.convert(pruned, last.apiVersion, versions.apiVersion)
}

/** What others own, or the manager itself owns now, does not go. */
function addBackOwned(
  merged: KubeObject,
  pruned: KubeObject,
  versions: Versions,
  managers: ReadonlyMap<string, ManagerEntry>,
  version: string,
): KubeObject {
  const byVersion = new Map<string, FieldSet>([[version, emptySet]])
  for (const { apiVersion, set } of managers.values()) {
    byVersion.set(apiVersion, union(byVersion.get(apiVersion) ?? emptySet, set))
  }
  let result = pruned
  for (const [apiVersion, owned] of byVersion) {
    const model = versions.modelOf(apiVersion)
    if (model === undefined) continue
    const all = versions.convert(merged, version, apiVersion)
    const kept = versions.convert(result, version, apiVersion)
    const goes = difference(
      withNamedFields(toFieldSet(model, all), model),
      union(withNamedFields(toFieldSet(model, kept), model), withNamedFields(owned, model)),
    )
    result = versions.convert(without(model, all, goes), apiVersion, version)
  }
  return result
}

/** What is below something that went, and was never the manager's, does not go either. */
function addBackDangling(
  model: Model,
  merged: KubeObject,
  pruned: KubeObject,
  last: FieldSet,
): KubeObject {
  const kept = withNamedFields(toFieldSet(model, pruned), model)
  const all = withNamedFields(toFieldSet(model, merged), model)
  const goes = intersection(difference(all, kept), withNamedFields(last, model))
  return without(model, merged, goes)
}

function without(model: Model, object: KubeObject, set: FieldSet): KubeObject {
  return (removeItems(model, object, set) ?? {}) as KubeObject
}
