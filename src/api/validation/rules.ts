import { parseQuantity } from '../quantity.ts'
import type { Causes } from './causes.ts'
import { dnsLabelErrors, portNameErrors, portNumberErrors } from './names.ts'

/**
 * Rules of single values, that many kinds have.
 * Source: apimachinery pkg/api/validation/generic.go, kubernetes pkg/apis/core/validation.
 */

/** What is said of something below zero. */
export const negativeText = 'must be greater than or equal to 0'
export const immutableText = 'field is immutable'

type Number = number | bigint | undefined

/** Source: ValidateNonnegativeField. */
export function nonNegative(value: Number, path: string, causes: Causes): void {
  if (value !== undefined && value < 0) causes.invalid(path, value, negativeText)
}

/** Source: ValidatePositiveField. */
export function positive(value: Number, path: string, causes: Causes): void {
  if ((value ?? 0) <= 0) causes.invalid(path, value ?? 0, 'must be greater than zero')
}

/** Each of what is wrong with a text, under its path. */
export function judged(
  value: string,
  path: string,
  rule: (value: string) => readonly string[],
  causes: Causes,
): void {
  for (const text of rule(value)) causes.invalid(path, value, text)
}

/** A text that must be there; true when it is. */
export function present(value: unknown, path: string, causes: Causes): boolean {
  const is = Array.isArray(value) ? value.length > 0 : Boolean(value)
  if (!is) causes.required(path)
  return is
}

/** One of a few values that must be there. */
export function chosen(
  value: string | undefined,
  path: string,
  choices: readonly string[],
  causes: Causes,
): void {
  if (!value) causes.required(path)
  else oneOf(value, path, choices, causes)
}

/** One of a few values, if it is there at all. */
export function oneOf(
  value: string | undefined,
  path: string,
  choices: readonly string[],
  causes: Causes,
): void {
  if (value !== undefined && !choices.includes(value)) causes.notSupported(path, value, choices)
}

/** A DNS label that must be there. */
export function labelName(value: string | undefined, path: string, causes: Causes): void {
  if (present(value, path, causes)) judged(value ?? '', path, dnsLabelErrors, causes)
}

/** Source: ValidateNonnegativeQuantity. */
export function nonNegativeQuantity(value: string, path: string, causes: Causes): void {
  if (parseQuantity(value).nano < 0n) causes.invalid(path, value, negativeText)
}

/** Source: ValidatePositiveQuantityValue. */
export function positiveQuantity(value: string, path: string, causes: Causes): boolean {
  const is = parseQuantity(value).nano > 0n
  if (!is) causes.invalid(path, value, 'must be greater than zero')
  return is
}

/** A port by number or name; what is not there is Go's zero. Source: ValidatePortNumOrName. */
export function portNumberOrName(value: unknown, path: string, causes: Causes): void {
  if (typeof value === 'string') judged(value, path, portNameErrors, causes)
  else for (const text of portNumberErrors(value)) causes.invalid(path, value ?? 0, text)
}

const percentText =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or " +
  "'93%', regex used for validation is '[0-9]+%')"

/** A count or a share. Source: ValidatePositiveIntOrPercent. */
export function countOrShare(value: unknown, path: string, causes: Causes): void {
  if (typeof value === 'string') {
    if (!/^[0-9]+%$/.test(value)) causes.invalid(path, value, percentText)
  } else nonNegative((value ?? 0) as number, path, causes)
}

/** Source: IsNotMoreThan100Percent. */
export function notAboveWhole(value: unknown, path: string, causes: Causes): void {
  if (shareOf(value) > 100) causes.invalid(path, value, 'must not be greater than 100%')
}

/** Source: getPercentValue; 0 for what is no share. */
function shareOf(value: unknown): number {
  return typeof value === 'string' && /^[0-9]+%$/.test(value) ? Number(value.slice(0, -1)) : 0
}

/** A count, or the number of a share. Source: getIntOrPercentValue. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : shareOf(value)
}
