import type { Toleration } from '../objects.ts'
import { parseQuantity } from '../quantity.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { validateRequiredChoice } from './fields.ts'
import { validateLabels } from './metadata.ts'
import { dnsLabelErrors, labelValueErrors, qualifiedNameErrors } from './names.ts'
import { nodeLabelWarning } from './node-labels.ts'

/** Source: kubernetes pkg/apis/scheduling/validation, pkg/apis/node/validation. */

const systemPrefix = 'system-'
const userPriorityMax = 1_000_000_000
const systemClasses = new Map([
  ['system-node-critical', 2_000_001_000],
  ['system-cluster-critical', 2_000_000_000],
])

export function validatePriorityClass(object: KubeObject, causes: Causes): void {
  const { name = '' } = object.metadata
  const { value = 0, preemptionPolicy } = object
  const wrong = name.startsWith(systemPrefix) ? systemClassError(name, object) : undefined
  if (wrong !== undefined) {
    causes.forbidden(
      'metadata.name',
      `priority class names with '${systemPrefix}' prefix are reserved for system use only. ` +
        `error: ${wrong}`,
    )
  } else if (!name.startsWith(systemPrefix) && value > userPriorityMax) {
    const text = `maximum allowed value of a user defined priority is ${userPriorityMax}`
    causes.forbidden('value', text)
  }
  if (preemptionPolicy === undefined) return
  const policies = ['PreemptLowerPriority', 'Never']
  validateRequiredChoice(preemptionPolicy, policies, 'preemptionPolicy', causes)
}

/** Source: pkg/apis/scheduling/v1/helpers.go IsKnownSystemPriorityClass. */
function systemClassError(name: string, { value, globalDefault }: KubeObject): string | undefined {
  const wanted = systemClasses.get(name)
  if (wanted === undefined) return `${name} is not a known system priority class`
  if (wanted !== (value ?? 0)) return `value of ${name} PriorityClass must be ${wanted}`
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

export function validatePriorityClassUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
): void {
  if ((next.value ?? 0) !== (old.value ?? 0)) {
    causes.forbidden('value', 'may not be changed in an update.')
  }
  if (next.preemptionPolicy !== old.preemptionPolicy) {
    causes.invalid('preemptionPolicy', next.preemptionPolicy, 'field is immutable')
  }
}

export function validateRuntimeClass(object: KubeObject, causes: Causes): void {
  const { handler = '', overhead, scheduling } = object
  for (const text of dnsLabelErrors(handler)) causes.invalid('handler', handler, text)
  validateOverhead(overhead?.podFixed ?? {}, 'overhead.limits', causes)
  validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector', causes)
  validateTolerations(scheduling?.tolerations ?? [], 'scheduling.tolerations', causes)
}

export function validateRuntimeClassUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
): void {
  if ((next.handler ?? '') !== (old.handler ?? '')) {
    causes.invalid('handler', next.handler ?? '', 'field is immutable')
  }
}

/** As the limits of a container. Source: core ValidateContainerResourceRequirements. */
function validateOverhead(list: Record<string, string>, path: string, causes: Causes): void {
  for (const [name, quantity] of Object.entries(list)) {
    for (const text of qualifiedNameErrors(name)) causes.invalid(`${path}`, name, text)
    const standard = /^(cpu|memory|ephemeral-storage|hugepages-.+)$/.test(name)
    if (!name.includes('/') && !standard) {
      const text = 'must be a standard resource for containers'
      causes.invalid(`${path}[${name}]`, name, text)
    }
    if (parseQuantity(quantity).nano < 0n) {
      causes.invalid(`${path}[${name}]`, quantity, 'must be greater than or equal to 0')
    }
  }
}

/** Source: core ValidateTolerations, and the list keys of the class's. */
function validateTolerations(
  tolerations: readonly Toleration[],
  path: string,
  causes: Causes,
): void {
  const seen = new Set<string>()
  for (const [index, toleration] of tolerations.entries()) {
    const at = `${path}[${index}]`
    validateToleration(toleration, at, causes)
    const { key = '', operator = '', value = '', effect = '' } = toleration
    const id = JSON.stringify([key, operator, value, effect])
    if (seen.has(id)) {
      const { tolerationSeconds: seconds = null } = toleration
      const shown = { Key: key, Operator: operator, Value: value, Effect: effect }
      causes.duplicate(at, { ...shown, TolerationSeconds: seconds })
    }
    seen.add(id)
  }
}

function validateToleration(toleration: Toleration, at: string, causes: Causes): void {
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration
  for (const text of key === '' ? [] : qualifiedNameErrors(key)) {
    causes.invalid(`${at}.key`, key, text)
  }
  if (key === '' && operator !== 'Exists') {
    const text =
      'operator must be Exists when `key` is empty, which means "match all values and all keys"'
    causes.invalid(`${at}.operator`, operator, text)
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
    causes.invalid(`${at}.effect`, effect, text)
  }
  const wrong = labelValueErrors(value)
  if (operator === 'Equal' || operator === '') {
    if (wrong.length > 0) causes.invalid(`${at}.operator`, value, wrong.join(';'))
  } else if (operator === 'Exists') {
    const text = "value must be empty when `operator` is 'Exists'"
    if (value !== '') causes.invalid(`${at}.operator`, value, text)
  } else {
    const compares = operator === 'Lt' || operator === 'Gt'
    const more = compares ? ['Lt', 'Gt'] : []
    causes.notSupported(`${at}.operator`, operator, ['Equal', 'Exists', ...more])
  }
  const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
  if (effect !== '' && !effects.includes(effect)) {
    causes.notSupported(`${at}.effect`, effect, effects)
  }
}

/** Source: pkg/api/node/util.go GetWarningsForRuntimeClass. */
export function runtimeClassWarnings({ scheduling }: KubeObject): string[] {
  return Object.keys(scheduling?.nodeSelector ?? {}).flatMap(key => {
    const text = nodeLabelWarning(key)
    return text === undefined ? [] : [`scheduling.nodeSelector: ${text}`]
  })
}
