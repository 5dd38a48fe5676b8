import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { Metrics } from '../http/metrics.ts'
import type { Attributes, Filter, Serve } from './attributes.ts'
import { audit } from './audit.ts'
import { authorization } from './authorization.ts'
import { deprecation } from './deprecation.ts'
import { failures } from './failures.ts'
import { fence } from './fence.ts'
import { impersonation } from './impersonation.ts'
import { observed } from './observed.ts'
import { type OpenPaths, openPaths } from './open-paths.ts'
import { priorityAndFairness } from './priority-and-fairness.ts'

/** What the steps of the chain work with. */
export interface ChainParts {
  readonly metrics: Metrics
  readonly logger: Logger
  readonly clock: Clock
  readonly openPaths?: OpenPaths
}

/**
 * The steps between a user's request and what answers it, in the order in which it meets them: the
 * same for HTTPS, for upgrades and for parts of this process.
 * Source: apiserver pkg/server/config.go DefaultBuildHandlerChain.
 */
export function handlerChain(parts: ChainParts): readonly Filter[] {
  return [
    observed(parts.metrics, parts.logger, parts.clock),
    failures(parts.logger),
    openPaths(parts.openPaths),
    fence,
    audit,
    impersonation,
    priorityAndFairness,
    authorization,
    deprecation,
  ]
}

/** The chain with its end. It never throws when `failures` is among the steps. */
export function compose(filters: readonly Filter[], serve: Serve): Serve {
  return filters.reduceRight<Serve>(
    (next, filter) => (attributes: Attributes) => filter(attributes, next),
    serve,
  )
}
