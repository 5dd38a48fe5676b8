import { type Element, fieldNameOf } from './element.ts'
import { emptySet, type FieldSet, hasBelow } from './field-set.ts'
import type { Model } from './model.ts'
import { deducedModel } from './model.ts'
import { modelAt } from './validate.ts'

/**
 * The set by a type that has changed since the set was made: of what is owned as a whole now, the
 * fields below are owned no more. The same set when nothing changes.
 * Source: structured-merge-diff typed/reconcile_schema.go.
 */
export function reconciled(set: FieldSet, model: Model): FieldSet {
  let result: Record<Element, FieldSet> | undefined
  for (const element in set) {
    const child = set[element]
    if (element === '.' || child === undefined || !hasBelow(child)) continue
    const below = belowOf(model, element)
    if (below === undefined || below === deducedModel) continue
    const next = isAtomic(below) ? emptySet : reconciled(child, below)
    if (next === child) continue
    result ??= { ...set }
    result[element] = next
  }
  return result ?? set
}

function belowOf(model: Model, element: Element): Model | undefined {
  const name = fieldNameOf(element)
  if (name !== undefined) return model.map && modelAt(model.map, name)
  return model.list?.item
}

/** What has several forms is looked at as an object first. */
function isAtomic({ map, list, scalar }: Model): boolean {
  if (map !== undefined) return map.isAtomic
  return scalar === undefined && list?.isAtomic === true
}
