import { parseJsonExact, stringifyJson } from '../../api/json.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import { isRecord } from '../../api/patch/merge.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { type StatusError, storeReadError } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { errorMessage } from '../../kernel/result.ts'

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

const heads = new WeakMap<ResourceRow, Buffer>()

/** How every stored object of a kind begins: the place of its resourceVersion follows from it. */
function headOf(row: ResourceRow): Buffer {
  let head = heads.get(row)
  if (head === undefined) {
    head = Buffer.from(`{"kind":"${row.kind}","apiVersion":"${apiVersionOf(row)}","metadata":{`)
    heads.set(row, head)
  }
  return head
}

/** The bytes to store: type and metadata first, no resourceVersion, no managedFields. */
export function encodeObject(row: ResourceRow, object: KubeObject): Buffer {
  const { apiVersion: _gv, kind: _kind, metadata, ...rest } = object
  const { resourceVersion: _rv, managedFields: _fields, ...kept } = metadata
  const { name, ...others } = kept
  return Buffer.from(
    stringifyJson({
      kind: row.kind,
      apiVersion: apiVersionOf(row),
      metadata: { name, ...others },
      ...rest,
    }),
  )
}

/** An entry of bytes that `encodeObject` made. */
export function createEntry(row: ResourceRow, key: string, bytes: Buffer, revision: number): Entry {
  const path = key.slice(`/registry/${row.prefix}/`.length)
  const slash = row.namespaced ? path.indexOf('/') : -1
  return {
    key,
    namespace: slash < 0 ? '' : path.slice(0, slash),
    name: path.slice(slash + 1),
    bytes,
    at: headOf(row).length,
    revision,
  }
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

/**
 * A copy that shares its memory with nothing. A value is a view of the message that brought it,
 * together with many others; and short Buffers are views of Node's pool. As long as the view is
 * kept, so is all the rest.
 */
function ownBytes(value: Uint8Array): Buffer {
  return Buffer.from(Uint8Array.prototype.slice.call(value).buffer)
}

/**
 * An entry for a value of the store, whoever put it there: any etcd client may. Every value is
 * parsed, for its bytes go out as they are, in the middle of lists. What another program wrote in
 * another order is encoded anew.
 */
export function readStored(
  row: ResourceRow,
  key: string,
  value: Uint8Array,
  revision: number,
): Stored {
  const head = headOf(row)
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  try {
    const object = parseJsonExact(bytes.toString('utf8'))
    if (!isRecord(object) || !isRecord(object.metadata)) throw new Error('it is not an object')
    const { metadata } = object
    const ours =
      bytes.subarray(0, head.length).equals(head) &&
      object.kind === row.kind &&
      Boolean(metadata.name) &&
      metadata.resourceVersion === undefined
    metadata.name ||= key.slice(key.lastIndexOf('/') + 1)
    const kept = ownBytes(ours ? bytes : encodeObject(row, object as KubeObject))
    return createEntry(row, key, kept, revision)
  } catch (error) {
    return { key, revision, corrupt: errorMessage(error) }
  }
}

/** The same for whoever needs the object. @throws StatusError 500, with the key */
export function readEntry(
  row: ResourceRow,
  key: string,
  value: Uint8Array,
  revision: number,
): Entry {
  const stored = readStored(row, key, value, revision)
  if (isCorrupt(stored)) throw storageReadError(row, [stored])
  return stored
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
  return [
    entry.bytes.subarray(0, entry.at),
    Buffer.from(`"resourceVersion":"${revision}",`, 'latin1'),
    entry.bytes.subarray(entry.at),
  ]
}

/** The object itself, a new one at each call. */
export function objectOf(entry: Entry, revision: number = entry.revision): KubeObject {
  const object = parseJsonExact(entry.bytes.toString('utf8')) as KubeObject
  object.metadata.resourceVersion = String(revision)
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
