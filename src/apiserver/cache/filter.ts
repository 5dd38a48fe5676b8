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
import { type Entry, factsOf } from './entry.ts'

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
      if (!isBuiltIn(row, field) && !(field in row.fields)) {
        throw badRequest(`field label not supported: ${field}`)
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
