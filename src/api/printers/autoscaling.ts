import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, nameColumn } from './types.ts'

/** Source: printers.go printHorizontalPodAutoscaler, formatHPAMetrics. */
export const horizontalPodAutoscalerColumns: readonly Column[] = [
  nameColumn,
  column(
    'Reference',
    ({ spec }) => `${spec?.scaleTargetRef?.kind ?? ''}/${spec?.scaleTargetRef?.name ?? ''}`,
    'scaleTargetRef points to the target resource to scale, and is used to the pods for ' +
      'which metrics should be collected, as well as to actually change the replica count.',
  ),
  column(
    'Targets',
    metricsText,
    'metrics contains the specifications for which to use to calculate the desired ' +
      'replica count (the maximum replica count across all metrics will be used).  The ' +
      'desired replica count is calculated multiplying the ratio between the target value ' +
      'and the current value by the current number of pods.  Ergo, metrics used must ' +
      'decrease as the pod count is increased, and vice-versa.  See the individual metric ' +
      'source types for more information about how each type of metric must respond.',
  ),
  column(
    'MinPods',
    object => String(object.spec?.minReplicas ?? '<unset>'),
    'minReplicas is the lower limit for the number of replicas to which the autoscaler ' +
      'can scale down.  It defaults to 1 pod.  minReplicas is allowed to be 0 if the alpha ' +
      'feature gate HPAScaleToZero is enabled and at least one Object or External metric ' +
      'is configured.  Scaling is active as long as at least one metric value is ' +
      'available.',
  ),
  column(
    'MaxPods',
    object => object.spec?.maxReplicas ?? 0,
    'maxReplicas is the upper limit for the number of replicas to which the autoscaler ' +
      'can scale up. It cannot be less that minReplicas.',
  ),
  column(
    'Replicas',
    object => object.status?.currentReplicas ?? 0,
    'currentReplicas is current number of replicas of pods managed by this autoscaler, ' +
      'as last seen by the autoscaler.',
  ),
  ageColumn,
]

/** What a metric is measured by: `averageValue`, `value` or `averageUtilization`. */
interface Amount {
  readonly value?: string
  readonly averageValue?: string
  readonly averageUtilization?: number
}

interface Source {
  readonly name?: string
  readonly target?: Amount
  readonly current?: Amount
}

type Metric = Readonly<Record<string, Source | undefined>>

const unknown = '<unknown>'

/** How each type of metric is written. */
const texts: Readonly<Record<string, (target: Source, current: Source | undefined) => string>> = {
  External: valueText,
  Object: valueText,
  Pods: ({ target }, current) =>
    `${current ? (current.current?.averageValue ?? '0') : unknown}/${target?.averageValue ?? '0'}`,
  Resource: resourceText,
  ContainerResource: resourceText,
}

const sources: Readonly<Record<string, string>> = {
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
}

function valueText({ target }: Source, current: Source | undefined): string {
  if (target?.averageValue !== undefined) {
    return `${current?.current?.averageValue ?? unknown}/${target.averageValue} (avg)`
  }
  return `${current ? (current.current?.value ?? '0') : unknown}/${target?.value ?? '0'}`
}

function resourceText({ name = '', target }: Source, current: Source | undefined): string {
  if (target?.averageValue !== undefined) {
    const now = current ? (current.current?.averageValue ?? '0') : unknown
    return `${name}: ${now}/${target.averageValue}`
  }
  const share = (amount: number | undefined, none: string) =>
    amount === undefined ? none : `${amount}%`
  const now = share(current?.current?.averageUtilization, unknown)
  return `${name}: ${now}/${share(target?.averageUtilization, '<auto>')}`
}

const shownMax = 2

function metricsText({ spec, status }: KubeObject): string {
  const metrics: readonly Metric[] = spec?.metrics ?? []
  if (metrics.length === 0) return '<none>'
  const list = metrics.map((metric, index) => {
    const type = String(metric.type)
    const text = Object.hasOwn(texts, type) ? texts[type] : undefined
    const source = sources[type] ?? ''
    return (
      text?.(metric[source] ?? {}, status?.currentMetrics?.[index]?.[source]) ?? '<unknown type>'
    )
  })
  const shown = list.slice(0, shownMax).join(', ')
  return list.length > shownMax ? `${shown} + ${list.length - shownMax} more...` : shown
}
