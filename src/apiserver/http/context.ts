import type { ResourceRegistry } from '../../api/resources/registry.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { Attributes } from '../filters/attributes.ts'
import type { RegistryStore, RequestOptions } from '../registry/store.ts'
import type { Watches } from '../registry/watch.ts'
import type { WatchCache } from '../storage/cache/watch-cache.ts'
import type { Reader } from '../storage/reader.ts'
import type { ApiServerOptions } from '../types.ts'
import type { BodyDecoder } from './decoder.ts'
import { isDryRun, type OptionsKind } from './options.ts'

/** This peer's part in the store; `unknown` while it knows of no leader. */
export type LeaderRole = 'leader' | 'follower' | 'unknown'

/** The parts that handlers work with: one set a server. */
export interface Parts {
  readonly options: ApiServerOptions
  readonly resources: ResourceRegistry
  readonly cache: WatchCache
  readonly reader: Reader
  readonly registry: RegistryStore
  readonly watches: Watches
  readonly decoder: BodyDecoder
  readonly clock: Clock
  readonly role: () => LeaderRole
  readonly logger: Logger
}

/**
 * How a request's writes are carried out. `dryRun`: what the body says of it, beside the query.
 * @throws StatusError 422 for a dryRun that is not `All`
 */
export function writeOptionsOf(
  { request, fence, user, route }: Attributes,
  kind: OptionsKind,
  dryRun: readonly string[] = [],
): RequestOptions {
  const isDry = isDryRun(kind, [...request.query.getAll('dryRun'), ...dryRun])
  return { dryRun: isDry, fence, user, asked: route?.served, warnings: [] }
}
