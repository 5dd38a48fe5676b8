import { fenceHeader } from '../../api/http.ts'
import { badRequest } from '../../api/status.ts'
import type { Filter } from './attributes.ts'

/**
 * The Raft term of a system identity: its writes have no effect once another peer leads. Only parts
 * of this process may say so.
 */
export const fence: Filter = (attributes, next) => {
  const text = attributes.request.headers[fenceHeader]
  if (text === undefined) return next(attributes)
  if (!attributes.inProcess) {
    throw badRequest(`the header ${fenceHeader} is for system identities only`)
  }
  const term = Number(text)
  if (!Number.isSafeInteger(term)) throw badRequest(`${fenceHeader}: "${text}" is not a term`)
  return next({ ...attributes, fence: term })
}
