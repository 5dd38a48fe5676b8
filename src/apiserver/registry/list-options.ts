import { badRequest } from '../../api/status.ts'
import { integerOf, invalidOptions } from '../http/options.ts'
import type { ListOptions } from '../storage/reader.ts'

/**
 * The options of a LIST, or of a DELETE of a collection.
 * Source: apimachinery pkg/apis/meta/internalversion/validation ValidateListOptions.
 * @throws StatusError 400, 422
 */
export function listOptionsOf(query: URLSearchParams): ListOptions {
  const version = query.get('resourceVersion') ?? ''
  const match = query.get('resourceVersionMatch') ?? ''
  const token = query.get('continue') ?? ''
  const limit = integerOf(query, 'limit') ?? 0
  integerOf(query, 'timeoutSeconds')
  checkOptions(version, match, token, query.get('sendInitialEvents') !== null)
  return { version, match: match as ListOptions['match'], token, limit }
}

function checkOptions(version: string, match: string, token: string, initial: boolean): void {
  const wrong = (field: string, message: string, reason = 'FieldValueForbidden') =>
    invalidOptions('ListOptions', [{ reason, message, field }])
  if (initial) {
    throw wrong('sendInitialEvents', 'Forbidden: sendInitialEvents is forbidden for list')
  }
  if (match === '') {
    if (token !== '' && version !== '' && version !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue')
    }
    return
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    throw wrong(
      'resourceVersionMatch',
      `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`,
      'FieldValueNotSupported',
    )
  }
  if (version === '') {
    throw wrong(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    )
  }
  if (token !== '') {
    throw wrong(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden when continue is provided',
    )
  }
  if (match === 'Exact' && version === '0') {
    throw wrong(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    )
  }
}
