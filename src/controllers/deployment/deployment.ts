import { kinds } from '../../api/kinds.ts'
import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../../api/objects.ts'
import { matchesLabels, selectorOf } from '../../api/selectors.ts'
import { isStatusReason } from '../../api/status.ts'
import { equal } from '../shared/canonical.ts'
import { templateHash, templateHashLabel } from '../shared/hash.ts'
import {
  byController,
  controllerOf,
  controllerUidIndex,
  newControllerRef,
} from '../shared/owners.ts'
import { isPodFinished } from '../shared/pods.ts'
import {
  type Context,
  type Controller,
  done,
  keyOf,
  type Outcome,
  splitKey,
  watch,
} from '../types.ts'
import {
  annotations,
  byAge,
  compareRevisions,
  findNewSet,
  newestOf,
  nextRevision,
  ownAnnotations,
  revisionOf,
  rollingLimits,
  sumReplicas,
} from './replica-sets.ts'
import { proportionalSizes, type Resize, rollingStep } from './rolling.ts'
import { computeStatus, isComplete } from './status.ts'

const historyDefault = 10
/** A stuck rollout must notice its deadline though nothing changes. */
const progressCheckMs = 10_000

/** Rollouts over ReplicaSets. Source: pkg/controller/deployment. */
export const deployment: Controller = {
  name: 'deployment',
  workers: 5,
  watches: [
    watch(kinds.deployments, object => [keyOf(object)]),
    watch(kinds.replicaSets, set => ownerKey(set)),
    watch(kinds.pods, (pod, context) => recreateKey(pod, context)),
  ],
  indexes: [
    { kind: kinds.replicaSets, name: byController, of: controllerUidIndex },
    { kind: kinds.pods, name: byController, of: controllerUidIndex },
  ],
  reconcile,
}

function ownerKey(set: ReplicaSet): string[] {
  const owner = controllerOf(set)
  return owner?.kind === 'Deployment' ? [`${set.metadata.namespace}/${owner.name}`] : []
}

/** Only Recreate waits for old pods to be gone. */
function recreateKey(pod: Pod, context: Context): string[] {
  const owner = controllerOf(pod)
  if (owner?.kind !== 'ReplicaSet') return []
  const set = context.lister(kinds.replicaSets).get(pod.metadata.namespace, owner.name)
  const key = set && ownerKey(set)[0]
  if (!key) return []
  const { namespace, name } = splitKey(key)
  const found = context.lister(kinds.deployments).get(namespace, name)
  return found?.spec.strategy?.type === 'Recreate' ? [key] : []
}

async function reconcile(key: string, context: Context): Promise<Outcome> {
  const { namespace, name } = splitKey(key)
  const found = context.lister(kinds.deployments).get(namespace, name)
  if (!found) {
    context.expectations.forget(key)
    return done
  }
  const current = context.cacheRevision(kinds.replicaSets)
  if (!context.expectations.satisfied(key, current, () => false)) return { requeueAfterMs: 50 }
  const sets = await claimSets(found, context)
  if (found.metadata.deletionTimestamp) {
    await writeStatus(
      found,
      computeStatus(found, findNewSet(found, sets), sets, now(context)),
      context,
    )
    return done
  }
  const after = found.spec.paused
    ? await syncPaused(key, found, sets, context)
    : await rollout(key, found, sets, context)
  const status = computeStatus(found, findNewSet(found, after), after, now(context))
  await writeStatus(found, status, context)
  if (isComplete(found, status)) {
    await cleanUpHistory(found, after, context)
    return done
  }
  return found.spec.paused ? done : { requeueAfterMs: progressCheckMs }
}

const now = (context: Context) => context.clock.wall()

/** Owned ReplicaSets, after adopting matching orphans. */
async function claimSets(found: Deployment, context: Context): Promise<ReplicaSet[]> {
  const lister = context.lister(kinds.replicaSets)
  const selector = selectorOf(found.spec.selector)
  const claimed = [...lister.byIndex(byController, found.metadata.uid ?? '')]
  if (found.metadata.deletionTimestamp) return claimed
  for (const set of lister.byNamespace(found.metadata.namespace ?? '')) {
    if (controllerOf(set) || set.metadata.deletionTimestamp) continue
    if (!matchesLabels(selector, set.metadata.labels)) continue
    const ownerReferences = [newControllerRef(found, kinds.deployments)]
    const { namespace, name = '', uid } = set.metadata
    const body = { metadata: { uid, ownerReferences } }
    claimed.push(
      await context.client.patch(kinds.replicaSets, namespace, name, { type: 'strategic', body }),
    )
  }
  return claimed
}

async function syncPaused(
  key: string,
  found: Deployment,
  sets: ReplicaSet[],
  context: Context,
): Promise<ReplicaSet[]> {
  const newSet = findNewSet(found, sets)
  if (isScaling(found, sets))
    return applySizes(key, found, scaledSizes(found, newSet, sets), sets, context)
  return sets
}

async function rollout(
  key: string,
  found: Deployment,
  sets: ReplicaSet[],
  context: Context,
): Promise<ReplicaSet[]> {
  const known = findNewSet(found, sets)
  if (isScaling(found, sets)) {
    return applySizes(key, found, scaledSizes(found, known, sets), sets, context)
  }
  const oldSets = sets.filter(set => set !== known)
  if (found.spec.strategy?.type === 'Recreate') {
    return recreate(key, found, known, oldSets, context)
  }
  const newSet = known
    ? await refreshNewSet(found, known, oldSets, context)
    : await createNewSet(key, found, oldSets, context)
  if (!newSet) return sets
  const all = [newSet, ...oldSets]
  return applySizes(key, found, rollingStep(found, newSet, oldSets), all, context)
}

/** All old pods away, then the new ones. */
async function recreate(
  key: string,
  found: Deployment,
  known: ReplicaSet | undefined,
  oldSets: ReplicaSet[],
  context: Context,
): Promise<ReplicaSet[]> {
  const running = oldSets.filter(set => (set.spec.replicas ?? 1) > 0)
  const all = known ? [known, ...oldSets] : oldSets
  if (running.length > 0) {
    const sizes = running.map(set => ({ set, replicas: 0 }))
    return applySizes(key, found, sizes, all, context)
  }
  const pods = context.lister(kinds.pods)
  const leftOver = oldSets.some(set =>
    pods.byIndex(byController, set.metadata.uid ?? '').some(pod => !isPodFinished(pod)),
  )
  if (leftOver) return all
  const newSet = known
    ? await refreshNewSet(found, known, oldSets, context)
    : await createNewSet(key, found, oldSets, context)
  if (!newSet) return all
  const sizes = [{ set: newSet, replicas: found.spec.replicas ?? 1 }]
  return applySizes(key, found, sizes, [newSet, ...oldSets], context)
}

/** Whether somebody changed spec.replicas since the sets were sized. Source: isScalingEvent. */
function isScaling(found: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets
    .filter(set => (set.spec.replicas ?? 1) > 0)
    .some(set => {
      const desired = set.metadata.annotations?.[annotations.desired]
      return desired !== undefined && Number(desired) !== (found.spec.replicas ?? 1)
    })
}

function scaledSizes(
  found: Deployment,
  newSet: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
): readonly Resize[] {
  const active = sets.filter(set => (set.spec.replicas ?? 1) > 0)
  const wanted = found.spec.replicas ?? 1
  const [only] = active
  if (active.length === 1 && only) return [{ set: only, replicas: wanted }]
  if (active.length === 0 && newSet) return [{ set: newSet, replicas: wanted }]
  if (
    newSet &&
    (newSet.status?.availableReplicas ?? 0) === wanted &&
    newSet.spec.replicas === wanted
  ) {
    return active.filter(set => set !== newSet).map(set => ({ set, replicas: 0 }))
  }
  const sizes = new Map(proportionalSizes(found, sets).map(({ set, replicas }) => [set, replicas]))
  // Also those that keep their size: the annotation must say what they were sized for.
  return active.map(set => ({ set, replicas: sizes.get(set) ?? set.spec.replicas ?? 1 }))
}

/** Writes the sizes; returns all sets as they are afterwards. */
async function applySizes(
  key: string,
  found: Deployment,
  sizes: readonly Resize[],
  sets: readonly ReplicaSet[],
  context: Context,
): Promise<ReplicaSet[]> {
  const result = new Map(sets.map(set => [set.metadata.uid, set]))
  for (const { set, replicas } of sizes) {
    const before = set.spec.replicas ?? 1
    const marks = sizeAnnotations(found)
    const marked = equal(marks, pick(set.metadata.annotations, Object.keys(marks)))
    if (before === replicas && marked) continue
    const updated = await context.client.update(kinds.replicaSets, {
      ...set,
      metadata: { ...set.metadata, annotations: { ...set.metadata.annotations, ...marks } },
      spec: { ...set.spec, replicas },
    })
    context.expectations.created(key, updated.metadata.resourceVersion)
    result.set(set.metadata.uid, updated)
    if (before === replicas) continue
    const verb = replicas > before ? 'up' : 'down'
    const text = `Scaled ${verb} replica set ${set.metadata.name} from ${before} to ${replicas}`
    context.recorder.event(found, 'Normal', 'ScalingReplicaSet', text)
  }
  return [...result.values()]
}

function sizeAnnotations(found: Deployment): Record<string, string> {
  const replicas = found.spec.replicas ?? 1
  return {
    [annotations.desired]: String(replicas),
    [annotations.max]: String(replicas + rollingLimits(found).surge),
  }
}

function pick(from: Readonly<Record<string, string>> | undefined, keys: readonly string[]): object {
  return Object.fromEntries(keys.map(key => [key, from?.[key]]))
}

/** The next revision: one above all old ones; a template that comes back takes it too. */
async function refreshNewSet(
  found: Deployment,
  set: ReplicaSet,
  oldSets: readonly ReplicaSet[],
  context: Context,
): Promise<ReplicaSet> {
  const wanted = nextRevision(oldSets)
  const present = revisionOf(set)
  const revision = String(newestOf([wanted, present]))
  const inherited = inheritedAnnotations(found)
  const next: Record<string, string> = {
    ...set.metadata.annotations,
    ...inherited,
    ...sizeAnnotations(found),
    [annotations.revision]: revision,
  }
  if (present > 0n && wanted > present) {
    const history = set.metadata.annotations?.[annotations.revisionHistory]
    next[annotations.revisionHistory] = history ? `${history},${present}` : String(present)
  }
  const minReadySeconds = found.spec.minReadySeconds
  let current = set
  if (
    !equal(next, set.metadata.annotations) ||
    (minReadySeconds ?? 0) !== (set.spec.minReadySeconds ?? 0)
  ) {
    current = await context.client.update(kinds.replicaSets, {
      ...set,
      metadata: { ...set.metadata, annotations: next },
      spec: { ...set.spec, minReadySeconds },
    })
  }
  await setRevision(found, revision, context)
  return current
}

async function createNewSet(
  key: string,
  found: Deployment,
  oldSets: readonly ReplicaSet[],
  context: Context,
): Promise<ReplicaSet | undefined> {
  const hash = templateHash(found.spec.template, found.status?.collisionCount)
  const revision = String(nextRevision(oldSets))
  const { namespace, name } = found.metadata
  const labels = { ...found.spec.template.metadata?.labels, [templateHashLabel]: hash }
  const room = (found.spec.replicas ?? 1) + rollingLimits(found).surge - sumReplicas(oldSets)
  const recreating = found.spec.strategy?.type === 'Recreate'
  const replicas = recreating
    ? (found.spec.replicas ?? 1)
    : Math.max(Math.min(room, found.spec.replicas ?? 1), 0)
  const set: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      annotations: {
        ...inheritedAnnotations(found),
        ...sizeAnnotations(found),
        [annotations.revision]: revision,
      },
      ownerReferences: [newControllerRef(found, kinds.deployments)],
    },
    spec: {
      replicas,
      minReadySeconds: found.spec.minReadySeconds,
      selector: {
        ...found.spec.selector,
        matchLabels: { ...found.spec.selector.matchLabels, [templateHashLabel]: hash },
      },
      template: {
        ...found.spec.template,
        metadata: { ...found.spec.template.metadata, labels },
      },
    },
  }
  try {
    const created = await context.client.create(kinds.replicaSets, set)
    context.expectations.created(key, created.metadata.resourceVersion)
    const text = `Scaled up replica set ${created.metadata.name} from 0 to ${replicas}`
    context.recorder.event(found, 'Normal', 'ScalingReplicaSet', text)
    await setRevision(found, revision, context)
    return created
  } catch (error) {
    if (!isStatusReason(error, 'AlreadyExists')) throw error
    return resolveCollision(found, set, context)
  }
}

/** The name is taken: by ourselves (the cache is behind), or by another template: count up. */
async function resolveCollision(
  found: Deployment,
  set: ReplicaSet,
  context: Context,
): Promise<undefined> {
  const { namespace, name = '' } = set.metadata
  const existing = await context.client.get(kinds.replicaSets, namespace, name)
  const ours = controllerOf(existing)?.uid === found.metadata.uid
  if (ours && findNewSet(found, [existing])) return undefined
  const collisionCount = (found.status?.collisionCount ?? 0) + 1
  const status: DeploymentStatus = { ...found.status, collisionCount }
  await context.client.update(kinds.deployments, { ...found, status }, { subresource: 'status' })
  throw new Error(`replica set ${name} belongs to another template; collision ${collisionCount}`)
}

function inheritedAnnotations(found: Deployment): Record<string, string> {
  const entries = Object.entries(found.metadata.annotations ?? {})
  return Object.fromEntries(entries.filter(([name]) => !ownAnnotations.has(name)))
}

async function setRevision(found: Deployment, revision: string, context: Context): Promise<void> {
  if (found.metadata.annotations?.[annotations.revision] === revision) return
  const { namespace, name = '' } = found.metadata
  const body = { metadata: { annotations: { [annotations.revision]: revision } } }
  // By way of the status, as upstream: elsewhere a change of annotations is a new generation.
  const patch = { type: 'merge', subresource: 'status', body } as const
  await context.client.patch(kinds.deployments, namespace, name, patch)
}

async function writeStatus(
  found: Deployment,
  status: DeploymentStatus,
  context: Context,
): Promise<void> {
  const bare = (each: DeploymentStatus) =>
    Object.fromEntries(Object.entries(each).filter(([, value]) => value !== 0))
  if (equal(bare(status), bare(found.status ?? {}))) return
  const { namespace, name = '' } = found.metadata
  await context.client.patch(kinds.deployments, namespace, name, {
    type: 'merge',
    body: { status: withRemovals(status) },
    subresource: 'status',
  })
}

/** A merge patch must name what shall be gone. */
function withRemovals(status: DeploymentStatus): object {
  return Object.fromEntries(
    Object.entries(status).map(([name, value]) => [name, value === 0 ? null : (value ?? null)]),
  )
}

/** Old empty sets beyond revisionHistoryLimit. Source: sync.go cleanupDeployment. */
async function cleanUpHistory(
  found: Deployment,
  sets: readonly ReplicaSet[],
  context: Context,
): Promise<void> {
  const newSet = findNewSet(found, sets)
  const empty = sets
    .filter(set => set !== newSet && !set.metadata.deletionTimestamp)
    .filter(set => set.spec.replicas === 0 && (set.status?.replicas ?? 0) === 0)
    .sort((a, b) => compareRevisions(revisionOf(a), revisionOf(b)) || byAge(a, b))
  const surplus = empty.length - (found.spec.revisionHistoryLimit ?? historyDefault)
  for (const set of empty.slice(0, Math.max(surplus, 0))) {
    const { namespace, name = '' } = set.metadata
    await context.client.delete(kinds.replicaSets, namespace, name)
  }
}
