import { stringifyJson } from '../../api/json.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import { ownValue } from '../../api/own.ts'
import { toServed } from '../../api/resources/convert.ts'
import type { ResourceRow, ServedVersion } from '../../api/resources/types.ts'
import { noRepresentation, notAcceptable } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { bytesOf, type Entry, itemBytesOf, objectOf } from '../storage/entry.ts'
import { inVersion } from '../storage/versions.ts'

/** How the answer's objects look. */
export type Shape = 'object' | 'table' | 'metadata'

/** What the client's Accept header asks for. */
export interface Format {
  readonly shape: Shape
  /** Version of meta.k8s.io for tables and metadata. */
  readonly metaVersion: 'v1' | 'v1beta1'
  readonly encoding: 'json' | 'yaml' | 'protobuf'
  readonly contentType: string
}

/** One clause of an Accept header. */
export interface AcceptClause {
  readonly type: string
  readonly parameters: Readonly<Record<string, string>>
}

/** The clauses in order; quality values are dropped, as clients list by preference. */
export function parseAccept(header: string | undefined): AcceptClause[] {
  return (header ?? '*/*')
    .split(',')
    .map(text => text.trim())
    .filter(text => text !== '')
    .map(text => {
      const [type = '', ...rest] = text.split(';').map(part => part.trim())
      const pairs = rest.map(part => part.split('=').map(piece => piece.trim()))
      return {
        type: type.toLowerCase(),
        parameters: Object.fromEntries(pairs.map(([key = '', value = '']) => [key, value])),
      }
    })
}

/** Plain objects as JSON, whatever the client says. */
export const plainFormat: Format = {
  ...{ shape: 'object', metaVersion: 'v1', encoding: 'json' },
  contentType: 'application/json',
}

/** What headers ask for; clients send few, and may send any. */
const known = new Map<string, Format>()
const knownMax = 256

/**
 * The first clause that can be served; `hasProtobuf` is false for what has no such form.
 * @throws StatusError 406
 */
export function negotiate(header = '*/*', hasProtobuf = true): Format {
  const key = hasProtobuf ? header : `${header} `
  let format = known.get(key)
  if (format === undefined) {
    format = formatOf(parseAccept(header), hasProtobuf)
    if (known.size >= knownMax) known.clear()
    known.set(key, format)
  }
  return format
}

const encodings = new Map<string, Format['encoding']>([
  ...['application/json', '*/*', 'application/*'].map(type => [type, 'json'] as const),
  ['application/yaml', 'yaml'],
  ['application/vnd.kubernetes.protobuf', 'protobuf'],
])

const contentTypes: Readonly<Record<Format['encoding'], string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
}

function formatOf(clauses: readonly AcceptClause[], hasProtobuf: boolean): Format {
  for (const { type, parameters } of clauses) {
    const encoding = encodings.get(type)
    if (encoding === undefined || (encoding === 'protobuf' && !hasProtobuf)) continue
    const contentType = contentTypes[encoding]
    const { as, g = 'meta.k8s.io', v = 'v1' } = parameters
    if (as === undefined) return { shape: 'object', metaVersion: 'v1', encoding, contentType }
    if (g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) continue
    const shape = ownValue(shapes, as)
    // A table has no such form.
    if (shape === undefined || (shape === 'table' && encoding === 'protobuf')) continue
    return { shape, metaVersion: v, encoding, contentType }
  }
  // Who asks for nothing that any route makes is refused in the routes' own words.
  // Source: go-restful, curly.go.
  const isRouted = clauses.some(({ type }) => type.endsWith('/*') || produced.includes(type))
  throw isRouted ? notAcceptable(produced) : noRepresentation([...produced, ...streamed])
}

const produced = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const streamed = [
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
]

const shapes: Readonly<Record<string, Shape>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
}

/** What a row of a Table carries of its object. */
export type IncludeObject = 'Metadata' | 'None' | 'Object'

/** Turns entries into the JSON of one shape. */
export class Renderer {
  readonly #row: ResourceRow
  readonly #served: ServedVersion
  readonly #format: Format
  readonly #include: IncludeObject
  readonly #now: number

  constructor(
    { row, served }: { readonly row: ResourceRow; readonly served: ServedVersion },
    format: Format,
    include: IncludeObject,
    now: number,
  ) {
    this.#row = row
    this.#served = served
    this.#format = format
    this.#include = include
    this.#now = now
  }

  /** The JSON of one object in a list. */
  listItem(entry: Entry): Buffer {
    if (this.#format.shape !== 'object') return this.item(entry)
    return itemBytesOf(inVersion(this.#row, this.#served, entry))
  }

  /** The JSON of one object. */
  item(entry: Entry, revision = entry.revision): Buffer {
    if (this.#format.shape === 'object') {
      return bytesOf(inVersion(this.#row, this.#served, entry), revision)
    }
    const object = objectOf(entry, revision)
    const value = this.#format.shape === 'table' ? this.tableRow(object) : this.#metadata(object)
    return Buffer.from(stringifyJson(value))
  }

  /** One row of a Table. */
  tableRow(object: KubeObject): unknown {
    const cells = this.#row.columns.map(column => column.cell(object, this.#now))
    if (this.#include === 'None') return { cells, object: null }
    return {
      cells,
      object: this.#include === 'Object' ? toServed(this.#served, object) : this.#metadata(object),
    }
  }

  /** A whole Table of `rows`; watches leave the columns out after the first event. */
  tableOf(rows: readonly unknown[], revision: string, columns = true): unknown {
    return {
      kind: 'Table',
      apiVersion: this.metaApiVersion,
      metadata: { resourceVersion: revision },
      columnDefinitions: columns ? this.columnDefinitions() : null,
      rows,
    }
  }

  columnDefinitions(): unknown[] {
    return this.#row.columns
      .filter(column => !column.isUndeclared)
      .map(({ name, type, format = '', description, priority }) => ({
        ...{ name, type, format, description, priority },
      }))
  }

  /** Of the objects. */
  get apiVersion(): string {
    return apiVersionOf(this.#served)
  }

  get metaApiVersion(): string {
    return `meta.k8s.io/${this.#format.metaVersion}`
  }

  /** Beginning of a list, up to its items. */
  listHead(metadata: object): string {
    if (this.#format.shape === 'table') {
      const columnDefinitions = this.columnDefinitions()
      return openList('Table', this.metaApiVersion, { metadata, columnDefinitions }, 'rows')
    }
    if (this.#format.shape === 'metadata') {
      return openList('PartialObjectMetadataList', this.metaApiVersion, { metadata }, 'items')
    }
    return openList(`${this.#row.kind}List`, this.apiVersion, { metadata }, 'items')
  }

  #metadata(object: KubeObject): unknown {
    return {
      kind: 'PartialObjectMetadata',
      apiVersion: this.metaApiVersion,
      metadata: object.metadata,
    }
  }
}

/** The JSON of a list up to and including the bracket that opens `items`. */
export function openList(kind: string, apiVersion: string, fields: object, items: string): string {
  const text = JSON.stringify({ kind, apiVersion, ...fields })
  return `${text.slice(0, -1)},"${items}":[`
}
