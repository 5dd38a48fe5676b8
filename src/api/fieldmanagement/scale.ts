import type { Json } from '../types.ts'
import { fieldElement, type Path } from './element.ts'
import { difference, hasPath, isEmptySet, setOfPaths } from './field-set.ts'
import { decodeManaged, encodeManaged, type ManagerEntry, withSet } from './managed.ts'
import type { Managers } from './versions.ts'

/**
 * The owners of a scale, which is a view of another object: who owns the number of replicas of the
 * one owns that of the other. Source: apimachinery managedfields/scalehandler.go.
 */
export interface ScaleOwners {
  /** Entries of the object itself. */
  readonly entries: readonly Json[] | undefined
  /** The version of the object in the request. */
  readonly apiVersion: string
  /** Where the replicas are, by version of the object. */
  readonly replicas: ReadonlyMap<string, Path>
}

export const scaleVersion = 'autoscaling/v1'

/** Where most kinds have their replicas, and scales too. */
export const replicasPath: Path = [fieldElement('spec'), fieldElement('replicas')]

const scaleSet = setOfPaths([replicasPath])

/** The entries of the scale. */
export function ownersOfScale({ entries, replicas }: ScaleOwners): Json[] | undefined {
  const managers: Managers = new Map()
  for (const [id, entry] of decodeManaged(entries)) {
    const path = replicas.get(entry.apiVersion)
    if (path === undefined || !hasPath(entry.set, path)) continue
    managers.set(id, { ...withSet(entry, scaleSet), apiVersion: scaleVersion })
  }
  return encodeManaged(managers)
}

/** The entries of the object, after its scale was written. */
export function ownersAfterScale(
  { entries, replicas, apiVersion }: ScaleOwners,
  scaleEntries: readonly Json[] | undefined,
): Json[] | undefined {
  const parents = decodeManaged(entries)
  const scales = decodeManaged(scaleEntries)
  const result: Managers = new Map()
  for (const [id, entry] of parents) {
    const path = replicas.get(entry.apiVersion)
    if (path === undefined) continue
    if (!hasPath(entry.set, path) || scales.delete(id)) {
      result.set(id, entry)
      continue
    }
    const rest = difference(entry.set, setOfPaths([path]))
    if (!isEmptySet(rest)) result.set(id, withSet(entry, rest))
  }
  for (const [id, entry] of scales) {
    if (!hasPath(entry.set, replicasPath)) continue
    result.set(id, parentEntry(entry, apiVersion, replicas, parents.get(id)?.time))
  }
  return encodeManaged(result)
}

/** Upstream has no time for who was not in the object before. */
function parentEntry(
  scale: ManagerEntry,
  apiVersion: string,
  replicas: ReadonlyMap<string, Path>,
  time: string | undefined,
): ManagerEntry {
  const { time: _, ...rest } = scale
  const set = setOfPaths([replicas.get(apiVersion) ?? replicasPath])
  return { ...rest, apiVersion, set, ...(time === undefined ? {} : { time }) }
}
