import type { KubeObject } from '../types.ts'
import { compare } from './compare.ts'
import { ConflictError, conflictsOf } from './conflicts.ts'
import {
  difference,
  emptySet,
  type FieldSet,
  intersection,
  isEmptySet,
  union,
} from './field-set.ts'
import type { ManagerEntry } from './managed.ts'
import { withSet } from './managed.ts'
import { prune } from './prune.ts'
import { reconciled } from './reconcile.ts'
import type { Managers, Versions } from './versions.ts'

/**
 * Who owns what after a write. Source: structured-merge-diff merge/update.go.
 */

/** Drops who is of an unknown version, and brings sets up to the types of now. */
export function upToDate(managers: Managers, versions: Versions): void {
  for (const [id, entry] of managers) {
    const model = versions.modelOf(entry.apiVersion)
    if (model === undefined) managers.delete(id)
    else managers.set(id, withSet(entry, reconciled(entry.set, model)))
  }
}

/** A change of an object. */
export interface Difference {
  readonly live: KubeObject
  readonly next: KubeObject
  /** See `compare`. */
  readonly asWritten: boolean
}

/**
 * Takes from all managers but `self` what the change sets anew or takes away.
 * @returns the change in the version of the request
 * @throws ConflictError unless `force`
 */
export function takeFromOthers(
  change: Difference,
  versions: Versions,
  managers: Managers,
  self: string,
  force: boolean,
): Changes {
  const changes = new Map<string, Changes>()
  const changesIn = (apiVersion: string) => {
    let found = changes.get(apiVersion)
    if (found === undefined) {
      found = changesOf(change, versions, apiVersion)
      changes.set(apiVersion, found)
    }
    return found
  }
  const own = changesIn(versions.apiVersion)
  const conflicts = new Map<string, ManagerEntry>()
  for (const [id, entry] of managers) {
    if (id === self) continue
    const taken = intersection(entry.set, changesIn(entry.apiVersion).set)
    if (!isEmptySet(taken)) conflicts.set(id, withSet(entry, taken))
  }
  if (!force && conflicts.size > 0) throw new ConflictError(conflictsOf(conflicts))
  for (const [id, entry] of managers) {
    if (id === self) continue
    const rest = difference(entry.set, conflicts.get(id)?.set ?? emptySet)
    const set = difference(rest, changesIn(entry.apiVersion).removed)
    if (isEmptySet(set)) managers.delete(id)
    else managers.set(id, withSet(entry, set))
  }
  return own
}

/** What a request changed that it can change. */
export interface Changes {
  readonly removed: FieldSet
  /** Added or modified. */
  readonly set: FieldSet
}

function changesOf(
  { live, next, asWritten }: Difference,
  versions: Versions,
  apiVersion: string,
): Changes {
  const from = versions.apiVersion
  const isOwn = apiVersion === from
  const left = isOwn ? live : versions.convert(live, from, apiVersion)
  const right = isOwn ? next : versions.convert(next, from, apiVersion)
  const model = versions.modelOf(apiVersion) ?? {}
  const { removed, modified, added } = compare(model, left, right, asWritten)
  return { removed: versions.filter(removed), set: versions.filter(union(modified, added)) }
}

/** What a create, an update or a patch makes its manager, `self`, the owner of, and what not. */
export function changesOfUpdate(
  change: Difference,
  versions: Versions,
  managers: Managers,
  self: string,
): Changes {
  upToDate(managers, versions)
  return takeFromOthers(change, versions, managers, self, true)
}

/** What is applied. */
export interface Applied {
  readonly live: KubeObject
  /** `live` with what is applied. */
  readonly merged: KubeObject
  /** What the applied object mentions. */
  readonly set: FieldSet
  readonly force: boolean
}

/**
 * The object after an apply, without what its manager applied the last time and does not any more.
 * @throws ConflictError
 */
export function apply(
  { live, merged, set, force }: Applied,
  versions: Versions,
  managers: Managers,
  self: string,
  entry: ManagerEntry,
): KubeObject {
  const last = managers.get(self)
  managers.set(self, withSet({ ...entry, time: last?.time }, versions.filter(set)))
  const next = last === undefined ? merged : prune(merged, versions, managers, last)
  takeFromOthers({ live, next, asWritten: false }, versions, managers, self, force)
  if (isEmptySet(managers.get(self)?.set ?? emptySet)) managers.delete(self)
  return next
}
