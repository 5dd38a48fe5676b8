import type { Pod, Service, Toleration } from '../../api/objects.ts'
import { namespaces } from '../../api/resources/core.ts'
import { storeKey } from '../../api/resources/table.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { forbidden, namespaceTerminating, notFound } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { objectOf } from '../cache/entry.ts'
import type { WatchCache } from '../cache/watch-cache.ts'
import { type Companion, noCompanion } from '../registry/companion.ts'
import type { Reader } from '../registry/read.ts'
import type { ServiceAllocator } from './service-allocator.ts'

/** What the built-in admission plugins do, and the allocations that go with a write. */
export class Admission {
  readonly #cache: WatchCache
  readonly #reader: Reader
  readonly #allocator: ServiceAllocator
  readonly #evictionSeconds: number

  constructor(
    cache: WatchCache,
    reader: Reader,
    allocator: ServiceAllocator,
    evictionSeconds = evictionSecondsDefault,
  ) {
    this.#evictionSeconds = evictionSeconds
    this.#cache = cache
    this.#reader = reader
    this.#allocator = allocator
  }

  /** Completes or refuses a new object. @throws StatusError 403, 404 */
  async create(row: ResourceRow, object: KubeObject): Promise<void> {
    if (row.namespaced) await this.#checkNamespace(row, object)
    if (row.resource === 'pods') admitPod(object as Pod, this.#evictionSeconds)
  }

  /** Operations to go with a create (`old` is undefined) or an update; may complete `next`. */
  allocate(row: ResourceRow, next: KubeObject, old: KubeObject | undefined): Companion {
    if (row.resource !== 'services') return noCompanion
    return this.#allocator.allocate(next as Service, old as Service | undefined)
  }

  /** Takes back what `allocate` wrote into an object whose transaction failed. */
  release(row: ResourceRow, object: KubeObject): void {
    if (row.resource === 'services') this.#allocator.forget(object as Service)
  }

  /** Operations to go with a removal. */
  free(row: ResourceRow, object: KubeObject): Companion {
    return row.resource === 'services' ? this.#allocator.free(object as Service) : noCompanion
  }

  /** Source: kubernetes plugin namespace/lifecycle. */
  async #checkNamespace(row: ResourceRow, object: KubeObject): Promise<void> {
    const { namespace = '', name = '' } = object.metadata
    const entry =
      this.#cache.of(namespaces).get(storeKey(namespaces, '', namespace)) ??
      (await this.#reader.getFromStore(namespaces, '', namespace))
    if (entry === undefined) throw notFound(namespaces, namespace)
    if (!objectOf(entry).metadata.deletionTimestamp) return
    const why =
      `unable to create new content in namespace ${namespace} because it is being ` + 'terminated'
    const error = forbidden(row, name, why)
    error.status.details = {
      ...error.status.details,
      causes: [
        {
          reason: namespaceTerminating,
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    }
    throw error
  }
}

/** Source: --default-not-ready-toleration-seconds. */
export const evictionSecondsDefault = 300

/** Source: plugins serviceaccount, priority, defaulttolerationseconds. */
function admitPod({ spec }: Pod, evictionSeconds: number): void {
  spec.serviceAccountName ||= 'default'
  spec.serviceAccount = spec.serviceAccountName
  spec.priority ??= 0
  spec.preemptionPolicy ??= 'PreemptLowerPriority'
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const tolerates = (one: Toleration) =>
      (one.key === key || !one.key) && (one.effect === 'NoExecute' || !one.effect)
    if (spec.tolerations?.some(tolerates)) continue
    spec.tolerations = [
      ...(spec.tolerations ?? []),
      { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: evictionSeconds },
    ]
  }
}
