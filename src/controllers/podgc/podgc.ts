import { kinds } from '../../api/kinds.ts'
import type { Pod } from '../../api/objects.ts'
import { isStatusReason } from '../../api/status.ts'
import { ignoring } from '../shared/ignoring.ts'
import {
  type Context,
  type Controller,
  done,
  keyOf,
  type Outcome,
  splitKey,
  watch,
} from '../types.ts'

/**
 * A node may come back under its name: wait before its pods are forgotten. Source: quarantineTime.
 */
const quarantineMs = 40_000

/** Removes pods whose node is gone for good. Source: pkg/controller/podgc gcOrphaned. */
export const podGc: Controller = {
  name: 'pod-garbage-collector',
  workers: 1,
  watches: [
    watch(kinds.pods, (pod, context) => (isOrphan(pod, context) ? [keyOf(pod)] : [])),
    watch(kinds.nodes, (node, context) =>
      context
        .lister(kinds.pods)
        .list()
        .filter(pod => pod.spec.nodeName === node.metadata.name && isOrphan(pod, context))
        .map(keyOf),
    ),
  ],
  reconcile,
}

function isOrphan(pod: Pod, context: Context): boolean {
  const node = pod.spec.nodeName
  return node !== undefined && node !== '' && !context.lister(kinds.nodes).get(undefined, node)
}

async function reconcile(key: string, context: Context): Promise<Outcome> {
  const { namespace, name } = splitKey(key)
  const pod = context.lister(kinds.pods).get(namespace, name)
  if (!pod || !isOrphan(pod, context)) return done
  const seen = firstSeen.get(pod.metadata.uid ?? '') ?? context.clock.now()
  firstSeen.set(pod.metadata.uid ?? '', seen)
  const leftMs = seen + quarantineMs - context.clock.now()
  if (leftMs > 0) return { requeueAfterMs: leftMs }
  firstSeen.delete(pod.metadata.uid ?? '')
  try {
    // The cache may be behind the node's return: ask the API itself.
    await context.client.get(kinds.nodes, undefined, pod.spec.nodeName ?? '')
    return done
  } catch (error) {
    if (!isStatusReason(error, 'NotFound')) throw error
  }
  const { uid } = pod.metadata
  await ignoring(
    ['NotFound', 'Conflict'],
    context.client.delete(kinds.pods, namespace, name, {
      gracePeriodSeconds: 0,
      preconditions: { uid },
    }),
  )
  return done
}

/** When an orphan was first noticed by this process, monotonic milliseconds. */
const firstSeen = new Map<string, number>()
