import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { Metrics } from '../http/metrics.ts'
import type { Filter } from './attributes.ts'

/** Counts and times each request. */
export function observed(metrics: Metrics, logger: Logger, clock: Clock): Filter {
  return async (attributes, next) => {
    const started = clock.now()
    const response = await next(attributes)
    const seconds = (clock.now() - started) / 1000
    const { request, user, verb, route } = attributes
    metrics.observe(verb, route, response.status, seconds)
    const { path } = request
    logger.debug('request', { user: user.name, verb, path, code: response.status, seconds })
    return response
  }
}
