import { jsonSyntaxError } from '../../api/schema/json-syntax.ts'
import { badRequest, expired, type StatusError } from '../../api/status.ts'
import { errorMessage } from '../../kernel/result.ts'

/** Where a list in pages goes on. */
export interface ContinueToken {
  /** -1: take what is current. */
  readonly revision: number
  /** Key behind the collection's prefix, the first of the next page. */
  readonly start: string
}

/** Source: apiserver pkg/storage/continue.go EncodeContinue. */
export function encodeToken({ revision, start }: ContinueToken): string {
  const token = { v: 'meta.k8s.io/v1', rv: revision, start }
  return Buffer.from(JSON.stringify(token)).toString('base64url')
}

/** Source: apiserver pkg/storage/continue.go DecodeContinue. @throws StatusError 400 */
export function decodeToken(text: string): ContinueToken {
  const wrong = (why: string) =>
    badRequest(`invalid continue token: continue key is not valid: ${why}`)
  let token: { v?: unknown; rv?: unknown; start?: unknown } | null
  const json = Buffer.from(text, 'base64url').toString('latin1')
  try {
    token = JSON.parse(Buffer.from(json, 'latin1').toString('utf8'))
  } catch (error) {
    throw wrong(jsonSyntaxError(json) ?? errorMessage(error))
  }
  const { v, rv, start } = token ?? {}
  if (v !== 'meta.k8s.io/v1') {
    throw wrong(`server does not recognize this encoded version ${JSON.stringify(v ?? '')}`)
  }
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || (rv <= 0 && rv !== -1)) {
    throw wrong('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  }
  if (typeof start !== 'string' || start === '') {
    throw wrong('encoded start key empty (version meta.k8s.io/v1)')
  }
  return { revision: rv, start }
}

/** 410 of a token whose revision was compacted; it brings one that goes on inconsistently. */
export function expiredToken(start: string): StatusError {
  const error = expired(
    'The provided continue parameter is too old to display a consistent list result. You ' +
      'can start a new list without the continue parameter, or use the continue token in ' +
      'this response to retrieve the remainder of the results. Continuing with the ' +
      'provided token results in an inconsistent list - objects that were created, ' +
      'modified, or deleted between the time the first chunk was returned and now may show ' +
      'up in the list.',
  )
  error.status.metadata.continue = encodeToken({ revision: -1, start })
  return error
}
