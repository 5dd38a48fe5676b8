import { parseJsonExact } from '../../api/json.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { type StatusError, storeReadError } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'

/** What selectors need of an object. */
export interface EntryFacts {
  readonly labels: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, string>>
}

/**
 * One version of an object as it lies in the store: JSON without resourceVersion.
 * `at` is the byte offset where a resourceVersion is to be spliced in: behind `"metadata":{`.
 */
export interface Entry {
  readonly key: string
  readonly namespace: string
  readonly name: string
  readonly bytes: Buffer
  readonly at: number
  readonly revision: number
  /** Parsed when a selector first asks; see `factsOf`. */
  facts?: EntryFacts
}

/** What the store has under a key of a resource: an object, or bytes that are none. */
export type Stored = Entry | Corrupt

/** A stored value that can't be decoded. Reads that need it fail, all others go on. */
export interface Corrupt {
  readonly key: string
  readonly revision: number
  /** Why it can't be decoded. */
  readonly corrupt: string
}

/** True for a value that is no object. */
export function isCorrupt(stored: Stored | undefined): stored is Corrupt {
  return stored !== undefined && 'corrupt' in stored
}

/** 500 that names the keys. Source: apiserver pkg/storage/errors.go, corrupt objects. */
export function storageReadError(row: ResourceRow, corrupt: readonly Corrupt[]): StatusError {
  return storeReadError(
    row,
    corrupt.map(one => ({ key: one.key, why: one.corrupt })),
  )
}

/** The object's JSON with a resourceVersion; `revision` differs from the entry's for a deletion. */
export function bytesOf(entry: Entry, revision: number = entry.revision): Buffer {
  return Buffer.concat(partsOf(entry, revision))
}

/** The same in pieces, to be concatenated once with others. */
export function partsOf(entry: Entry, revision: number = entry.revision): Buffer[] {
  return [entry.bytes.subarray(0, entry.at), versionText(revision), entry.bytes.subarray(entry.at)]
}

/** The same for an item of a list: its type is the list's to say. */
export function itemBytesOf(entry: Entry): Buffer {
  return Buffer.concat([itemHead, versionText(entry.revision), entry.bytes.subarray(entry.at)])
}

const itemHead = Buffer.from('{"metadata":{')

/** What was not stored has no version: the object of a dry run. */
function versionText(revision: number): Buffer {
  return Buffer.from(revision === 0 ? '' : `"resourceVersion":"${revision}",`, 'latin1')
}

/** The object itself, a new one at each call. */
export function objectOf(entry: Entry, revision: number = entry.revision): KubeObject {
  const object = parseJsonExact(entry.bytes.toString('utf8')) as KubeObject
  if (revision !== 0) object.metadata.resourceVersion = String(revision)
  return object
}

/** Labels and selectable fields; parsed once. */
export function factsOf(row: ResourceRow, entry: Entry): EntryFacts {
  if (entry.facts === undefined) {
    const object = objectOf(entry)
    const fields: Record<string, string> = {}
    for (const [name, read] of Object.entries(row.fields)) fields[name] = read(object)
    entry.facts = { labels: object.metadata.labels ?? {}, fields }
  }
  return entry.facts
}
