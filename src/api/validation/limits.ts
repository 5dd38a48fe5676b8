import { isDeepStrictEqual } from 'node:util'
import { ownValue } from '../own.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { each, eachKey } from './loose.ts'
import { qualifiedNameErrors } from './names.ts'
import { containerResourceName, isOvercommitted, resourceName } from './resource-names.ts'

/** Source of all: kubernetes pkg/apis/core/validation/validation.go ValidateLimitRange. */

type List = Record<string, string>

interface Item {
  readonly type?: string
  readonly max?: List
  readonly min?: List
  readonly default?: List
  readonly defaultRequest?: List
  readonly maxLimitRequestRatio?: List
}

const types = ['Pod', 'Container', 'PersistentVolumeClaim']
const notForPods = "may not be specified when `type` is 'Pod'"

export function validateLimitRange({ spec }: KubeObject, causes: Causes): void {
  const seen = new Set<string>()
  each((spec?.limits ?? []) as Item[], 'spec.limits', (item, at) => {
    const { type = '' } = item
    validateType(type, `${at}.type`, causes)
    if (seen.has(type)) causes.duplicate(`${at}.type`, type)
    seen.add(type)
    validateItem(item, at, causes)
  })
}

function validateType(type: string, path: string, causes: Causes): void {
  const wrong = qualifiedNameErrors(type)
  for (const text of wrong) causes.invalid(path, type, text)
  if (wrong.length > 0 || type.includes('/') || types.includes(type)) return
  causes.invalid(path, type, 'must be a standard limit type or fully qualified')
}

function validateItem(item: Item, at: string, causes: Causes): void {
  const { type, max, min } = item
  const isPod = type === 'Pod'
  const rule = isPod || type === 'Container' ? containerResourceName : resourceName
  const judge = (field: keyof Item) =>
    eachKey(item[field] as List | undefined, `${at}.${field}`, (name, _value, path) =>
      rule(name, path, causes),
    )
  judge('max')
  judge('min')
  for (const field of ['default', 'defaultRequest'] as const) {
    if (!isPod) judge(field)
    else if (Object.keys(item[field] ?? {}).length > 0) {
      causes.forbidden(`${at}.${field}`, notForPods)
    }
  }
  const hasStorage = [min, max].some(list => ownValue(list, 'storage') !== undefined)
  if (type === 'PersistentVolumeClaim' && !hasStorage) {
    const text = 'either minimum or maximum storage value is required, but neither was provided'
    causes.required(`${at}.limits`, text)
  }
  judge('maxLimitRequestRatio')
  const seen = isPod ? { ...item, default: undefined, defaultRequest: undefined } : item
  const lists = [seen.max, seen.min, seen.default, seen.defaultRequest, seen.maxLimitRequestRatio]
  for (const name of new Set(lists.flatMap(list => Object.keys(list ?? {})))) {
    validateBounds(name, seen, at, causes)
  }
}

/** How the amounts of one resource stand to each other. */
function validateBounds(name: string, item: Item, at: string, causes: Causes): void {
  const [min, max] = [ownValue(item.min, name), ownValue(item.max, name)]
  const [limit, request] = [ownValue(item.default, name), ownValue(item.defaultRequest, name)]
  const above = (a: string | undefined, b: string | undefined) =>
    a !== undefined && b !== undefined && compareQuantities(a, b) > 0
  const wrong = (field: string, value: string | undefined, text: string) =>
    causes.invalid(`${at}.${field}[${name}]`, value, text)
  if (above(min, max)) wrong('min', min, `min value ${min} is greater than max value ${max}`)
  if (above(min, request)) {
    const text = `min value ${min} is greater than default request value ${request}`
    wrong('defaultRequest', request, text)
  }
  if (above(request, max)) {
    wrong(
      'defaultRequest',
      request,
      `default request value ${request} is greater than max value ${max}`,
    )
  }
  if (above(request, limit)) {
    const text = `default request value ${request} is greater than default limit value ${limit}`
    wrong('defaultRequest', request, text)
  }
  if (above(min, limit)) {
    wrong('default', min, `min value ${min} is greater than default value ${limit}`)
  }
  if (above(limit, max)) {
    wrong('default', max, `default value ${limit} is greater than max value ${max}`)
  }
  const ratio = ownValue(item.maxLimitRequestRatio, name)
  if (ratio !== undefined)
    validateRatio(ratio, min, max, text => wrong('maxLimitRequestRatio', ratio, text))
  const differ =
    limit !== undefined && request !== undefined && compareQuantities(limit, request) !== 0
  if (differ && !isOvercommitted(name)) {
    const text = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`
    wrong('defaultRequest', request, text)
  }
}

function validateRatio(
  ratio: string,
  min: string | undefined,
  max: string | undefined,
  wrong: (text: string) => void,
): void {
  if (compareQuantities(ratio, '1') < 0) wrong(`ratio ${ratio} is less than 1`)
  if (min === undefined || max === undefined) return
  const number = (quantity: string) => Number(parseQuantity(quantity).nano) / 1e9
  const most = number(max) / number(min)
  if (number(ratio) > most) {
    wrong(`ratio ${ratio} is greater than max/min = ${goFloat(most)}`)
  }
}

/** As Go's %f writes it. */
function goFloat(value: number): string {
  return Number.isFinite(value) ? value.toFixed(6) : value > 0 ? '+Inf' : '-Inf'
}

/** Lists are the same whatever their order. */
export function sameSet(left: readonly string[] = [], right: readonly string[] = []): boolean {
  return isDeepStrictEqual([...new Set(left)].sort(), [...new Set(right)].sort())
}
