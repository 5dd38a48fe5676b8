import { ownValue } from '../own.ts'
import { compareQuantities } from '../quantity.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { sameSet } from './limits.ts'
import { eachKey } from './loose.ts'
import { isQuotaResource, quotaResourceName, resourceAmount } from './resource-names.ts'
import { immutableText } from './rules.ts'

/** Source of all: kubernetes pkg/apis/core/validation/validation.go ValidateResourceQuota. */

type Amounts = Record<string, string> | undefined

interface Requirement {
  readonly scopeName?: string
  readonly operator?: string
  readonly values?: readonly string[]
}

interface Spec {
  readonly hard?: Amounts
  readonly scopes?: readonly string[]
  readonly scopeSelector?: { readonly matchExpressions?: readonly Requirement[] }
}

const podCompute = [
  ...['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory', 'pods'],
]
/** What each scope can be applied to. Source: IsResourceQuotaScopeValidForResource. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  Terminating: podCompute,
  NotTerminating: podCompute,
  NotBestEffort: podCompute,
  PriorityClass: podCompute,
  CrossNamespacePodAffinity: podCompute,
  BestEffort: ['pods'],
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
}
const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const
/** Scopes that have no values. */
const plainScopes = [...opposites.flat(), 'CrossNamespacePodAffinity'] as string[]

export function validateResourceQuota(object: KubeObject, causes: Causes): void {
  const spec: Spec = object.spec ?? {}
  validateAmounts(spec.hard, 'spec.hard', causes)
  validateScopes(spec, causes)
  validateScopeSelector(spec, causes)
}

/** Of a quota's status. Source: ValidateResourceQuotaStatusUpdate. */
export function validateResourceQuotaStatus(next: KubeObject, causes: Causes): void {
  validateAmounts(next.status?.hard, 'status.hard', causes)
  validateAmounts(next.status?.used, 'status.used', causes)
}

export function validateResourceQuotaUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
): void {
  if (sameSet(next.spec?.scopes, old.spec?.scopes)) return
  causes.invalid('spec.scopes', next.spec?.scopes ?? null, immutableText)
}

function validateAmounts(amounts: Amounts, path: string, causes: Causes): void {
  eachKey(amounts, path, (name, value, at) => {
    quotaResourceName(name, at, causes)
    resourceAmount(name, value, at, causes)
  })
}

/** How often a scope is applied to a resource that does not know it. */
function misfits(scope: string, hard: Amounts): number {
  const fits = ownValue(scopes, scope)
  if (fits === undefined) return 0
  return Object.keys(hard ?? {}).filter(name => isQuotaResource(name) && !fits.includes(name))
    .length
}

function conflicts(given: readonly string[]): number {
  return opposites.filter(pair => pair.every(scope => given.includes(scope))).length
}

function validateScopes(spec: Spec, causes: Causes): void {
  const { scopes: given = [] } = spec
  const wrong = (text: string) => causes.invalid('spec.scopes', given, text)
  for (const scope of given) {
    if (!Object.hasOwn(scopes, scope)) wrong('unsupported scope')
    const count = misfits(scope, spec.hard)
    for (let left = count; left > 0; left--) wrong('unsupported scope applied to resource')
  }
  for (let left = conflicts(given); left > 0; left--) wrong('conflicting scopes')
}

function validateScopeSelector(spec: Spec, causes: Causes): void {
  const path = 'spec.scopeSelector.matchExpressions'
  const requirements = spec.scopeSelector?.matchExpressions ?? []
  for (const one of requirements) {
    const { scopeName = '', operator = '', values = [] } = one
    if (!Object.hasOwn(scopes, scopeName)) {
      causes.invalid(`${path}.scopeName`, scopeName, 'unsupported scope')
    }
    for (let left = misfits(scopeName, spec.hard); left > 0; left--) {
      causes.invalid(path, spec.scopeSelector, 'unsupported scope applied to resource')
    }
    if (plainScopes.includes(scopeName) && operator !== 'Exists') {
      causes.invalid(
        `${path}.operator`,
        operator,
        "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, " +
          'ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ' +
          'ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity',
      )
    }
    validateOperator(operator, values, path, causes)
  }
  const names = requirements.map(one => one.scopeName ?? '')
  for (let left = conflicts(names); left > 0; left--) {
    causes.invalid(path, spec.scopes ?? null, 'conflicting scopes')
  }
}

function validateOperator(
  operator: string,
  values: readonly string[],
  path: string,
  causes: Causes,
): void {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length > 0) return
    const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    causes.required(`${path}.values`, text)
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length === 0) return
    const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    causes.invalid(`${path}.values`, values, text)
  } else causes.invalid(`${path}.operator`, operator, 'not a valid selector operator')
}

/** Source: pkg/registry/core/resourcequota/strategy.go WarningsOnCreate. */
export function quotaWarnings({ spec }: KubeObject, old: KubeObject | undefined): string[] {
  if (old !== undefined) return []
  const hard: Amounts = spec?.hard
  const warnings: string[] = []
  for (const name of ['cpu', 'memory', 'storage', 'ephemeral-storage']) {
    const names = [`requests.${name}`, ...(['cpu', 'memory'].includes(name) ? [name] : [])]
    const requested = names.find(one => ownValue(hard, one) !== undefined)
    const request = ownValue(hard, requested ?? '')
    const limit = ownValue(hard, `limits.${name}`)
    if (request === undefined || limit === undefined) continue
    if (compareQuantities(request, limit) <= 0) continue
    warnings.push(
      `ResourceQuota ${requested} (${request}) should be less than limits.${name} (${limit})`,
    )
  }
  return warnings
}
