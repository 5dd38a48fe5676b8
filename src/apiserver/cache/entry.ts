import { apiVersionOf } from '../../api/kinds.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
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
    JSON.stringify({
      kind: row.kind,
      apiVersion: apiVersionOf(row),
      metadata: { name, ...others },
      ...rest,
    }),
  )
}

/**
 * An entry for a stored value. What another program wrote in another order is encoded anew.
 * @throws SyntaxError when the value is not JSON.
 */
export function createEntry(
  row: ResourceRow,
  key: string,
  value: Uint8Array,
  revision: number,
): Entry {
  const head = headOf(row)
  let bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (bytes.compare(head, 0, head.length, 0, Math.min(head.length, bytes.length)) !== 0) {
    bytes = encodeObject(row, JSON.parse(bytes.toString('utf8')))
  }
  const path = key.slice(`/registry/${row.prefix}/`.length)
  const slash = row.namespaced ? path.indexOf('/') : -1
  return {
    key,
    namespace: slash < 0 ? '' : path.slice(0, slash),
    name: path.slice(slash + 1),
    bytes,
    at: head.length,
    revision,
  }
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
  const object = JSON.parse(entry.bytes.toString('utf8')) as KubeObject
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
