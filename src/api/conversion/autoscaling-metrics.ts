/**
 * Metrics of autoscaling/v1, which live in annotations, and those of v2.
 * Source: kubernetes pkg/apis/autoscaling/v1/conversion.go.
 */

type Tree = Record<string, unknown>

/**
 * A field of v1 and its path in v2, in the order in which Go writes v1. `zero`: it is no pointer in
 * v1, and is this when v2 has nothing.
 */
type Field = readonly [old: string, path: string, zero?: string]

interface Kind {
  readonly type: string
  readonly key: string
  readonly source: readonly Field[]
  readonly status: readonly Field[]
  /** What kind of target a v1 source has. */
  targetType(source: Tree): string
}

const has = (source: Tree, field: string) => source[field] !== undefined && source[field] !== null

const resource = {
  source: [
    ['name', 'name', ''],
    ['targetAverageUtilization', 'target.averageUtilization'],
    ['targetAverageValue', 'target.averageValue'],
  ],
  status: [
    ['name', 'name', ''],
    ['currentAverageUtilization', 'current.averageUtilization'],
    ['currentAverageValue', 'current.averageValue', '0'],
  ],
  targetType: (source: Tree) =>
    has(source, 'targetAverageUtilization') ? 'Utilization' : 'AverageValue',
} satisfies Partial<Kind>

const container: Field = ['container', 'container', '']

/** In the order in which Go writes a v1 metric. */
const kinds: readonly Kind[] = [
  {
    type: 'Object',
    key: 'object',
    source: [
      ['target', 'describedObject'],
      ['metricName', 'metric.name', ''],
      ['targetValue', 'target.value', '0'],
      ['selector', 'metric.selector'],
      ['averageValue', 'target.averageValue'],
    ],
    status: [
      ['target', 'describedObject'],
      ['metricName', 'metric.name', ''],
      ['currentValue', 'current.value', '0'],
      ['selector', 'metric.selector'],
      ['averageValue', 'current.averageValue'],
    ],
    targetType: source => (has(source, 'averageValue') ? 'AverageValue' : 'Value'),
  },
  {
    type: 'Pods',
    key: 'pods',
    source: [
      ['metricName', 'metric.name', ''],
      ['targetAverageValue', 'target.averageValue', '0'],
      ['selector', 'metric.selector'],
    ],
    status: [
      ['metricName', 'metric.name', ''],
      ['currentAverageValue', 'current.averageValue', '0'],
      ['selector', 'metric.selector'],
    ],
    targetType: () => 'AverageValue',
  },
  { type: 'Resource', key: 'resource', ...resource },
  {
    type: 'ContainerResource',
    key: 'containerResource',
    source: [...resource.source, container],
    status: [...resource.status, container],
    targetType: resource.targetType,
  },
  {
    type: 'External',
    key: 'external',
    source: [
      ['metricName', 'metric.name', ''],
      ['metricSelector', 'metric.selector'],
      ['targetValue', 'target.value'],
      ['targetAverageValue', 'target.averageValue'],
    ],
    status: [
      ['metricName', 'metric.name', ''],
      ['metricSelector', 'metric.selector'],
      ['currentValue', 'current.value', '0'],
      ['currentAverageValue', 'current.averageValue'],
    ],
    targetType: source => (has(source, 'targetValue') ? 'Value' : 'AverageValue'),
  },
]

type Part = 'source' | 'status'

/** A v2 metric, or metric's status, as v1 writes it. */
export function toV1Metric(metric: Tree, part: Part): Tree {
  const result: Tree = { type: metric.type ?? '' }
  for (const kind of kinds) {
    const from = metric[kind.key]
    if (!isTree(from)) continue
    const to: Tree = {}
    for (const [old, path, zero] of kind[part]) {
      const value = at(from, path) ?? zero
      if (value !== undefined) to[old] = value
    }
    result[kind.key] = to
  }
  return result
}

/** The v2 metric, or metric's status, of what v1 has written. */
export function fromV1Metric(metric: Tree, part: Part): Tree {
  const result: Tree = { type: metric.type ?? '' }
  for (const kind of kinds) {
    const from = metric[kind.key]
    if (!isTree(from)) continue
    const to: Tree = {}
    for (const [old, path, zero] of kind[part]) {
      const value = from[old] ?? zero
      if (value !== undefined) put(to, path, value)
    }
    if (part === 'source') put(to, 'target.type', kind.targetType(from))
    result[kind.key] = to
  }
  return result
}

function at(tree: Tree, path: string): unknown {
  let value: unknown = tree
  for (const key of path.split('.')) value = isTree(value) ? value[key] : undefined
  return value ?? undefined
}

/** Paths are those of the tables above: no client names them. */
function put(tree: Tree, path: string, value: unknown): void {
  const [first = '', second] = path.split('.')
  if (second === undefined) tree[first] = value
  else tree[first] = { ...(tree[first] as Tree | undefined), [second]: value }
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
