import { parseJsonExact, stringifyJson } from '../json.ts'
import type { Conversion } from '../resources/types.ts'
import type { KubeObject } from '../types.ts'
import { behaviorOf, behaviorText } from './autoscaling-behavior.ts'
import { fromV1Metric, isTree, toV1Metric } from './autoscaling-metrics.ts'

/**
 * autoscaling/v1 knows of one metric, CPU: what else a HorizontalPodAutoscaler has is in
 * annotations, that nothing is lost when a client of v1 writes it back.
 * Source: kubernetes pkg/apis/autoscaling/v1/conversion.go, pkg/apis/autoscaling/annotations.go.
 */
export const autoscalerConversion: Conversion = { toServed, toStored }

const prefix = 'autoscaling.alpha.kubernetes.io/'
const annotationsOf = {
  metrics: `${prefix}metrics`,
  currentMetrics: `${prefix}current-metrics`,
  conditions: `${prefix}conditions`,
  behavior: `${prefix}behavior`,
} as const
/** Taken off on the way in and out, besides those above. */
const tolerances = [`${prefix}scale-down-tolerance`, `${prefix}scale-up-tolerance`]

/** Source: DefaultCPUUtilization. */
const cpuShareDefault = 80

type Tree = Record<string, unknown>

function toServed(object: KubeObject): KubeObject {
  const { metrics: given, behavior, ...spec } = object.spec ?? {}
  const { currentMetrics: measured, conditions: stated, ...status } = object.status ?? {}
  // Go writes lists that are empty as null.
  const [metrics, currentMetrics, conditions] = [given ?? [], measured ?? [], stated ?? []]
  const annotations = withoutOurs(object)
  const add = (name: keyof typeof annotationsOf, text: string) => {
    annotations[annotationsOf[name]] = text
  }
  const others = (metrics as Tree[]).filter(metric => cpuShareOf(metric, 'target') === undefined)
  if (others.length > 0) add('metrics', stringifyJson(others.map(one => toV1Metric(one, 'source'))))
  if (currentMetrics.length > 0) {
    const list = (currentMetrics as Tree[]).map(one => toV1Metric(one, 'status'))
    add('currentMetrics', stringifyJson(list))
  }
  if (isTree(behavior)) add('behavior', behaviorText(behavior))
  if (conditions.length > 0) add('conditions', stringifyJson(conditions.map(conditionOf)))
  const target = first(metrics, 'target')
  const current = last(currentMetrics, 'current')
  return withAnnotations(annotations, {
    ...object,
    spec: { ...spec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: {
      ...status,
      ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }),
    },
  })
}

function toStored(object: KubeObject): KubeObject {
  const { targetCPUUtilizationPercentage: share, ...spec } = object.spec ?? {}
  const { currentCPUUtilizationPercentage: now, ...status } = object.status ?? {}
  const given = object.metadata.annotations ?? {}
  const annotated = (name: keyof typeof annotationsOf) => parsed(given[annotationsOf[name]])
  const metrics = share === undefined ? [] : [cpuMetric('target', share, 'Utilization')]
  const others = treesOf(annotated('metrics'))
  if (others !== undefined) metrics.unshift(...others.map(one => fromV1Metric(one, 'source')))
  if (metrics.length === 0) metrics.push(cpuMetric('target', cpuShareDefault, 'Utilization'))
  const behavior = behaviorOf(annotated('behavior'))
  const current = treesOf(annotated('currentMetrics'))?.map(one => fromV1Metric(one, 'status'))
  const simple = now === undefined ? undefined : [cpuMetric('current', now)]
  const conditions = treesOf(annotated('conditions'))
  return withAnnotations(withoutOurs(object), {
    ...object,
    spec: { ...spec, metrics, ...(behavior === undefined ? {} : { behavior }) },
    status: {
      ...status,
      currentMetrics: current ?? simple ?? [],
      ...(conditions === undefined ? {} : { conditions }),
    },
  })
}

/** The share of the CPU that a metric is about; undefined for any other metric. */
function cpuShareOf({ type, resource }: Tree, part: 'target' | 'current'): number | undefined {
  if (type !== 'Resource' || !isTree(resource) || resource.name !== 'cpu') return undefined
  const amount = resource[part]
  return isTree(amount) ? (amount.averageUtilization as number | undefined) : undefined
}

function first(metrics: readonly Tree[], part: 'target'): number | undefined {
  return metrics.map(one => cpuShareOf(one, part)).find(one => one !== undefined)
}

function last(metrics: readonly Tree[], part: 'current'): number | undefined {
  return metrics.map(one => cpuShareOf(one, part)).findLast(one => one !== undefined)
}

function cpuMetric(part: 'target' | 'current', share: number, type?: string): Tree {
  const amount = { ...(type === undefined ? {} : { type }), averageUtilization: share }
  return { type: 'Resource', resource: { name: 'cpu', [part]: amount } }
}

/** A condition with its fields in Go's order; a time that is not there is written. */
function conditionOf({ type, status, lastTransitionTime, reason, message }: Tree): Tree {
  return {
    type: type ?? '',
    status: status ?? '',
    lastTransitionTime: lastTransitionTime ?? null,
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
  }
}

function withoutOurs({ metadata }: KubeObject): Record<string, string> {
  const result = { ...metadata.annotations }
  for (const name of [...Object.values(annotationsOf), ...tolerances]) delete result[name]
  return result
}

function withAnnotations(annotations: Record<string, string>, object: KubeObject): KubeObject {
  const { annotations: _before, ...metadata } = object.metadata
  const has = Object.keys(annotations).length > 0
  return { ...object, metadata: { ...metadata, ...(has ? { annotations } : {}) } }
}

/** Clients write annotations: what is no JSON is not there. */
function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return parseJsonExact(text)
  } catch {
    return undefined
  }
}

function treesOf(value: unknown): Tree[] | undefined {
  return Array.isArray(value) && value.every(isTree) ? value : undefined
}
