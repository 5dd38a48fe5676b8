import { ownValue } from '../own.ts'
import { addQuantities, compareQuantities, formatQuantity, type Quantity } from '../quantity.ts'
import type { Causes } from './causes.ts'
import { each, eachKey, type Loose } from './loose.ts'
import { validateRequirements } from './requirements.ts'
import { isHugePages, podResourceName } from './resource-names.ts'

type Amounts = Record<string, string> | undefined

/** What all containers have together. Source: pkg/apis/core/validation validatePodResources. */
export function validatePodResources(spec: Loose, path: string, causes: Causes): void {
  const { resources } = spec
  validateOverhead(spec, path.replace(/resources$/, 'overhead'), causes)
  if (resources === undefined) return
  if (spec.os?.name === 'windows') {
    causes.forbidden(path, 'may not be set for a windows pod')
    return
  }
  if (resources.claims !== undefined) {
    causes.forbidden(`${path}.claims`, 'claims may not be set for Resources at pod-level')
  }
  validateRequirements(resources, path, [], causes, podResourceName)
  eachKey(resources.requests as Amounts, `${path}.requests`, (name, given, at) => {
    const sum = aggregate(spec, 'requests', name)
    if (sum === undefined || compareQuantities(sum, given) <= 0) return
    const text = 'must be greater than or equal to aggregate container requests of'
    causes.invalid(at, given, `${text} ${formatQuantity(sum)}`)
  })
  eachKey(resources.limits as Amounts, `${path}.limits`, (name, given, at) => {
    const sum = isHugePages(name) ? aggregate(spec, 'limits', name) : undefined
    if (sum === undefined || compareQuantities(sum, given) <= 0) return
    const text = 'must be greater than or equal to aggregate container limits of'
    causes.invalid(at, given, `${text} ${formatQuantity(sum)}`)
  })
  each(spec.containers as Loose[], `${path}.containers`, (one, at) =>
    eachKey(one.resources?.limits as Amounts, at, (name, value, here) => {
      const limit = ownValue(resources.limits as Amounts, name)
      if (limit === undefined || compareQuantities(value, limit) <= 0) return
      const text = `must be less than or equal to pod limits of ${limit}`
      causes.invalid(`${here}.limits`, value, text)
    }),
  )
}

function validateOverhead({ overhead }: Loose, path: string, causes: Causes): void {
  if (overhead !== undefined) validateRequirements({ limits: overhead }, path, [], causes)
}

/**
 * Containers run together with sidecars; init containers one after the other, beside the sidecars
 * that came before. Source: component-helpers resource/helpers.go AggregateContainerRequests.
 */
function aggregate(spec: Loose, list: 'requests' | 'limits', name: string): Quantity | undefined {
  const amountOf = (one: Loose) => ownValue(one.resources?.[list] as Amounts, name)
  const zero: Quantity = { nano: 0n, format: 'DecimalSI' }
  let isThere = false
  const plus = (sum: Quantity, amount: string | undefined) => {
    if (amount === undefined) return sum
    isThere = true
    return addQuantities(sum, amount)
  }
  let together = zero
  for (const one of spec.containers ?? []) together = plus(together, amountOf(one))
  let sidecars = zero
  let most = zero
  for (const one of spec.initContainers ?? []) {
    const isSidecar = one.restartPolicy === 'Always'
    const at = plus(sidecars, amountOf(one))
    if (isSidecar) {
      sidecars = at
      together = plus(together, amountOf(one))
    }
    if (compareQuantities(at, most) > 0) most = at
  }
  if (!isThere) return undefined
  return compareQuantities(most, together) > 0 ? most : together
}
