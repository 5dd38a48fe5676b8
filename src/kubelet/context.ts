import type { Container, Pod, Service } from '../api/objects.ts'
import type { EventRecorder } from '../client/recorder.ts'
import type { Client, Lister } from '../client/types.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Backoff } from './backoff.ts'
import type { ProbeManager } from './probes.ts'
import type { Runtime } from './runtime/types.ts'
import type { Waiting } from './status.ts'
import type { KubeletTimings } from './types.ts'

/** What the parts of a kubelet share. */
export interface KubeletContext {
  readonly client: Client
  readonly runtime: Runtime
  readonly recorder: EventRecorder
  readonly clock: Clock
  readonly logger: Logger
  readonly timings: KubeletTimings
  readonly probes: ProbeManager
  readonly services: Lister<Service>
  readonly nodeAddress: string
  readonly dataDir: string
  /** Waits of containers that crash, by `<pod uid>/<container>`. */
  readonly crashes: Backoff
  /** Waits of images that can't be had, by `<pod uid>/<container>`. */
  readonly pulls: Backoff
  /** Resolves when the runtime knows the node's range of pod addresses. */
  podCidr(): Promise<void>
}

/** What the kubelet remembers of a pod between two looks at it. */
export interface PodWork {
  /** As it was last seen in the API. */
  pod: Pod
  /** Gone from the API: only the runtime still has something of it. */
  isGone: boolean
  isAdmitted: boolean
  /** The node refused or ended it. */
  failure?: { readonly reason: string; readonly message: string }
  /** Why containers wait, by name. */
  readonly waiting: Map<string, Waiting>
  /** The pod is being stopped: until when, and what is under way. */
  killing?: { graceMs: number; readonly done: Promise<void>; isOver: boolean }
  /** Host paths of its volumes, once they are set up. */
  volumes?: ReadonlyMap<string, string>
  volumesAt: number
}

/** `spec.containers{web}`: a container in an event. */
export function fieldPathOf(pod: Pod, container: Container): string {
  const isInit = pod.spec.initContainers?.includes(container) ?? false
  return `spec.${isInit ? 'initContainers' : 'containers'}{${container.name}}`
}
