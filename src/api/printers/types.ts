import { descriptionsFile } from '../schema/files.ts'
import type { Json, KubeObject } from '../types.ts'

/** One column of a Table. Source: meta/v1 TableColumnDefinition. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date' | 'boolean'
  readonly format?: 'name'
  readonly description: string
  /** 0 always, 1 with `-o wide`. */
  readonly priority: 0 | 1
  /** A cell that no column is declared for, which upstream has once. */
  readonly isUndeclared?: true
  /** The cell; `now` is the wall clock in milliseconds. */
  cell(object: KubeObject, now: number): Json
}

type Cell = Column['cell']

/** A column that is always there. */
export function column(
  name: string,
  cell: Cell,
  description: string,
  type: Column['type'] = 'string',
): Column {
  return { name, type, description, priority: 0, cell }
}

/** A column of `-o wide`. */
export function wideColumn(name: string, cell: Cell, description: string): Column {
  return { name, type: 'string', description, priority: 1, cell }
}

/**
 * A column that the schema describes: `storage.v1.StorageClass.provisioner`, of k8s.io/api. The
 * text is read when a table is first written.
 */
export function describedColumn(
  name: string,
  field: string,
  cell: Cell,
  type: Column['type'] = 'string',
): Column {
  const dot = field.lastIndexOf('.')
  const [owner, key] = [`io.k8s.api.${field.slice(0, dot)}`, field.slice(dot + 1)]
  return {
    ...{ name, type, priority: 0, cell },
    get description() {
      return descriptionsFile().types[owner]?.fields[key] ?? ''
    },
  }
}

/** The same, of `-o wide`. */
export function describedWideColumn(name: string, field: string, cell: Cell): Column {
  const described = describedColumn(name, field, cell)
  return {
    ...{ name, type: 'string', priority: 1, cell },
    get description() {
      return described.description
    },
  }
}

/** Every table begins with it. */
export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, ' +
    'although some resources may allow a client to request the generation of an ' +
    'appropriate name automatically. Name is primarily intended for creation idempotence ' +
    'and configuration definition. Cannot be updated. More info: ' +
    'https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
  priority: 0,
  cell: object => object.metadata.name ?? '',
}

/** Every table ends with it, but for events. */
export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was ' +
    'created. It is not guaranteed to be set in happens-before order across separate ' +
    'operations. Clients may not set this value. It is represented in RFC3339 form and ' +
    'is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: ' +
    'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
  priority: 0,
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
}

/**
 * The table of a kind without a printer.
 * Source: apiserver pkg/registry/rest/table.go NewDefaultTableConvertor.
 */
export const defaultColumns: readonly Column[] = [
  nameColumn,
  {
    ...ageColumn,
    ...{ name: 'Created At', type: 'date' },
    cell: object => object.metadata.creationTimestamp ?? '',
  },
]

/** The table of a kind that has no columns of its own: custom resources, for example. */
export const plainColumns: readonly Column[] = [nameColumn, ageColumn]

/** Time since `timestamp`: `5m30s`, `<unknown>` when absent. */
export function ageOf(timestamp: string | null | undefined, now: number): string {
  if (!timestamp) return '<unknown>'
  const at = Date.parse(timestamp)
  return Number.isNaN(at) ? '<unknown>' : humanDuration(now - at)
}

/**
 * A duration as people read it: two or three figures, never more than two units.
 * Source: k8s.io/apimachinery pkg/util/duration HumanDuration.
 */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(seconds / 3600)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return pair(days, 'd', hours % 24, 'h')
  if (days < 365 * 2) return `${days}d`
  const years = Math.floor(days / 365)
  return days < 365 * 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`
}
