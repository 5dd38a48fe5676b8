import type { LabelSelector } from '../objects.ts'
import { Causes } from './causes.ts'
import { labelValueErrors, qualifiedNameErrors } from './names.ts'

/**
 * Source: meta/v1/validation ValidateLabelSelector. `anyValues`: AllowInvalidLabelValueInSelector,
 * of an object that has had such values before they were looked at.
 */
export function validateLabelSelector(
  selector: LabelSelector | undefined | null,
  path: string,
  causes: Causes,
  { anyValues = false }: { readonly anyValues?: boolean } = {},
): void {
  if (!selector) return
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    for (const text of qualifiedNameErrors(key)) causes.invalid(`${path}.matchLabels`, key, text)
    for (const text of labelValueErrors(value)) causes.invalid(`${path}.matchLabels`, value, text)
  }
  for (const [index, one] of (selector.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${index}]`
    const values = one.values?.length ?? 0
    if (one.operator === 'In' || one.operator === 'NotIn') {
      if (values === 0)
        causes.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")
    } else if (one.operator === 'Exists' || one.operator === 'DoesNotExist') {
      if (values > 0)
        causes.forbidden(
          `${at}.values`,
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        )
    } else causes.invalid(`${at}.operator`, one.operator ?? '', 'not a valid selector operator')
    const key = one.key ?? ''
    for (const text of qualifiedNameErrors(key)) causes.invalid(`${at}.key`, key, text)
    for (const [place, value] of anyValues ? [] : (one.values ?? []).entries()) {
      for (const text of labelValueErrors(value)) {
        causes.invalid(`${at}.values[${place}]`, value, text)
      }
    }
  }
}

/** Whether a selector is right: an old one that is not allows new ones that are not. */
export function isLabelSelector(selector: LabelSelector | undefined | null): boolean {
  const causes = new Causes()
  validateLabelSelector(selector, '', causes)
  return causes.list.length === 0
}
