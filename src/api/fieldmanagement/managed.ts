import { isRecord } from '../patch/merge.ts'
import type { Json } from '../types.ts'
import { compareTexts } from './element.ts'
import { emptySet, type FieldSet } from './field-set.ts'
import { decodeFields, encodeFields } from './fields-v1.ts'

export type Operation = 'Apply' | 'Update'

/** Who owns what: an entry of `metadata.managedFields`. */
export interface ManagerEntry {
  readonly manager: string
  readonly operation: Operation
  /** Of the object in which the fields are. */
  readonly apiVersion: string
  /** '' for the object itself. */
  readonly subresource: string
  /** When it last changed; absent for one who has applied what was there already. */
  readonly time?: string
  readonly set: FieldSet
}

/** Entries by `managerId`. */
export type Managed = ReadonlyMap<string, ManagerEntry>

/**
 * What tells managers apart: those that apply have one entry, whatever the version.
 * Source: apimachinery managedfields/internal/managedfields.go BuildManagerIdentifier.
 */
export function managerId({
  manager,
  operation,
  apiVersion,
  subresource,
}: Pick<ManagerEntry, 'manager' | 'operation' | 'apiVersion' | 'subresource'>): string {
  const version = operation === 'Apply' ? '' : apiVersion
  return `${manager}\0${operation}\0${version}\0${subresource}`
}

/** Thrown for entries that make no sense. */
export class ManagedFieldsError extends Error {
  override readonly name = 'ManagedFieldsError'
}

/** True for what a client sends to have all owners forgotten: no entry, or one without anything. */
export function isReset(entries: unknown): boolean {
  if (!Array.isArray(entries)) return false
  if (entries.length === 0) return true
  const [only] = entries as unknown[]
  return entries.length === 1 && isRecord(only) && Object.keys(only).length === 0
}

/** Source: managedfields.go DecodeManagedFields. @throws ManagedFieldsError, ElementError */
export function decodeManaged(entries: unknown): Map<string, ManagerEntry> {
  const managed = new Map<string, ManagerEntry>()
  if (!Array.isArray(entries)) return managed
  for (const [index, given] of entries.entries()) {
    const entry = decodeEntry(given as Record<string, unknown>, index)
    managed.set(managerId(entry), entry)
  }
  return managed
}

function decodeEntry(given: Record<string, unknown>, index: number): ManagerEntry {
  const { manager = '', operation, apiVersion = '', time, subresource = '', fieldsType } = given
  if (operation !== 'Apply' && operation !== 'Update') {
    throw new ManagedFieldsError('operation must be `Apply` or `Update`')
  }
  if (!apiVersion) throw new ManagedFieldsError('apiVersion must not be empty')
  if (!fieldsType) {
    throw new ManagedFieldsError(`missing fieldsType in managed fields entry ${index}`)
  }
  if (fieldsType !== 'FieldsV1') {
    throw new ManagedFieldsError(
      `invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`,
    )
  }
  const entry: ManagerEntry = {
    ...{ manager: String(manager), operation, apiVersion: String(apiVersion) },
    ...{ subresource: String(subresource), set: decodeFields(given.fieldsV1) },
  }
  return typeof time === 'string' ? { ...entry, time } : entry
}

/** The JSON of all entries, in upstream's order; undefined for none. */
export function encodeManaged(managed: Managed): Json[] | undefined {
  if (managed.size === 0) return undefined
  return [...managed.values()].sort(byOrder).map(encodeEntry)
}

function encodeEntry(entry: ManagerEntry): Json {
  const json: Record<string, Json> = {}
  if (entry.manager !== '') json.manager = entry.manager
  json.operation = entry.operation
  json.apiVersion = entry.apiVersion
  if (entry.time !== undefined) json.time = entry.time
  json.fieldsType = 'FieldsV1'
  json.fieldsV1 = encodeFields(entry.set) as Json
  if (entry.subresource !== '') json.subresource = entry.subresource
  return json
}

/** Source: managedfields.go sortEncodedManagedFields. Times' texts are in their order. */
function byOrder(a: ManagerEntry, b: ManagerEntry): number {
  return (
    compareTexts(a.operation, b.operation) ||
    compareTexts(a.time ?? '', b.time ?? '') ||
    compareTexts(a.manager, b.manager) ||
    compareTexts(a.apiVersion, b.apiVersion) ||
    compareTexts(a.subresource, b.subresource)
  )
}

/** The entry with another set. */
export function withSet(entry: ManagerEntry, set: FieldSet): ManagerEntry {
  return set === entry.set ? entry : { ...entry, set }
}

/** An entry that owns nothing yet. */
export function newEntry(
  given: Pick<ManagerEntry, 'manager' | 'operation' | 'apiVersion' | 'subresource'>,
): ManagerEntry {
  return { ...given, set: emptySet }
}
