import type { Filter } from './attributes.ts'

/** Where an audit log begins and ends an entry. Nothing is logged yet. */
export const audit: Filter = (attributes, next) => next(attributes)
