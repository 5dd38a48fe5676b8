import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { validateFlowConditions } from './flow-schemas.ts'

/** Source of all: kubernetes pkg/apis/flowcontrol/validation/validation.go. */

const preservedZeroAnnotation = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares'
const queuesMax = 10_000_000
/** Source: apiserver pkg/util/shufflesharding MaxHashBits. */
const hashBitsMax = 60

/** Source: apiserver pkg/apis/flowcontrol/bootstrap MandatoryPriorityLevelConfigurationCatchAll. */
const catchAll = {
  type: 'Limited',
  limited: {
    nominalConcurrencyShares: 5,
    limitResponse: { type: 'Reject' },
    lendablePercent: 0,
  },
}

export function validatePriorityLevel(
  { metadata, spec = {}, status }: KubeObject,
  causes: Causes,
): void {
  const { name = '' } = metadata
  if (metadata.annotations?.[preservedZeroAnnotation] !== undefined) {
    causes.forbidden('metadata.annotations', `annotation '${preservedZeroAnnotation}' is forbidden`)
  }
  validateSpec(spec, name, causes)
  const plain = JSON.parse(JSON.stringify(spec))
  if (name === 'catch-all' && !semanticEqual(plain, catchAll)) {
    causes.invalid('spec', spec, `spec of '${name}' must equal the fixed value`)
  }
  if (name === 'exempt' && (spec.type !== 'Exempt' || spec.limited)) {
    const text = `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`
    causes.invalid('spec', spec, text)
  }
  validateFlowConditions(status?.conditions, causes)
}

function validateSpec(spec: KubeObject['spec'], name: string, causes: Causes): void {
  const { type = '', limited, exempt } = spec
  if ((name === 'exempt') !== (type === 'Exempt')) {
    causes.invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'")
  }
  if (type === 'Exempt') {
    if (limited) causes.forbidden('spec.limited', 'must be nil if the type is not Limited')
    if (exempt) validateShares(exempt, 'spec.exempt', causes)
  } else if (type === 'Limited') {
    if (exempt) causes.forbidden('spec.exempt', 'must be nil if the type is Limited')
    if (limited) validateLimited(limited, 'spec.limited', causes)
    else causes.required('spec.limited', 'must not be empty when type is Limited')
  } else causes.notSupported('spec.type', type, ['Exempt', 'Limited'])
}

function validateShares(
  { nominalConcurrencyShares: shares = 0, lendablePercent: percent = 0 }: Record<string, number>,
  path: string,
  causes: Causes,
): void {
  if (shares < 0) {
    causes.invalid(`${path}.nominalConcurrencyShares`, shares, 'must be a non-negative integer')
  }
  if (percent < 0 || percent > 100) {
    causes.invalid(`${path}.lendablePercent`, percent, 'must be between 0 and 100, inclusive')
  }
}

function validateLimited(limited: KubeObject['spec'], path: string, causes: Causes): void {
  validateShares(limited, path, causes)
  const { borrowingLimitPercent: borrowing = 0 } = limited
  if (borrowing < 0) {
    const text = 'if specified, must be a non-negative integer'
    causes.invalid(`${path}.borrowingLimitPercent`, borrowing, text)
  }
  const { type = '', queuing } = limited.limitResponse ?? {}
  const at = `${path}.limitResponse`
  if (type === 'Reject') {
    const text = 'must be nil if limited.limitResponse.type is not Limited'
    if (queuing) causes.forbidden(`${at}.queuing`, text)
  } else if (type === 'Queue') {
    const text = 'must not be empty if limited.limitResponse.type is Limited'
    if (queuing) validateQueuing(queuing, `${at}.queuing`, causes)
    else causes.required(`${at}.queuing`, text)
  } else causes.notSupported(`${at}.type`, type, ['Queue', 'Reject'])
}

function validateQueuing(
  { queueLengthLimit = 0, queues = 0, handSize = 0 }: Record<string, number>,
  path: string,
  causes: Causes,
): void {
  if (queueLengthLimit <= 0) {
    causes.invalid(`${path}.queueLengthLimit`, queueLengthLimit, 'must be positive')
  }
  if (queues <= 0) causes.invalid(`${path}.queues`, queues, 'must be positive')
  else if (queues > queuesMax) {
    causes.invalid(`${path}.queues`, queues, `must not be greater than ${queuesMax}`)
  }
  const bits = Math.ceil(Math.log2(queues) * handSize)
  if (handSize <= 0) causes.invalid(`${path}.handSize`, handSize, 'must be positive')
  else if (handSize > queues) {
    const text = `should not be greater than queues (${queues})`
    causes.invalid(`${path}.handSize`, handSize, text)
  } else if (bits > hashBitsMax) {
    const text =
      `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be ` +
      `greater than ${hashBitsMax}`
    causes.invalid(`${path}.handSize`, handSize, text)
  }
}
