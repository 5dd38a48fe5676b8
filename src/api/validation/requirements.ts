import { ownValue } from '../own.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import type { Causes } from './causes.ts'
import { each, eachKey, type Loose } from './loose.ts'
import { dnsLabelErrors } from './names.ts'
import {
  containerResourceName,
  isHugePages,
  isOvercommitted,
  type NameRule,
  resourceAmount,
} from './resource-names.ts'
import { judged } from './rules.ts'

/** Source of all: kubernetes pkg/apis/core/validation validateResourceRequirements. */

type Amounts = Record<string, string> | undefined

export function validateRequirements(
  { limits, requests, claims }: Loose,
  at: string,
  podClaims: readonly string[],
  causes: Causes,
  rule: NameRule = containerResourceName,
): void {
  const judge = (name: string, value: string, path: string) => {
    rule(name, path, causes)
    resourceAmount(name, value, path, causes)
  }
  const pages = (name: string, value: string, path: string) => {
    if (!isHugePages(name) || isDivisible(name, value)) return
    causes.invalid(path, value, `${value} is not positive integer multiple of ${name}`)
  }
  eachKey(limits as Amounts, `${at}.limits`, (name, value, path) => {
    judge(name, value, path)
    pages(name, value, path)
  })
  eachKey(requests as Amounts, `${at}.requests`, (name, value, path) => {
    judge(name, value, path)
    validateAgainstLimit(name, value, limits, at, causes)
    pages(name, value, path)
  })
  const names = [...Object.keys(limits ?? {}), ...Object.keys(requests ?? {})]
  if (names.some(isHugePages) && !names.some(name => name === 'cpu' || name === 'memory')) {
    causes.forbidden(at, 'HugePages require cpu or memory')
  }
  validateClaims(claims, `${at}.claims`, podClaims, causes)
}

function validateAgainstLimit(
  name: string,
  request: string,
  limits: Amounts,
  at: string,
  causes: Causes,
): void {
  const limit = ownValue(limits, name)
  const path = `${at}.requests`
  if (limit === undefined) {
    if (isOvercommitted(name)) return
    causes.required(`${at}.limits`, 'Limit must be set for non overcommitable resources')
    return
  }
  const order = compareQuantities(request, limit)
  if (order !== 0 && !isOvercommitted(name)) {
    causes.invalid(path, request, `must be equal to ${name} limit of ${limit}`)
  } else if (order > 0) {
    causes.invalid(path, request, `must be less than or equal to ${name} limit of ${limit}`)
  }
}

function isDivisible(name: string, value: string): boolean {
  try {
    const unit = 1_000_000_000n
    const size = parseQuantity(name.slice('hugepages-'.length)).nano
    if (size <= 0n || size % unit !== 0n) return false
    return parseQuantity(value).nano % size === 0n
  } catch {
    return false
  }
}

/** Source: validateResourceClaimNames. */
function validateClaims(
  claims: readonly Loose[] | undefined,
  path: string,
  podClaims: readonly string[],
  causes: Causes,
): void {
  const seen = new Set<string>()
  each(claims, path, ({ name = '', request = '' }, at) => {
    if (name === '') {
      causes.required(at)
      return
    }
    const key = request === '' ? name : `${name}/${request}`
    if (seen.has(name)) causes.duplicate(at, name)
    else {
      if (request !== '') judged(request, `${at}.request`, dnsLabelErrors, causes)
      const parts = [...seen].filter(one => one.startsWith(`${name}/`))
      if (seen.has(key)) causes.duplicate(at, key)
      else if (request === '') for (const _ of parts) causes.duplicate(at, name)
      seen.add(key)
    }
    if (podClaims.includes(name)) return
    const known = [...new Set(podClaims)].sort().join(', ')
    const which = known === '' ? ' which is empty' : `: ${known}`
    causes.notFound(at, name, `must be one of the names in pod.spec.resourceClaims${which}`)
  })
}
