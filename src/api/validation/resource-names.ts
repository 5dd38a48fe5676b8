import { parseQuantity } from '../quantity.ts'
import type { Causes } from './causes.ts'
import { qualifiedNameErrors } from './names.ts'
import { nonNegativeQuantity } from './rules.ts'

/** Names of resources and their amounts. Source: kubernetes pkg/apis/core/helper/helpers.go. */

const compute = ['cpu', 'memory', 'ephemeral-storage']
const counted = [
  ...['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps'],
  ...['persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers'],
]
const quota = new Set([
  ...compute,
  ...compute.map(name => `requests.${name}`),
  ...compute.map(name => `limits.${name}`),
  'requests.storage',
  ...counted,
])
const standard = new Set([...quota, 'storage'])

export const isHugePages = (name: string) => name.startsWith('hugepages-')
const isQuotaHugePages = (name: string) =>
  isHugePages(name) || name.startsWith('requests.hugepages-')

/** Source: IsStandardQuotaResourceName. */
export const isQuotaResource = (name: string) => quota.has(name) || isQuotaHugePages(name)

/** In Kubernetes' own namespace. Source: IsNativeResource. */
export const isNative = (name: string) => !name.includes('/') || name.includes('kubernetes.io/')

/** Source: IsExtendedResourceName. */
export function isExtended(name: string): boolean {
  if (isNative(name) || name.startsWith('requests.')) return false
  return qualifiedNameErrors(`requests.${name}`).length === 0
}

/** More may be requested than there is. Source: IsOvercommitAllowed. */
export const isOvercommitted = (name: string) => isNative(name) && !isHugePages(name)

export type NameRule = (name: string, path: string, causes: Causes) => void

/** Source: validateResourceName. */
export const resourceName: NameRule = (name, path, causes) => {
  const wrong = qualifiedNameErrors(name)
  for (const text of wrong) causes.invalid(path, name, text)
  if (wrong.length > 0 || name.includes('/')) return
  if (standard.has(name) || isQuotaHugePages(name)) return
  causes.invalid(path, name, 'must be a standard resource type or fully qualified')
}

/** Source: validateContainerResourceName. */
export const containerResourceName: NameRule = (name, path, causes) => {
  resourceName(name, path, causes)
  if (!name.includes('/')) {
    if (compute.includes(name) || isHugePages(name)) return
    causes.invalid(path, name, 'must be a standard resource for containers')
  } else if (!isNative(name) && !isExtended(name)) {
    causes.invalid(path, name, "doesn't follow extended resource name standard")
  }
}

/** Source: validatePodResourceName. */
export const podResourceName: NameRule = (name, path, causes) => {
  const before = causes.list.length
  resourceName(name, path, causes)
  if (causes.list.length > before || name === 'cpu' || name === 'memory') return
  if (!isHugePages(name)) causes.notSupported(path, name, ['cpu', 'hugepages-', 'memory'])
}

/** Source: ValidateResourceQuotaResourceName. */
export const quotaResourceName: NameRule = (name, path, causes) => {
  resourceName(name, path, causes)
  if (name.includes('/') || isQuotaResource(name)) return
  causes.invalid(path, name, 'must be a standard resource for quota')
}

/** An amount fits its resource. Source: ValidateResourceQuantityValue. */
export function resourceAmount(name: string, value: string, path: string, causes: Causes): void {
  nonNegativeQuantity(value, path, causes)
  if (!counted.includes(name) && !isExtended(name)) return
  // Go looks at thousandths, rounded up.
  const milli = parseQuantity(value).nano
  if (roundedMilli(milli) % 1000n !== 0n) causes.invalid(path, value, 'must be an integer')
}

function roundedMilli(nano: bigint): bigint {
  const whole = nano / 1_000_000n
  return nano % 1_000_000n === 0n ? whole : nano < 0n ? whole - 1n : whole + 1n
}
