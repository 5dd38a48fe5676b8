import type { StatusError } from '../../api/status.ts'
import * as status from '../../api/status.ts'
import type { StoreFailure } from '../../store/types.ts'

/**
 * What a failure of the store is for the client. 503 with Retry-After says "surely not applied":
 * clients repeat any verb; 504 without says "not known".
 */
export function storeFailure(failure: StoreFailure): StatusError {
  switch (failure.why) {
    case 'unavailable':
      return status.serviceUnavailable(`etcdserver: ${failure.message}`, 1)
    case 'unknown':
      return status.timeout(failure.message)
    case 'fenced':
      return status.conflict(
        { group: '', resource: 'writes' },
        'fence',
        `the term of this write's fence is over: another peer leads now (${failure.message})`,
      )
    case 'too-large':
      return status.requestEntityTooLarge('etcdserver: request is too large')
    case 'compacted':
      return status.expired(
        'The provided resourceVersion is too old: the required revision has been compacted',
      )
    case 'future':
      return status.timeout(`Too large resource version: ${failure.message}`)
    default:
      return status.internalError(`etcdserver: ${failure.message}`)
  }
}
