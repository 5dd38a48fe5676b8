import { storeKey } from '../../api/resources/table.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import {
  everything,
  type FieldRequirement,
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  type Selector,
  SelectorError,
} from '../../api/selectors.ts'
import { badRequest } from '../../api/status.ts'
import { type Corrupt, type Entry, factsOf } from './entry.ts'

/** Which objects of a kind a request is about. */
export interface Filter {
  readonly namespace: string
  readonly labels: Selector
  readonly fields: readonly FieldRequirement[]
  /** True when labels or fields narrow it, beyond the namespace. */
  readonly selective: boolean
}

/** The filter of a LIST, WATCH or DELETE of a collection. @throws StatusError 400 */
export function parseFilter(row: ResourceRow, namespace: string, query: URLSearchParams): Filter {
  try {
    const label = query.get('labelSelector') ?? ''
    const labels = label === '' ? everything : parseLabelSelector(label)
    const fields = parseFieldSelector(query.get('fieldSelector') ?? '')
    for (const { field } of fields) {
      if (!isBuiltIn(row, field) && !Object.hasOwn(row.fields, field)) {
        const own = Object.keys(row.fields).length > 0
        const known = 'only "metadata.name", "metadata.namespace"'
        throw badRequest(
          row.unknownField?.(field) ??
            (own
              ? `field label not supported: ${field}`
              : `${JSON.stringify(field)} is not a known field selector: ${known}`),
        )
      }
    }
    const selective = labels.requirements.length > 0 || fields.length > 0
    return { namespace, labels, fields, selective }
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message)
    throw error
  }
}

function isBuiltIn(row: ResourceRow, field: string): boolean {
  return field === 'metadata.name' || (field === 'metadata.namespace' && row.namespaced)
}

/**
 * The stored values of a request's scope that are no objects: what is not in its namespace or has
 * not its name is none of its business, and nothing else is known of a value that can't be read.
 */
export function corruptOf(row: ResourceRow, filter: Filter, corrupt: Iterable<Corrupt>): Corrupt[] {
  return [...corrupt].filter(({ key }) => {
    if (!key.startsWith(storeKey(row, filter.namespace))) return false
    const name = key.slice(key.lastIndexOf('/') + 1)
    return filter.fields.every(
      one => one.field !== 'metadata.name' || (one.value === name) !== one.negated,
    )
  })
}

/** True when the object is one of those asked for. */
export function matchesFilter(row: ResourceRow, filter: Filter, entry: Entry): boolean {
  if (filter.namespace !== '' && filter.namespace !== entry.namespace) return false
  if (!filter.selective) return true
  const fieldOf = (field: string): string => {
    if (field === 'metadata.name') return entry.name
    if (field === 'metadata.namespace') return entry.namespace
    return factsOf(row, entry).fields[field] ?? ''
  }
  if (!matchesFields(filter.fields, fieldOf)) return false
  if (filter.labels.requirements.length === 0) return true
  return matchesLabels(filter.labels, factsOf(row, entry).labels)
}
