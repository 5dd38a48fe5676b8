import type { Filter } from './attributes.ts'

/** Where a request waits for its turn among others of its flow. Nobody waits yet. */
export const priorityAndFairness: Filter = (attributes, next) => next(attributes)
