import { badRequest, plainFailure } from '../status.ts'
import type { Json, KubeObject } from '../types.ts'
import { capManagers } from './cap.ts'
import { ConflictError, conflictStatus } from './conflicts.ts'
import { ElementError, fieldElement } from './element.ts'
import { difference, hasPath, isEmptySet, setOfPaths, union } from './field-set.ts'
import { equalWritten } from './go-form.ts'
import { ownedByAnnotation, renewAnnotation } from './last-applied.ts'
import { TypedError } from './list-items.ts'
import {
  decodeManaged,
  encodeManaged,
  isReset,
  ManagedFieldsError,
  type ManagerEntry,
  managerId,
  newEntry,
  withSet,
} from './managed.ts'
import { mergeTyped } from './merge.ts'
import type { Model } from './model.ts'
import { toFieldSet } from './to-field-set.ts'
import { apply, changesOfUpdate } from './updater.ts'
import { validateTyped } from './validate.ts'
import { equalValues } from './values.ts'
import type { Managers, Versions } from './versions.ts'

/**
 * Keeps `metadata.managedFields`. Source: apimachinery pkg/util/managedfields/internal,
 * fieldmanager.go and the managers that it wraps.
 */

/** Who writes, in which version, and what part of the object. */
export interface FieldManager {
  readonly manager: string
  readonly kind: string
  /** '' for the object itself. */
  readonly subresource: string
  readonly versions: Versions
  /** As the API writes it. */
  readonly now: string
}

/** Owned by nobody. Source: stripmeta.go. */
const stripSet = setOfPaths([
  ...['apiVersion', 'kind', 'metadata'].map(name => [fieldElement(name)]),
  ...[
    ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName'],
    ...['generation', 'managedFields', 'resourceVersion'],
  ].map(name => [fieldElement('metadata'), fieldElement(name)]),
])

/**
 * Says in `next.metadata.managedFields` who owns what after a create, an update or a patch. Objects
 * are in the version of the request; `live` is undefined for a new one. Entries that make no sense
 * are as none; where an object does not fit its type nothing is kept.
 */
export function trackUpdate(
  live: KubeObject | undefined,
  next: KubeObject,
  request: FieldManager,
): void {
  const entries = entriesAfter(live, next, request)
  if (entries !== undefined) next.metadata.managedFields = entries
  else delete next.metadata.managedFields
}

function entriesAfter(
  live: KubeObject | undefined,
  next: KubeObject,
  request: FieldManager,
): Json[] | undefined {
  const managers = managersBefore(live, next, request)
  // What was written before anybody kept this is not kept from its middle on.
  if (managers.size === 0 && live?.metadata.uid) return undefined
  try {
    addUpdate(live ?? emptyObject, next, request, managers)
  } catch (error) {
    if (!(error instanceof TypedError)) throw error
    return undefined
  }
  capManagers(managers)
  return encodeManaged(managers)
}

const emptyObject: KubeObject = { metadata: {} }

/** Source: fieldmanager.go decodeLiveOrNew. */
function managersBefore(
  live: KubeObject | undefined,
  next: KubeObject,
  { subresource }: FieldManager,
): Managers {
  const given = next.metadata.managedFields
  // A part of an object has no say in it.
  if (subresource === '') {
    if (isReset(given)) return new Map()
    const managers = decodedOrNone(given)
    if (managers.size > 0) return managers
  }
  return decodedOrNone(live?.metadata.managedFields)
}

function decodedOrNone(entries: unknown): Managers {
  try {
    return decodeManaged(entries)
  } catch (error) {
    if (error instanceof ManagedFieldsError || error instanceof ElementError) return new Map()
    throw error
  }
}

/** What is new gives its manager an entry, or joins the one that it has, with the time of now. */
function addUpdate(
  live: KubeObject,
  next: KubeObject,
  { manager, subresource, versions, now }: FieldManager,
  managers: Managers,
): void {
  const { apiVersion } = versions
  const entry = newEntry({ manager, operation: 'Update', apiVersion, subresource })
  const id = managerId(entry)
  const change = { live, next, asWritten: true }
  const changes = changesOfUpdate(change, versions, managers, id)
  const set = difference(changes.set, stripSet)
  const before = managers.get(id) ?? entry
  const kept = union(difference(before.set, changes.removed), set)
  if (isEmptySet(kept)) managers.delete(id)
  else managers.set(id, { ...withSet(before, kept), ...(isEmptySet(set) ? {} : { time: now }) })
}

function withoutManaged(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/**
 * The object with what is applied, in the version of the request and not decoded yet; `live` has
 * no uid when there is none.
 * @throws StatusError 400, 409, 500
 */
export function applyManaged(
  live: KubeObject,
  applied: KubeObject,
  request: FieldManager,
  force: boolean,
): KubeObject {
  checkType(applied, request)
  const run = (forced: boolean) => applyOnce(live, applied, request, forced)
  const result = resolved(live, request, force, run)
  if (request.manager === kubectl) renewAnnotation(result.object, applied)
  const entries = encodeManaged(result.managers)
  const { object } = result
  const metadata = { ...object.metadata }
  if (entries === undefined) delete metadata.managedFields
  else metadata.managedFields = entries
  return { ...object, metadata }
}

/** Its own client-side apply left an annotation, which counts as its own ownership. */
const kubectl = 'kubectl'

/** Source: versioncheck.go, structuredmerge.go Apply. */
function checkType(applied: KubeObject, { kind, versions }: FieldManager): void {
  const { apiVersion = '', kind: given = '' } = applied
  if (apiVersion !== versions.apiVersion || given !== kind) {
    throw badRequest(`invalid object type: ${gvkText(String(apiVersion), String(given))}`)
  }
}

interface Result {
  readonly object: KubeObject
  readonly managers: Managers
}

/** Source: lastappliedmanager.go. */
function resolved(
  live: KubeObject,
  { manager, versions }: FieldManager,
  force: boolean,
  run: (force: boolean) => Result,
): Result {
  try {
    return run(force)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    if (manager !== kubectl) throw conflictStatus(error.conflicts)
    const owned = ownedByAnnotation(modelOf(versions), live, versions.apiVersion)
    const left = error.conflicts.filter(({ path }) => !hasPath(owned, path))
    if (left.length > 0) throw conflictStatus(left)
    return run(true)
  }
}

function applyOnce(
  live: KubeObject,
  applied: KubeObject,
  request: FieldManager,
  force: boolean,
): Result {
  const { manager, subresource, versions, now } = request
  const { apiVersion } = versions
  const managers = managersOf(live, request)
  if (Array.isArray(applied.metadata?.managedFields)) {
    throw badRequest('metadata.managedFields must be nil')
  }
  const model = modelOf(versions)
  const before = withoutManaged(live)
  const { merged, set } = mergedWith(model, before, applied)
  const entry = newEntry({ manager, operation: 'Apply', apiVersion, subresource })
  const id = managerId(entry)
  const next = compared(() =>
    apply({ live: before, merged, set, force }, versions, managers, id, entry),
  )
  const isSame = equalValues(before, next)
  const own = managers.get(id)
  if (own !== undefined) keepOwn(managers, id, own, isSame ? undefined : now)
  return { object: isSame ? before : next, managers }
}

/** What is left of an item by an apply may be nothing that could be compared. */
function compared<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof TypedError)) throw error
    throw plainFailure(`failed to compare objects: ${error.message}`)
  }
}

function keepOwn(managers: Managers, id: string, own: ManagerEntry, now?: string): void {
  const kept = withSet(own, difference(own.set, stripSet))
  if (isEmptySet(kept.set)) managers.delete(id)
  else managers.set(id, now === undefined ? kept : { ...kept, time: now })
}

/** Of an object that nobody is known to own, all is owned by who wrote it before. */
function managersOf(live: KubeObject, request: FieldManager): Managers {
  let managers: Managers
  try {
    managers = decodeManaged(live.metadata.managedFields)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw plainFailure(`failed to decode managed fields: ${error.message}`)
  }
  if (managers.size > 0 || !live.metadata.uid) return managers
  const what = 'failed to create manager for existing fields: failed to convert new object'
  checkTyped(modelOf(request.versions), live, true, objectText(live), [what, ' to smd typed'])
  const earlier = { ...request, manager: 'before-first-apply' }
  addUpdate(emptyObject, live, earlier, managers)
  return managers
}

function mergedWith(model: Model, live: KubeObject, applied: KubeObject) {
  checkTyped(model, applied, false, objectText(applied), ['failed to create typed patch object'])
  checkTyped(model, live, true, objectText(live), ['failed to create typed live object'])
  return {
    merged: (mergeTyped(model, live, applied) ?? {}) as KubeObject,
    set: toFieldSet(model, applied),
  }
}

/** @throws StatusError 500, which says what failed before and behind the object's name */
function checkTyped(
  model: Model,
  object: KubeObject,
  allowDuplicates: boolean,
  name: string,
  [before, behind = '']: readonly [string, string?],
): void {
  try {
    validateTyped(model, object, allowDuplicates)
  } catch (error) {
    if (!(error instanceof TypedError)) throw error
    throw plainFailure(`${before} (${name})${behind}: ${error.message}`)
  }
}

function modelOf(versions: Versions): Model {
  return versions.modelOf(versions.apiVersion) ?? {}
}

function objectText({ apiVersion = '', kind = '', metadata }: KubeObject): string {
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const name = `${text(metadata?.namespace)}/${text(metadata?.name)}`
  return `${name}; ${gvkText(apiVersion, kind)}`
}

/** Source: apimachinery pkg/runtime/schema GroupVersionKind.String. */
function gvkText(apiVersion: string, kind: string): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`
}

const notCompared = new Set(['metadata'])
const metadataNotCompared = new Set(['managedFields', 'resourceVersion'])

/**
 * Takes the times of the managers back when nothing else has changed: such a write is none.
 * Objects are in the stored version.
 * Source: apiserver endpoints/handlers/fieldmanager/equality.go.
 */
export function keepTimes(model: Model, next: KubeObject, old: KubeObject): void {
  const after = next.metadata.managedFields as Record<string, Json>[] | undefined
  const before = old.metadata.managedFields as Record<string, Json>[] | undefined
  if (after === undefined || before === undefined || after.length !== before.length) return
  if (after.every((entry, index) => entry.time === before[index]?.time)) return
  const isOther = (entry: Record<string, Json>, index: number) =>
    !equalValues({ ...entry, time: null }, { ...before[index], time: null })
  if (after.some(isOther)) return
  const metadata = model.map?.fields.get('metadata')?.model ?? model
  if (!equalWritten(model, next, old, notCompared)) return
  if (!equalWritten(metadata, next.metadata, old.metadata, metadataNotCompared)) return
  next.metadata.managedFields = before
}
