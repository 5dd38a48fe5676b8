import { forbidden } from '../../api/status.ts'
import type { Filter } from './attributes.ts'

/**
 * Who asks to be somebody else must never be taken for himself. Impersonation is not there yet, so
 * that nobody may. Source: apiserver pkg/endpoints/filters/impersonation.go, its refusal.
 */
export const impersonation: Filter = (attributes, next) => {
  const { headers } = attributes.request
  const name = Object.keys(headers).find(one => one.toLowerCase().startsWith('impersonate-'))
  if (name === undefined) return next(attributes)
  const [resource, value] = impersonated(name.toLowerCase())
  throw forbidden(
    { group: '', resource },
    value === 'name' ? (headers[name] ?? '') : '',
    `User "${attributes.user.name}" cannot impersonate resource "${resource}" in API group "" ` +
      'at the cluster scope',
  )
}

/** What a header of impersonation asks for, and whether its value is the resource's name. */
function impersonated(header: string): readonly [string, 'name' | 'other'] {
  if (header === 'impersonate-group') return ['groups', 'name']
  if (header === 'impersonate-uid') return ['uids', 'name']
  if (header.startsWith('impersonate-extra-')) return ['userextras', 'other']
  return ['users', 'name']
}
