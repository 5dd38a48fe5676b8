import { type Element, fieldNameOf } from './element.ts'
import type { FieldSet } from './field-set.ts'
import type { Model } from './model.ts'
import { modelAt } from './validate.ts'

/**
 * The set with every declared field that has something below: a set of `a.b.c` gets `a` and `a.b`
 * where types declare them, but no keys of maps.
 * Source: structured-merge-diff fieldpath/set.go EnsureNamedFieldsAreMembers.
 */
export function withNamedFields(set: FieldSet, model: Model | undefined): FieldSet {
  if (set.children.size === 0) return set
  const children = new Map<Element, FieldSet>()
  for (const [element, child] of set.children) {
    const name = fieldNameOf(element)
    const isNamed = name !== undefined && child.children.size > 0 && model?.map?.fields.has(name)
    const below = withNamedFields(child, belowOf(model, element, name))
    children.set(element, {
      isMember: child.isMember || isNamed === true,
      children: below.children,
    })
  }
  return { isMember: set.isMember, children }
}

function belowOf(
  model: Model | undefined,
  element: Element,
  name: string | undefined,
): Model | undefined {
  if (name !== undefined) return model?.map && modelAt(model.map, name)
  return element.startsWith('k:') ? model?.list?.item : undefined
}
