import { StatusError } from '../../api/status.ts'
import type { Logger } from '../../kernel/logger.ts'
import { statusResponse, unexpected } from '../http/respond.ts'
import type { Filter } from './attributes.ts'

/** Every failure is an answer; what should not have happened is logged as well. */
export function failures(logger: Logger): Filter {
  return async (attributes, next) => {
    try {
      return await next(attributes)
    } catch (error) {
      if (error instanceof StatusError) return statusResponse(error)
      logger.error('a request failed', {
        path: attributes.request.path,
        verb: attributes.verb,
        error: error instanceof Error ? error.stack : String(error),
      })
      return statusResponse(unexpected(error))
    }
  }
}
