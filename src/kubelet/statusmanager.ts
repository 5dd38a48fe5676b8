import { kinds } from '../api/kinds.ts'
import type { Pod, PodStatus } from '../api/objects.ts'
import { isStatusReason } from '../api/status.ts'
import type { Client } from '../client/types.ts'

interface Written {
  readonly key: string
  readonly status: PodStatus
  readonly revision: number
}

/**
 * Writes pod statuses, each only when it changed. A pod's last written status is remembered, for
 * the informer's copy may be older. Source: pkg/kubelet/status/status_manager.go.
 */
export class StatusManager {
  readonly #client: Client
  readonly #written = new Map<string, Written>()

  constructor(client: Client) {
    this.#client = client
  }

  /**
   * The pod with the status that was written last, so that transition times hold. A pod that is
   * newer than that comes as it is: somebody else may have changed the status since, such as the
   * node controller while this node was silent.
   */
  withLatest(pod: Pod): Pod {
    const written = this.#written.get(pod.metadata.uid ?? '')
    if (!written || revisionOf(pod) > written.revision) return pod
    const foreign = (pod.status?.conditions ?? []).filter(
      each => !written.status.conditions?.some(own => own.type === each.type),
    )
    const conditions = [...(written.status.conditions ?? []), ...foreign]
    return { ...pod, status: { ...pod.status, ...written.status, conditions } }
  }

  /** Patches the status unless it is as it was. A pod that is gone is no error. */
  async write(pod: Pod, status: PodStatus): Promise<void> {
    const { uid = '', namespace, name = '' } = pod.metadata
    const key = JSON.stringify(status)
    const written = this.#written.get(uid)
    const overwritten =
      written !== undefined && revisionOf(pod) > written.revision && !shows(pod.status, status)
    if (written?.key === key && !overwritten) return
    const body = { metadata: { uid }, status: withRemovals(pod.status, status) }
    try {
      const patched = await this.#client.patch(kinds.pods, namespace, name, {
        type: 'strategic',
        body,
        subresource: 'status',
      })
      this.#written.set(uid, { key, status, revision: revisionOf(patched) })
    } catch (error) {
      if (isStatusReason(error, 'NotFound') || isStatusReason(error, 'Conflict')) return
      throw error
    }
  }

  /** Whether the API's copy says what was written last: then nobody else has changed it. */
  agrees(pod: Pod): boolean {
    const written = this.#written.get(pod.metadata.uid ?? '')
    return written !== undefined && shows(pod.status, written.status)
  }

  forget(uid: string): void {
    this.#written.delete(uid)
  }
}

/** Whether the API's copy has our conditions as we say them. */
function shows(present: PodStatus | undefined, ours: PodStatus): boolean {
  return (ours.conditions ?? []).every(({ type, status }) =>
    present?.conditions?.some(each => each.type === type && each.status === status),
  )
}

function revisionOf(pod: Pod): number {
  return Number(pod.metadata.resourceVersion ?? 0)
}

/** Fields that a patch has to take away are null in it; conditions are merged by type. */
function withRemovals(old: PodStatus | undefined, status: PodStatus): Record<string, unknown> {
  const body: Record<string, unknown> = { ...status }
  for (const field of ['reason', 'message', 'resize'] as const) {
    if (old?.[field] !== undefined && status[field] === undefined) body[field] = null
  }
  // They are merged by address: one that is not the pod's any more would stay.
  for (const field of ['podIPs', 'hostIPs'] as const) {
    const addresses = status[field]
    if (addresses !== undefined) body[field] = [...addresses, { $patch: 'replace' }]
  }
  body.conditions = (status.conditions ?? []).map(condition => {
    const before = old?.conditions?.find(each => each.type === condition.type)
    const cleared: Record<string, unknown> = {}
    if (before?.reason && !condition.reason) cleared.reason = null
    if (before?.message && !condition.message) cleared.message = null
    return { ...condition, ...cleared }
  })
  return body
}
