/**
 * Exact quantities: `100m`, `1.5Gi`, `2e3`. All arithmetic is in BigInt nano-units, for that is the
 * finest that upstream keeps (finer values are rounded away from zero).
 * Source: k8s.io/apimachinery pkg/api/resource/quantity.go.
 */

/** How a quantity is written back. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

/** A quantity; `nano` is the value times 10^9. */
export interface Quantity {
  readonly nano: bigint
  readonly format: QuantityFormat
}

/** Thrown for text that is no quantity; the message is upstream's. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError'
}

const formatText =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const numberPart = '([+-]?)(?:([0-9]+)(?:\\.([0-9]*))?|\\.([0-9]+))'
const suffixPart = '(?:(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])|[eE]([+-]?[0-9]{1,4}))?'
const quantityPattern = new RegExp(`^${numberPart}${suffixPart}$`)
/** What may be a quantity, though nobody knows its suffix. Source: parseQuantityString. */
const shapePattern = /^[+-]?[0-9]*(?:\.[0-9]*)?[eEinumkKMGTP]*[+-]?[0-9]*$/
const suffixText = "unable to parse quantity's suffix"
const nanoPerUnit = 1_000_000_000n
const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** @throws QuantityError */
export function parseQuantity(text: string | number): Quantity {
  const given = textOf(text)
  const found = quantityPattern.exec(given)
  if (!found)
    throw new QuantityError(given !== '' && shapePattern.test(given) ? suffixText : formatText)
  const [, sign, whole = '0', after = '', bare = '', suffix = '', exponent] = found
  const fraction = after + bare
  const mantissa = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n)
  const binary = binarySuffixes.indexOf(suffix)
  if (suffix !== '' && binary > 0) {
    const scaled = mantissa * 1024n ** BigInt(binary) * nanoPerUnit
    const nano = capped(divideAway(scaled, 10n ** BigInt(fraction.length)))
    return { nano, format: 'BinarySI' }
  }
  const power = exponent === undefined ? suffixPower(suffix) : Number(exponent)
  const shift = power + 9 - fraction.length
  const nano =
    shift >= 0 ? mantissa * 10n ** BigInt(shift) : divideAway(mantissa, 10n ** BigInt(-shift))
  return { nano: capped(nano), format: exponent === undefined ? 'DecimalSI' : 'DecimalExponent' }
}

/** Digits that are looked at: more than any quantity needs, and few enough to compute with. */
const charactersMax = 200

/** @throws QuantityError for a text that is long beyond use; see docs/divergence.md */
function textOf(text: string | number): string {
  const given = String(text)
  if (given.length > charactersMax) throw new QuantityError(formatText)
  return given
}

/** Source: quantity.go, maxAllowed: a quantity beyond 2^63-1 is taken as that. */
const nanoMax = (2n ** 63n - 1n) * nanoPerUnit

function capped(nano: bigint): bigint {
  return nano > nanoMax ? nanoMax : nano < -nanoMax ? -nanoMax : nano
}

/** Negative, zero or positive as `a` is below, equal to or above `b`. */
export function compareQuantities(a: Quantity | string, b: Quantity | string): number {
  const left = asQuantity(a).nano
  const right = asQuantity(b).nano
  return left < right ? -1 : left > right ? 1 : 0
}

/** The sum, in the format of `a` unless `a` is zero. */
export function addQuantities(a: Quantity | string, b: Quantity | string): Quantity {
  const left = asQuantity(a)
  const right = asQuantity(b)
  return {
    nano: left.nano + right.nano,
    format: left.nano === 0n ? right.format : left.format,
  }
}

/** The difference, in the format of `a` unless `a` is zero. */
export function subtractQuantities(a: Quantity | string, b: Quantity | string): Quantity {
  const right = asQuantity(b)
  return addQuantities(a, { nano: -right.nano, format: right.format })
}

/** In thousandths, rounded up: CPU as the scheduler counts it. */
export function milliOf(quantity: Quantity | string | undefined): number {
  if (quantity === undefined) return 0
  return Number(divideAway(asQuantity(quantity).nano, 1_000_000n))
}

/** In whole units, rounded up: bytes of memory, pods. */
export function unitsOf(quantity: Quantity | string | undefined): number {
  if (quantity === undefined) return 0
  return Number(divideAway(asQuantity(quantity).nano, nanoPerUnit))
}

/** How often `by` goes into `quantity`, rounded up; zero stands for one. */
export function divideQuantities(quantity: Quantity | string, by: Quantity | string): bigint {
  const divisor = asQuantity(by).nano
  return divideAway(asQuantity(quantity).nano, divisor === 0n ? nanoPerUnit : divisor)
}

/** Rounded up to thousandths. Source: core/v1 defaults.go SetDefaults_ResourceList. */
export function roundUpToMilli(quantity: string): string {
  const { nano, format } = parseQuantity(quantity)
  if (nano % 1_000_000n === 0n) return quantity
  return formatQuantity({ nano: divideAway(nano, 1_000_000n) * 1_000_000n, format })
}

/** The canonical form: `1024Mi` is `1Gi`, `0.5` is `500m`. */
export function formatQuantity(quantity: Quantity): string {
  const { nano } = quantity
  if (nano === 0n) return '0'
  const small = nano > -1024n * nanoPerUnit && nano < 1024n * nanoPerUnit
  if (quantity.format === 'BinarySI' && !small && nano % nanoPerUnit === 0n) {
    return withSuffix(nano / nanoPerUnit, 1024n, 0, binarySuffixes)
  }
  if (quantity.format !== 'DecimalExponent') return withSuffix(nano, 1000n, 0, decimalSuffixes)
  let value = nano
  let power = -9
  while (value % 1000n === 0n) {
    value /= 1000n
    power += 3
  }
  return power === 0 ? `${value}` : `${value}e${power}`
}

/** Parses and formats. @throws QuantityError */
export function canonicalQuantity(text: string | number): string {
  return formatQuantity(parseQuantity(text))
}

function asQuantity(value: Quantity | string): Quantity {
  return typeof value === 'string' ? parseQuantity(value) : value
}

function withSuffix(start: bigint, base: bigint, from: number, suffixes: string[]): string {
  let value = start
  let index = from
  while (value % base === 0n && index < suffixes.length - 1) {
    value /= base
    index++
  }
  return `${value}${suffixes[index]}`
}

function suffixPower(suffix: string): number {
  return decimalSuffixes.indexOf(suffix) * 3 - 9
}

function divideAway(value: bigint, by: bigint): bigint {
  const quotient = value / by
  if (value % by === 0n) return quotient
  return value < 0n ? quotient - 1n : quotient + 1n
}
