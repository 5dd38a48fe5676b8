import type { Status, StatusCause, StatusDetails, StatusReason } from './objects.ts'

/**
 * Every error of the API as a meta/v1 Status, with upstream's reasons and texts.
 * Source: k8s.io/apimachinery pkg/api/errors/errors.go.
 */

/** What an error speaks of: `{group: 'apps', resource: 'deployments'}`. */
export interface GroupResource {
  readonly group: string
  readonly resource: string
}

/** An expected failure on its way to the client. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly status: Status

  constructor(status: Status) {
    super(status.message ?? status.reason ?? 'unknown')
    this.status = status
  }
}

/** True for a StatusError of this reason, and for a bare Status of it. */
export function isStatusReason(error: unknown, reason: StatusReason): boolean {
  if (error instanceof StatusError) return error.status.reason === reason
  if (typeof error !== 'object' || error === null || !('reason' in error)) return false
  return error.reason === reason
}

/** True for a StatusError with such a cause. Source: apimachinery pkg/api/errors HasStatusCause. */
export function hasStatusCause(error: unknown, reason: string): boolean {
  if (!(error instanceof StatusError)) return false
  return error.status.details?.causes?.some(cause => cause.reason === reason) ?? false
}

/** The cause of every refusal to create something in a namespace that is going. */
export const namespaceTerminating = 'NamespaceTerminating'

function failure(
  code: number,
  reason: StatusReason,
  message: string,
  details?: StatusDetails,
): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  })
}

/** `deployments.apps`, or `pods` in the core group. Source: schema.GroupResource.String. */
export function groupResourceText(gr: GroupResource): string {
  return gr.group === '' ? gr.resource : `${gr.resource}.${gr.group}`
}

function detailsOf(gr: GroupResource | undefined, name?: string): StatusDetails {
  return {
    ...(name ? { name } : {}),
    ...(gr?.group ? { group: gr.group } : {}),
    ...(gr ? { kind: gr.resource } : {}),
  }
}

/** 404. */
export function notFound(gr: GroupResource, name: string): StatusError {
  return failure(
    404,
    'NotFound',
    `${groupResourceText(gr)} "${name}" not found`,
    detailsOf(gr, name),
  )
}

/** 404 for a path that no resource serves. */
export function pathNotFound(): StatusError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {})
}

/** 409: the name is taken. */
export function alreadyExists(gr: GroupResource, name: string, isGoing = false): StatusError {
  const going = isGoing ? 'object is being deleted: ' : ''
  const text = `${going}${groupResourceText(gr)} "${name}" already exists`
  return failure(409, 'AlreadyExists', text, detailsOf(gr, name))
}

/** The text of a lost optimistic-concurrency race. Source: registry/generic/registry/store.go. */
export const optimisticLockText =
  'the object has been modified; please apply your changes to the latest version and try again'

/** 409: `Operation cannot be fulfilled on pods "a": <why>`. */
export function conflict(
  gr: GroupResource,
  name: string,
  why: string = optimisticLockText,
): StatusError {
  const text = `Operation cannot be fulfilled on ${groupResourceText(gr)} "${name}": ${why}`
  return failure(409, 'Conflict', text, detailsOf(gr, name))
}

/** 409 of an apply that would take what others own. Source: errors.go NewApplyConflict. */
export function applyConflict(why: string, causes: readonly StatusCause[]): StatusError {
  return failure(409, 'Conflict', why, { causes: [...causes] })
}

/** 500 of an error that says no more than its text: what upstream has no reason for. */
export function plainFailure(why: string): StatusError {
  return new StatusError({
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: why },
    code: 500,
  })
}

/** 422 with one cause a field. `gk` names the kind, not the resource: `Deployment.apps "a"`. */
export function invalid(
  gk: { readonly group: string; readonly kind: string },
  name: string,
  causes: readonly StatusCause[],
): StatusError {
  const kind = gk.group === '' ? gk.kind : `${gk.kind}.${gk.group}`
  // Each is told once, though it may be a cause twice. Source: util/errors Aggregate.
  const parts = [...new Set(causes.map(cause => `${cause.field}: ${cause.message}`))]
  const list = parts.length === 1 ? parts[0] : `[${parts.join(', ')}]`
  const details: StatusDetails = {
    ...(name ? { name } : {}),
    ...(gk.group ? { group: gk.group } : {}),
    kind: gk.kind,
    causes: [...causes],
  }
  const text =
    causes.length === 0 ? `${kind} "${name}" is invalid` : `${kind} "${name}" is invalid: ${list}`
  return failure(422, 'Invalid', text, details)
}

/** 400. */
export function badRequest(why: string): StatusError {
  return failure(400, 'BadRequest', why)
}

/** 403: `pods "a" is forbidden: <why>`. */
export function forbidden(gr: GroupResource, name: string, why: string): StatusError {
  const what = gr.resource === '' ? 'forbidden' : groupResourceText(gr)
  const text =
    gr.resource === ''
      ? `forbidden: ${why}`
      : name === ''
        ? `${what} is forbidden: ${why}`
        : `${what} "${name}" is forbidden: ${why}`
  return failure(403, 'Forbidden', text, detailsOf(gr.resource === '' ? undefined : gr, name))
}

/** 401. */
export function unauthorized(why = 'Unauthorized'): StatusError {
  return failure(401, 'Unauthorized', why)
}

/** 405. */
export function methodNotAllowed(): StatusError {
  const text = 'the server does not allow this method on the requested resource'
  return failure(405, 'MethodNotAllowed', text, {})
}

/** 406. `accepted` are the media types that would do. */
export function notAcceptable(accepted: readonly string[]): StatusError {
  return failure(
    406,
    'NotAcceptable',
    `only the following media types are accepted: ${accepted.join(', ')}`,
  )
}

/** 406 of a route that makes none of the types that are asked for. */
export function noRepresentation(available: readonly string[]): StatusError {
  const text = `406: Not Acceptable\n\nAvailable representations: ${available.join(', ')}`
  return failure(406, 'NotAcceptable', text, {})
}

/** 415 of a route that takes no such type. */
export function unsupportedByRoute(): StatusError {
  return failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
}

/** 415. */
export function unsupportedMediaType(supported: readonly string[]): StatusError {
  return failure(
    415,
    'UnsupportedMediaType',
    'the body of the request was in an unknown format - accepted media types include: ' +
      `${supported.join(', ')}`,
  )
}

/** 413. */
export function requestEntityTooLarge(why: string): StatusError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: ${why}`)
}

/** 410: a list or watch must start over. */
export function expired(why: string): StatusError {
  return failure(410, 'Expired', why)
}

/** 410: the revision is compacted. Source: storage/etcd3/errors.go. */
export function resourceExpired(why: string): StatusError {
  return failure(410, 'Expired', `The resourceVersion for the provided watch is too old: ${why}`)
}

/** 410 for what will not come back. */
export function gone(why: string): StatusError {
  return failure(410, 'Gone', why)
}

/** 429, with the seconds after which to try again (header Retry-After). */
export function tooManyRequests(why: string, retryAfterSeconds: number): StatusError {
  return failure(429, 'TooManyRequests', why, { retryAfterSeconds })
}

/** 503: surely not applied; clients repeat any verb when Retry-After is there. */
export function serviceUnavailable(why: string, retryAfterSeconds?: number): StatusError {
  const details = retryAfterSeconds === undefined ? undefined : { retryAfterSeconds }
  return failure(503, 'ServiceUnavailable', why, details)
}

/** 504: the outcome is not known. */
export function timeout(why: string): StatusError {
  return failure(504, 'Timeout', `Timeout: ${why}`)
}

/** 500: the server asks the client to wait and try again. */
export function serverTimeout(
  gr: GroupResource,
  verb: string,
  retryAfterSeconds: number,
): StatusError {
  const text =
    `The ${verb} operation against ${groupResourceText(gr)} could not be completed at this ` +
    'time, please try again.'
  return failure(500, 'ServerTimeout', text, { ...detailsOf(gr), retryAfterSeconds })
}

/** 504 from a request that ran longer than the server allows. */
export function requestTimeout(seconds: number): StatusError {
  return timeout(
    `request did not complete within requested timeout - context deadline exceeded (${seconds}s)`,
  )
}

/** 500 without a reason: what upstream makes of an error that is not one of the API. */
export function plainError(message: string): StatusError {
  return new StatusError({
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
    ...{ message, code: 500 },
  })
}

/** 500: our fault. The cause goes to the log, its text to the client as upstream does. */
export function internalError(why: string): StatusError {
  return failure(500, 'InternalError', `Internal error occurred: ${why}`, {
    causes: [{ message: why }],
  })
}

/**
 * 500: stored values that can't be decoded, each with its key.
 * Source: apiserver pkg/storage/errors.go, corruptedObjectsAggregator.
 */
export function storeReadError(
  gr: GroupResource,
  corrupt: readonly { readonly key: string; readonly why: string }[],
): StatusError {
  const text = `failed to read one or more ${groupResourceText(gr)} from the storage`
  const causes = corrupt.map(({ key, why }) => ({
    reason: 'UnexpectedServerResponse',
    message: `StorageError: corrupt object, Key: ${key}, AdditionalErrorMsg: ${why}`,
    field: key,
  }))
  return failure(500, 'StorageReadError', text, { ...detailsOf(gr), causes })
}

/** Reasons and texts of codes that came from another server. */
const foreign: Readonly<Record<number, readonly [StatusReason, string?]>> = {
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  // Who tried what is in the other server's own words.
  403: ['Forbidden'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  503: ['ServiceUnavailable'],
}

/** What another server answered, a kubelet for example. Source: NewGenericServerResponse. */
export function genericServerResponse(
  code: number,
  gr: GroupResource,
  name: string,
  text: string,
): StatusError {
  const unexpected = `an error on the server (${JSON.stringify(text)}) has prevented the request`
  const [reason, known = text] = foreign[code] ?? [
    'InternalError' as const,
    code >= 500
      ? `${unexpected} from succeeding`
      : 'the server responded with the status code ' +
        `${code} but did not return more information`,
  ]
  const message = name === '' ? known : `${known} ( ${groupResourceText(gr)} ${name})`
  return failure(code, reason, message, detailsOf(gr, name))
}

/** The answer of a DELETE that left nothing behind. */
export function success(details: StatusDetails): Omit<Status, 'code'> {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
}
