import { kinds } from '../../api/kinds.ts'
import type { Node, NodeCondition, Pod, Taint } from '../../api/objects.ts'
import { isStatusReason } from '../../api/status.ts'
import { equal } from '../shared/canonical.ts'
import { ignoring } from '../shared/ignoring.ts'
import { formatTime } from '../shared/time.ts'
import { type Context, type Controller, done, type Outcome, watch } from '../types.ts'
import { evictionDelayMs } from './eviction.ts'

/** How often a node is looked at: a lease that is not renewed makes no event. */
const monitorMs = 1_000
const leaseNamespace = 'kube-node-lease'
const byNode = 'node'

/** Condition of a silent node. Source: node_lifecycle_controller.go. */
const unknownText = {
  reason: 'NodeStatusUnknown',
  message: 'Kubelet stopped posting node status.',
} as const

const notReadyTaint = 'node.kubernetes.io/not-ready'
const unreachableTaint = 'node.kubernetes.io/unreachable'
const unschedulableTaint = 'node.kubernetes.io/unschedulable'
const ownTaints = [notReadyTaint, unreachableTaint, unschedulableTaint]

/**
 * Marks silent nodes Unknown, taints nodes by their conditions, and evicts the pods that do not
 * tolerate a NoExecute taint. Source: pkg/controller/nodelifecycle, pkg/controller/tainteviction.
 */
export const nodeLifecycle: Controller = {
  name: 'node',
  workers: 4,
  watches: [
    watch(kinds.nodes, node => [node.metadata.name ?? '']),
    watch(kinds.leases, () => []),
    watch(kinds.pods, (pod, _context, old) =>
      pod.spec.nodeName && pod.spec.nodeName !== old?.spec.nodeName ? [pod.spec.nodeName] : [],
    ),
  ],
  indexes: [
    {
      kind: kinds.pods,
      name: byNode,
      of: (pod: Pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []),
    },
  ],
  reconcile,
}

async function reconcile(name: string, context: Context): Promise<Outcome> {
  const node = context.lister(kinds.nodes).get(undefined, name)
  if (!node) {
    sightings.get(context)?.delete(name)
    return done
  }
  const current = await markSilent(node, context)
  const tainted = await applyTaints(current, context)
  const pods = context.lister(kinds.pods).byIndex(byNode, name)
  if (readyOf(tainted)?.status !== 'True') await markPodsNotReady(pods, context)
  const nextMs = await evict(tainted, pods, context)
  return { requeueAfterMs: Math.min(nextMs ?? monitorMs, monitorMs) }
}

function readyOf(node: Node): NodeCondition | undefined {
  return node.status?.conditions?.find(condition => condition.type === 'Ready')
}

/**
 * When a sign of life was last seen to change, by our own clock: not when the node says it was.
 * So a new leader, or a cluster that was down as a whole, gives every node its full grace, and
 * clocks that differ do no harm. Source: node_lifecycle_controller.go nodeHealthData.
 */
const observations = new WeakMap<Context, Map<string, { sign: string; at: number }>>()

function silentSince(node: Node, context: Context): number {
  const name = node.metadata.name ?? ''
  const lease = context.lister(kinds.leases).get(leaseNamespace, name)
  const sign = `${node.metadata.uid} ${lease?.spec?.renewTime} ${readyOf(node)?.lastHeartbeatTime}`
  const known = observations.get(context) ?? new Map()
  observations.set(context, known)
  if (known.get(name)?.sign !== sign) known.set(name, { sign, at: context.clock.now() })
  return known.get(name)?.at ?? context.clock.now()
}

/** All conditions become Unknown when nothing was heard for longer than the grace. */
async function markSilent(node: Node, context: Context): Promise<Node> {
  const name = node.metadata.name ?? ''
  const silentMs = context.clock.now() - silentSince(node, context)
  if (silentMs <= context.settings.nodeMonitorGraceMs) return node
  if (readyOf(node)?.status === 'Unknown') return node
  const time = formatTime(context.clock.wall())
  const known = node.status?.conditions ?? []
  const types = [...new Set(['Ready', ...known.map(condition => condition.type)])]
  const conditions = types.map(type => ({
    ...known.find(condition => condition.type === type),
    type,
    status: 'Unknown',
    lastTransitionTime: time,
    ...unknownText,
  }))
  const text = `Node ${name} status is now: NodeNotReady`
  context.recorder.event(node, 'Normal', 'NodeNotReady', text)
  context.logger.info('node is silent', { node: name, silentMs: Math.round(silentMs) })
  return context.client.patch(kinds.nodes, undefined, name, {
    type: 'strategic',
    body: { status: { conditions } },
    subresource: 'status',
  })
}

/** The taints that a node's conditions and spec.unschedulable call for. */
function wantedTaints(node: Node): Omit<Taint, 'timeAdded'>[] {
  const taints: Omit<Taint, 'timeAdded'>[] = []
  if (node.spec?.unschedulable) taints.push({ key: unschedulableTaint, effect: 'NoSchedule' })
  const ready = readyOf(node)
  if (!ready || ready.status === 'True') return taints
  const key = ready.status === 'Unknown' ? unreachableTaint : notReadyTaint
  taints.push({ key, effect: 'NoSchedule' }, { key, effect: 'NoExecute' })
  return taints
}

async function applyTaints(node: Node, context: Context): Promise<Node> {
  const present = node.spec?.taints ?? []
  const wanted = wantedTaints(node)
  const same = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect
  const kept = present.filter(
    taint => !ownTaints.includes(taint.key) || wanted.some(each => same(each, taint)),
  )
  const timeAdded = formatTime(context.clock.wall())
  const added = wanted
    .filter(taint => !present.some(each => same(each, taint)))
    .map(taint => (taint.effect === 'NoExecute' ? { ...taint, timeAdded } : taint))
  const next = [...kept, ...added]
  if (equal(next, present)) return node
  const { name = '', resourceVersion } = node.metadata
  return context.client.patch(kinds.nodes, undefined, name, {
    type: 'merge',
    body: { metadata: { resourceVersion }, spec: { taints: next.length > 0 ? next : null } },
  })
}

/** Endpoints must not lead to a node that nobody hears of. Source: MarkPodsNotReady. */
async function markPodsNotReady(pods: readonly Pod[], context: Context): Promise<void> {
  for (const pod of pods) {
    const ready = pod.status?.conditions?.find(condition => condition.type === 'Ready')
    if (ready?.status !== 'True') continue
    const condition = {
      type: 'Ready',
      status: 'False',
      reason: 'NodeNotReady',
      lastTransitionTime: formatTime(context.clock.wall()),
    }
    const { namespace, name = '', uid } = pod.metadata
    try {
      await context.client.patch(kinds.pods, namespace, name, {
        type: 'strategic',
        body: { metadata: { uid }, status: { conditions: [condition] } },
        subresource: 'status',
      })
      context.recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
    } catch (error) {
      if (!isStatusReason(error, 'NotFound') && !isStatusReason(error, 'Conflict')) throw error
    }
  }
}

/** When each NoExecute taint of a node was seen first in this term, by node, wall clock. */
const sightings = new WeakMap<Context, Map<string, Map<string, number>>>()

/** Who taints by hand (kubectl) does not say when: it counts from when it was seen. */
function firstSeen(
  node: Node,
  taints: readonly Taint[],
  context: Context,
): (taint: Taint) => number {
  const nodes = sightings.get(context) ?? new Map<string, Map<string, number>>()
  sightings.set(context, nodes)
  const name = node.metadata.name ?? ''
  const before = nodes.get(name)
  const idOf = ({ key, value, effect }: Taint) => `${key}=${value ?? ''}:${effect}`
  const now = context.clock.wall()
  const seen = new Map(taints.map(taint => [idOf(taint), before?.get(idOf(taint)) ?? now]))
  if (seen.size > 0) nodes.set(name, seen)
  else nodes.delete(name)
  return taint => seen.get(idOf(taint)) ?? now
}

/** Deletes the pods whose tolerance is over. Returns the milliseconds until the next one's. */
async function evict(
  node: Node,
  pods: readonly Pod[],
  context: Context,
): Promise<number | undefined> {
  const taints = (node.spec?.taints ?? []).filter(taint => taint.effect === 'NoExecute')
  const seenAt = firstSeen(node, taints, context)
  if (taints.length === 0) return undefined
  const now = context.clock.wall()
  let nextMs: number | undefined
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp) continue
    const { startTime } = pod.status ?? {}
    const since = Date.parse(startTime ?? pod.metadata.creationTimestamp ?? '') || 0
    const delayMs = evictionDelayMs(taints, pod.spec.tolerations ?? [], now, seenAt, since)
    if (delayMs === undefined) continue
    if (delayMs > 0) {
      nextMs = Math.min(nextMs ?? delayMs, delayMs)
      continue
    }
    const { namespace, name = '', uid } = pod.metadata
    context.recorder.event(
      pod,
      'Normal',
      'TaintManagerEviction',
      `Marking for deletion Pod ${namespace}/${name}`,
    )
    await ignoring(
      ['NotFound', 'Conflict'],
      context.client.delete(kinds.pods, namespace, name, { preconditions: { uid } }),
    )
  }
  return nextMs
}
