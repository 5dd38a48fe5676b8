import type { KubeObject } from '../types.ts'
import { validateBehavior } from './autoscaling-behavior.ts'
import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import { dnsLabelErrors } from './names.ts'
import { containerResourceName } from './resource-names.ts'
import { judged, nonNegative } from './rules.ts'

/** Source of all: kubernetes pkg/apis/autoscaling/validation/validation.go. */

/** How far a reference may lack its API's group. */
interface RefRules {
  readonly isVersionFree?: boolean
  readonly isGroupFree?: boolean
}

export function validateAutoscaler(
  { spec = {} }: KubeObject,
  old: KubeObject | undefined,
  causes: Causes,
): void {
  const { minReplicas: min, maxReplicas: max = 0, scaleTargetRef: ref = {} } = spec
  // Upstream's feature gate HPAScaleToZero is off; who has zero keeps it.
  const least = old?.spec?.minReplicas === 0 ? 0 : 1
  if (min !== undefined && min < least) {
    causes.invalid('spec.minReplicas', min, `must be greater than or equal to ${least}`)
  }
  if (max < 1) causes.invalid('spec.maxReplicas', max, 'must be greater than 0')
  if (min !== undefined && max < min) {
    causes.invalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`')
  }
  const was = old?.spec?.scaleTargetRef
  const isKept = was?.apiVersion === ref.apiVersion && was?.kind === ref.kind
  const rules = {
    isVersionFree: old !== undefined && isKept,
    isGroupFree: ref.kind === 'ReplicationController',
  }
  validateRef(ref, 'spec.scaleTargetRef', rules, causes)
  validateMetrics(spec, old, causes)
  validateBehavior(spec.behavior, 'spec.behavior', causes)
}

export function validateAutoscalerStatus({ status }: KubeObject, causes: Causes): void {
  nonNegative(status?.currentReplicas, 'status.currentReplicas', causes)
  nonNegative(status?.desiredReplicas, 'status.desiredReplicas', causes)
}

/** Source: apimachinery pkg/api/validation/path IsValidPathSegmentName. */
function pathSegmentErrors(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`]
  return ['/', '%'].filter(part => name.includes(part)).map(part => `may not contain '${part}'`)
}

function validateRef(ref: Loose, path: string, rules: RefRules, causes: Causes): void {
  for (const field of ['kind', 'name']) {
    const value: string = ref[field] ?? ''
    if (value === '') causes.required(`${path}.${field}`)
    else judged(value, `${path}.${field}`, pathSegmentErrors, causes)
  }
  const wrong = versionError(ref.apiVersion ?? '', rules)
  if (wrong !== undefined) causes.invalid(`${path}.apiVersion`, ref.apiVersion ?? '', wrong)
}

function versionError(
  apiVersion: string,
  { isVersionFree = false, isGroupFree = false }: RefRules,
): string | undefined {
  if (isVersionFree) return undefined
  if (apiVersion.split('/').length > 2) return `unexpected GroupVersion string: ${apiVersion}`
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return isGroupFree || group !== '' ? undefined : 'apiVersion must specify API group'
}

function validateMetrics(spec: Loose, old: KubeObject | undefined, causes: Causes): void {
  const before: readonly Loose[] = old?.spec?.metrics ?? []
  const free = before.some(
    ({ type, object }) =>
      type === 'Object' &&
      object !== undefined &&
      versionError(object.describedObject?.apiVersion ?? '', { isGroupFree: true }) !== undefined,
  )
  const rules = { isGroupFree: true, isVersionFree: free }
  each(spec.metrics as Loose[], 'spec.metrics', (metric, at) =>
    validateMetric(metric, at, rules, causes),
  )
  const canBeZero = (spec.metrics ?? []).some(
    ({ type }: Loose) => type === 'Object' || type === 'External',
  )
  if (spec.minReplicas !== 0 || canBeZero) return
  const text =
    'must specify at least one Object or External metric to support scaling to zero replicas'
  causes.forbidden('spec.metrics', text)
}

type SourceRule = (source: Loose, at: string, rules: RefRules, causes: Causes) => void

const noTarget = 'must set either a target value or averageValue'

const resourceTarget: SourceRule = ({ target = {} }, at, _rules, causes) => {
  validateTarget(target, `${at}.target`, causes)
  const { averageUtilization: share, averageValue: value } = target
  if (share === undefined && value === undefined) {
    const text = 'must set either a target raw value or a target utilization'
    causes.required(`${at}.target.averageUtilization`, text)
  }
  if (share !== undefined && value !== undefined) {
    const text = 'may not set both a target raw value and a target utilization'
    causes.forbidden(`${at}.target.averageValue`, text)
  }
}

/** In the order in which upstream looks at them. */
const sources: Readonly<Record<string, SourceRule>> = {
  object: (source, at, rules, causes) => {
    validateRef(source.describedObject ?? {}, `${at}.describedObject`, rules, causes)
    validateMetricName(source, at, causes)
    const { value, averageValue } = source.target ?? {}
    if (value === undefined && averageValue === undefined) {
      causes.required(`${at}.target.averageValue`, noTarget)
    }
  },
  external: (source, at, _rules, causes) => {
    validateMetricName(source, at, causes)
    const { value, averageValue } = source.target ?? {}
    if (value === undefined && averageValue === undefined) {
      const text = 'must set either a target value for metric or a per-pod target'
      causes.required(`${at}.target.averageValue`, text)
    }
    if (value !== undefined && averageValue !== undefined) {
      const text = 'may not set both a target value for metric and a per-pod target'
      causes.forbidden(`${at}.target.value`, text)
    }
  },
  pods: (source, at, _rules, causes) => {
    validateMetricName(source, at, causes)
    if (source.target?.averageValue !== undefined) return
    causes.required(`${at}.target.averageValue`, 'must specify a positive target averageValue')
  },
  resource: (source, at, rules, causes) => {
    if (!source.name) causes.required(`${at}.name`, 'must specify a resource name')
    resourceTarget(source, at, rules, causes)
  },
  containerResource: (source, at, rules, causes) => {
    const { name, container } = source
    if (!name) causes.required(`${at}.name`, 'must specify a resource name')
    else containerResourceName(name, `${at}.name`, causes)
    if (!container) causes.required(`${at}.container`, 'must specify a container')
    else judged(container, `${at}.container`, dnsLabelErrors, causes)
    resourceTarget(source, at, rules, causes)
  },
}

function validateMetricName({ metric = {}, target = {} }: Loose, at: string, causes: Causes): void {
  const { name = '' } = metric
  if (name === '') causes.required(`${at}.metric.name`, 'must specify a metric name')
  else judged(name, `${at}.metric.name`, pathSegmentErrors, causes)
  validateTarget(target, `${at}.target`, causes)
}

function validateTarget(target: Loose, at: string, causes: Causes): void {
  const { type = '', averageUtilization: share } = target
  if (type === '') causes.required(`${at}.type`, 'must specify a metric target type')
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    causes.invalid(`${at}.type`, type, 'must be either Utilization, Value, or AverageValue')
  }
  for (const field of ['value', 'averageValue']) {
    const value: string | undefined = target[field]
    if (value === undefined || /^[^-]*[1-9]/.test(value)) continue
    causes.invalid(`${at}.${field}`, value, 'must be positive')
  }
  if (share !== undefined && share < 1) {
    causes.invalid(`${at}.averageUtilization`, share, 'must be greater than 0')
  }
}

const fields: Readonly<Record<string, string>> = {
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  External: 'external',
  ContainerResource: 'containerResource',
}
const types = Object.keys(fields).sort()

function validateMetric(metric: Loose, at: string, rules: RefRules, causes: Causes): void {
  const { type = '' } = metric
  if (type === '') causes.required(`${at}.type`, 'must specify a metric source type')
  const isKnown = Object.hasOwn(fields, type)
  if (!isKnown) causes.notSupported(`${at}.type`, type, types)
  const given = Object.keys(sources).filter(field => metric[field] !== undefined)
  const [first] = given
  if (first !== undefined) sources[first]?.(metric[first], `${at}.${first}`, rules, causes)
  const expected = isKnown ? fields[type] : undefined
  if (expected === undefined) causes.notSupported(`${at}.type`, type, types)
  else if (metric[expected] === undefined) {
    causes.required(`${at}.${expected}`, 'must populate information for the given metric source')
  }
  if (given.length === 1) return
  for (const field of given.filter(one => one !== expected)) {
    causes.forbidden(`${at}.${field}`, 'must populate the given metric source only')
  }
}
