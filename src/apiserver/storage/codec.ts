import { parseJsonExact, stringifyJson } from '../../api/json.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import { isRecord } from '../../api/patch/merge.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { typeOfKind } from '../../api/schema/lookup.ts'
import { asWritten } from '../../api/schema/written.ts'
import type { KubeObject } from '../../api/types.ts'
import { errorMessage } from '../../kernel/result.ts'
import { type Entry, isCorrupt, type Stored, storageReadError } from './entry.ts'
import { identity, type Transformer } from './transformer.ts'

const heads = new WeakMap<ResourceRow, Buffer>()

/** How every stored object of a kind begins: the place of its resourceVersion follows from it. */
function headOf(row: ResourceRow): Buffer {
  let head = heads.get(row)
  if (head === undefined) {
    head = Buffer.from(headText(row.kind, apiVersionOf(row)))
    heads.set(row, head)
  }
  return head
}

function headText(kind: string, apiVersion: string): string {
  return `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":{`
}

/** Bytes before the place of the resourceVersion in what `encodeAs` makes. */
export function headLength(kind: string, apiVersion: string): number {
  return Buffer.byteLength(headText(kind, apiVersion))
}

/** The bytes to store: type and metadata first, no resourceVersion. */
export function encodeObject(row: ResourceRow, object: KubeObject): Buffer {
  return encodeAs(row.kind, apiVersionOf(row), object)
}

/** The same in any version. The object is brought into the form in which Go writes it. */
export function encodeAs(kind: string, apiVersion: string, object: KubeObject): Buffer {
  const type = typeOfKind(apiVersion, kind)
  if (type !== undefined) asWritten(type, object as unknown as Record<string, unknown>)
  const { apiVersion: _gv, kind: _kind, metadata, ...rest } = object
  const { resourceVersion: _rv, name, managedFields, ...others } = metadata
  const head = { kind, apiVersion, metadata: { name, ...others, managedFields } }
  return Buffer.from(stringifyJson({ ...head, ...rest }))
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

/** Writes whose bytes are known again; each may be as large as an object. */
const writtenMax = 64

/** Between entries and what lies in the store. */
export class Codec {
  readonly #transformer: Transformer
  /** What this process has written lately: it need not be looked at when it comes back. */
  readonly #written = new Map<string, Buffer>()

  constructor(transformer: Transformer = identity) {
    this.#transformer = transformer
  }

  /** The value to put under an entry's key. */
  write({ key, bytes }: Entry): Uint8Array {
    if (this.#written.size >= writtenMax) this.#written.clear()
    this.#written.set(key, bytes)
    return this.#transformer.toStorage(bytes, key)
  }

  /**
   * An entry for a value of the store, whoever put it there: any etcd client may. Every value is
   * parsed, for its bytes go out as they are, in the middle of lists. What another program wrote in
   * another order is encoded anew.
   */
  read(row: ResourceRow, key: string, value: Uint8Array, revision: number): Stored {
    try {
      const plain = this.#transformer.fromStorage(value, key)
      const isOurs = this.#written.get(key)?.equals(plain) === true
      const bytes = isOurs ? plain : canonical(row, key, plain)
      return createEntry(row, key, ownBytes(bytes), revision)
    } catch (error) {
      return { key, revision, corrupt: errorMessage(error) }
    }
  }

  /** The same for whoever needs the object. @throws StatusError 500, with the key */
  readEntry(row: ResourceRow, key: string, value: Uint8Array, revision: number): Entry {
    const stored = this.read(row, key, value, revision)
    if (isCorrupt(stored)) throw storageReadError(row, [stored])
    return stored
  }
}

/** The bytes as `encodeObject` would have written them. @throws Error for what is no object */
function canonical(row: ResourceRow, key: string, value: Uint8Array): Buffer {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const head = headOf(row)
  const object = parseJsonExact(bytes.toString('utf8'))
  if (!isRecord(object) || !isRecord(object.metadata)) throw new Error('it is not an object')
  const { metadata } = object
  const isOurs =
    bytes.subarray(0, head.length).equals(head) &&
    object.kind === row.kind &&
    Boolean(metadata.name) &&
    metadata.resourceVersion === undefined
  if (isOurs) return bytes
  metadata.name ||= key.slice(key.lastIndexOf('/') + 1)
  return encodeObject(row, object as KubeObject)
}

/**
 * A copy that shares its memory with nothing. A value is a view of the message that brought it,
 * together with many others; and short Buffers are views of Node's pool. As long as the view is
 * kept, so is all the rest.
 */
function ownBytes(value: Uint8Array): Buffer {
  return Buffer.from(Uint8Array.prototype.slice.call(value).buffer)
}
