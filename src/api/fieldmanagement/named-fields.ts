import { type Element, fieldNameOf } from './element.ts'
import { childrenOf, emptySet, type FieldSet, hasBelow, isMember, nodeOf } from './field-set.ts'
import type { Model } from './model.ts'
import { modelAt } from './validate.ts'

/**
 * The set with every declared field that has something below: a set of `a.b.c` gets `a` and `a.b`
 * where types declare them, but no keys of maps.
 * Source: structured-merge-diff fieldpath/set.go EnsureNamedFieldsAreMembers.
 */
export function withNamedFields(set: FieldSet, model: Model | undefined): FieldSet {
  const result: Record<Element, FieldSet> = {}
  for (const [element, child] of childrenOf(set)) {
    const name = fieldNameOf(element)
    const isNamed = name !== undefined && hasBelow(child) && model?.map?.fields.has(name) === true
    const below = withNamedFields(child, belowOf(model, element, name))
    result[element] = nodeOf(isNamed || isMember(child), below) ?? emptySet
  }
  return result
}

function belowOf(
  model: Model | undefined,
  element: Element,
  name: string | undefined,
): Model | undefined {
  if (name !== undefined) return model?.map && modelAt(model.map, name)
  return element.startsWith('k:') ? model?.list?.item : undefined
}
