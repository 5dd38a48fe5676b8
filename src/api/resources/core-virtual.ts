import { componentStatusColumns } from '../printers/components.ts'
import { row } from './row.ts'

/** Resources of which nothing is stored. */

/** Assigns a pod to a node, as `pods/binding` does. */
export const bindings = row('v1', {
  resource: 'bindings',
  kind: 'Binding',
  verbs: ['create'],
})

/** Upstream asks its components how they are; ours are told by every peer's own health. */
export const componentStatuses = row('v1', {
  resource: 'componentstatuses',
  kind: 'ComponentStatus',
  shortNames: ['cs'],
  namespaced: false,
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  verbs: ['get', 'list'],
  columns: componentStatusColumns,
})
