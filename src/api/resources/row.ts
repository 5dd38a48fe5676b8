import { plainColumns } from '../printers/types.ts'
import type { ResourceRow, Subresource } from './types.ts'

/** Verbs of a resource that is stored. */
export const allVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
]

type Given = Partial<ResourceRow> & Pick<ResourceRow, 'resource' | 'kind'>

/** A row with what most rows have. `gv` is `v1` or `apps/v1`. */
export function row(gv: string, given: Given): ResourceRow {
  const slash = gv.indexOf('/')
  return {
    group: gv.slice(0, Math.max(slash, 0)),
    version: gv.slice(slash + 1),
    singular: given.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    prefix: given.resource,
    verbs: allVerbs,
    subresources: [],
    alsoServed: [],
    generation: false,
    status: false,
    columns: plainColumns,
    fields: {},
    ...given,
  }
}

/** `status` of a kind, with the rules that its updates have. */
export function statusOf(kind: string, rules: Partial<Subresource> = {}): Subresource {
  return { name: 'status', kind, verbs: ['get', 'patch', 'update'], ...rules }
}

/** `scale`, whose bodies are autoscaling/v1 Scale. */
export const scaleSubresource: Subresource = {
  name: 'scale',
  kind: 'Scale',
  group: 'autoscaling',
  version: 'v1',
  verbs: ['get', 'patch', 'update'],
}
