import { kinds } from '../../api/kinds.ts'
import type { Pod, ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '../../api/objects.ts'
import { matchesLabels, selectorOf } from '../../api/selectors.ts'
import { hasStatusCause, isStatusReason, namespaceTerminating } from '../../api/status.ts'
import { errorMessage } from '../../kernel/result.ts'
import { equal } from '../shared/canonical.ts'
import {
  byController,
  controllerOf,
  controllerUidIndex,
  newControllerRef,
} from '../shared/owners.ts'
import { availableInMs, isPodActive, isPodReady } from '../shared/pods.ts'
import { formatTime } from '../shared/time.ts'
import {
  type Context,
  type Controller,
  done,
  keyOf,
  type Outcome,
  splitKey,
  watch,
} from '../types.ts'
import { comparePodsToDelete } from './ranking.ts'

/** Pods created or deleted in one pass. Source: replica_set.go BurstReplicas. */
const burstMax = 500
/** A cache that is behind is looked at again soon, though the event will come by itself. */
const cacheBehindMs = 1_000

/** Keeps the number of pods. Source: pkg/controller/replicaset/replica_set.go. */
export const replicaSet: Controller = {
  name: 'replicaset',
  workers: 5,
  watches: [
    watch(kinds.replicaSets, object => [keyOf(object)]),
    watch(kinds.pods, (pod, context) => ownersOf(pod, context)),
  ],
  indexes: [{ kind: kinds.pods, name: byController, of: controllerUidIndex }],
  reconcile,
}

/** The owner, or for an orphan every ReplicaSet that may want to adopt it. */
function ownersOf(pod: Pod, context: Context): string[] {
  const namespace = pod.metadata.namespace ?? ''
  const owner = controllerOf(pod)
  if (owner) return owner.kind === 'ReplicaSet' ? [`${namespace}/${owner.name}`] : []
  if (Object.keys(pod.metadata.labels ?? {}).length === 0) return []
  return context
    .lister(kinds.replicaSets)
    .byNamespace(namespace)
    .filter(each => matchesLabels(selectorOf(each.spec.selector), pod.metadata.labels))
    .map(keyOf)
}

async function reconcile(key: string, context: Context): Promise<Outcome> {
  const { namespace, name } = splitKey(key)
  const pods = context.lister(kinds.pods)
  const set = context.lister(kinds.replicaSets).get(namespace, name)
  if (!set) {
    context.expectations.forget(key)
    return done
  }
  const owned = await claimPods(set, context)
  const stillThere = (uid: string) =>
    owned.some(pod => pod.metadata.uid === uid && !pod.metadata.deletionTimestamp)
  const current = context.cacheRevision(kinds.pods)
  if (!context.expectations.satisfied(key, current, stillThere)) {
    return { requeueAfterMs: cacheBehindMs }
  }
  const active = owned.filter(isPodActive)
  let failure: string | undefined
  if (!set.metadata.deletionTimestamp) {
    failure = await scale(key, set, active, pods.byNamespace(namespace), context)
  }
  const nextMs = await updateStatus(set, active, failure, context)
  if (failure) throw new Error(failure)
  return nextMs === undefined ? done : { requeueAfterMs: nextMs }
}

/** Owned pods, after adopting orphans that match and releasing owned pods that no longer do. */
async function claimPods(set: ReplicaSet, context: Context): Promise<Pod[]> {
  const lister = context.lister(kinds.pods)
  const namespace = set.metadata.namespace ?? ''
  const selector = selectorOf(set.spec.selector)
  const claimed: Pod[] = []
  for (const pod of lister.byIndex(byController, set.metadata.uid ?? '')) {
    if (matchesLabels(selector, pod.metadata.labels)) claimed.push(pod)
    else if (!pod.metadata.deletionTimestamp) await release(pod, set, context)
  }
  if (set.metadata.deletionTimestamp) return claimed
  for (const pod of lister.byNamespace(namespace)) {
    if (controllerOf(pod) || !isPodActive(pod)) continue
    if (!matchesLabels(selector, pod.metadata.labels)) continue
    const adopted = await adopt(pod, set, context)
    if (adopted) claimed.push(adopted)
  }
  return claimed
}

async function release(pod: Pod, set: ReplicaSet, context: Context): Promise<void> {
  const body = {
    metadata: {
      uid: pod.metadata.uid,
      ownerReferences: [{ $patch: 'delete', uid: set.metadata.uid }],
    },
  }
  await patchPod(pod, body, context)
}

async function adopt(pod: Pod, set: ReplicaSet, context: Context): Promise<Pod | undefined> {
  const reference = newControllerRef(set, kinds.replicaSets)
  const body = { metadata: { uid: pod.metadata.uid, ownerReferences: [reference] } }
  return patchPod(pod, body, context)
}

async function patchPod(pod: Pod, body: object, context: Context): Promise<Pod | undefined> {
  const { namespace, name = '' } = pod.metadata
  try {
    return await context.client.patch(kinds.pods, namespace, name, { type: 'strategic', body })
  } catch (error) {
    // Gone, or another object of that name by now.
    if (isStatusReason(error, 'NotFound') || isStatusReason(error, 'Invalid')) return undefined
    throw error
  }
}

/** Creates or deletes the difference. Returns what went wrong, for the status. */
async function scale(
  key: string,
  set: ReplicaSet,
  active: readonly Pod[],
  siblings: readonly Pod[],
  context: Context,
): Promise<string | undefined> {
  const diff = (set.spec.replicas ?? 1) - active.length
  if (diff > 0) return createPods(key, set, Math.min(diff, burstMax), context)
  if (diff === 0) return undefined
  const victims = [...active]
    .sort(comparePodsToDelete(siblings, context.clock.wall()))
    .slice(0, Math.min(-diff, burstMax))
  const results = await Promise.all(victims.map(pod => deletePod(key, set, pod, context)))
  return results.find(result => result !== undefined)
}

/** Slow start: 1, 2, 4 ... so that a quota or a webhook refuses one pod, not hundreds. */
async function createPods(
  key: string,
  set: ReplicaSet,
  count: number,
  context: Context,
): Promise<string | undefined> {
  let left = count
  for (let batch = Math.min(count, 1); left > 0; batch = Math.min(2 * batch, left)) {
    const results = await Promise.all(
      Array.from({ length: batch }, () => createPod(key, set, context)),
    )
    const failure = results.find(result => result !== undefined)
    if (failure !== undefined) return failure
    left -= batch
  }
  return undefined
}

async function createPod(
  key: string,
  set: ReplicaSet,
  context: Context,
): Promise<string | undefined> {
  const { namespace, name = '' } = set.metadata
  const template = set.spec.template
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...template?.metadata?.labels },
      annotations: template?.metadata?.annotations,
      finalizers: template?.metadata?.finalizers,
      ownerReferences: [newControllerRef(set, kinds.replicaSets)],
    },
    spec: structuredClone(template?.spec ?? { containers: [] }),
  }
  try {
    const created = await context.client.create(kinds.pods, pod)
    context.expectations.created(key, created.metadata.resourceVersion)
    const text = `Created pod: ${created.metadata.name}`
    context.recorder.event(set, 'Normal', 'SuccessfulCreate', text)
    return undefined
  } catch (error) {
    if (hasStatusCause(error, namespaceTerminating)) return undefined
    const message = errorMessage(error)
    context.recorder.event(set, 'Warning', 'FailedCreate', `Error creating: ${message}`)
    return message
  }
}

async function deletePod(
  key: string,
  set: ReplicaSet,
  pod: Pod,
  context: Context,
): Promise<string | undefined> {
  const { namespace, name = '', uid = '' } = pod.metadata
  context.expectations.deleted(key, uid)
  try {
    await context.client.delete(kinds.pods, namespace, name, { preconditions: { uid } })
    context.recorder.event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
    return undefined
  } catch (error) {
    if (isStatusReason(error, 'NotFound') || isStatusReason(error, 'Conflict')) return undefined
    context.expectations.forget(key)
    const message = errorMessage(error)
    context.recorder.event(set, 'Warning', 'FailedDelete', `Error deleting: ${message}`)
    return message
  }
}

/** Returns the milliseconds until a ready pod becomes available, if one is on its way. */
async function updateStatus(
  set: ReplicaSet,
  active: readonly Pod[],
  failure: string | undefined,
  context: Context,
): Promise<number | undefined> {
  const now = context.clock.wall()
  const waits = active.map(pod => availableInMs(pod, set.spec.minReadySeconds ?? 0, now))
  const templateLabels = selectorOf({ matchLabels: set.spec.template?.metadata?.labels ?? {} })
  const status: ReplicaSetStatus = {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(pod => matchesLabels(templateLabels, pod.metadata.labels))
      .length,
    readyReplicas: active.filter(isPodReady).length,
    availableReplicas: waits.filter(wait => wait === 0).length,
    observedGeneration: set.metadata.generation,
    conditions: conditionsOf(set, failure, now),
  }
  const pending = waits.filter(wait => wait !== undefined && wait > 0) as number[]
  const nextMs = pending.length > 0 ? Math.min(...pending) : undefined
  if (equal(dropZeros(status), dropZeros(set.status ?? { replicas: 0 }))) return nextMs
  await context.client.update(kinds.replicaSets, { ...set, status }, { subresource: 'status' })
  return nextMs
}

/** Absent and zero are the same on the wire (Go's omitempty). */
function dropZeros(status: ReplicaSetStatus): object {
  const entries = Object.entries(status).filter(
    ([, value]) => value !== 0 && !(Array.isArray(value) && value.length === 0),
  )
  return Object.fromEntries(entries)
}

function conditionsOf(
  set: ReplicaSet,
  failure: string | undefined,
  now: number,
): ReplicaSetCondition[] | undefined {
  const others = (set.status?.conditions ?? []).filter(each => each.type !== 'ReplicaFailure')
  const before = set.status?.conditions?.find(each => each.type === 'ReplicaFailure')
  if (failure === undefined) return others.length > 0 ? others : undefined
  const lastTransitionTime = before?.lastTransitionTime ?? formatTime(now)
  const condition: ReplicaSetCondition = {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: failure,
    lastTransitionTime,
  }
  return [...others, condition]
}
