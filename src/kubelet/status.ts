import type {
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodCondition,
  PodPhase,
  PodStatus,
} from '../api/objects.ts'
import { qosClassOf } from '../api/qos.ts'
import { isSidecar, latest, type PodView, previous, shouldRestart } from './podview.ts'
import type { RuntimeContainer } from './runtime/types.ts'

/** Why a container waits, in upstream's words. */
export interface Waiting {
  readonly reason: string
  readonly message?: string
}

/** All that a pod's status is made of. */
export interface StatusInput {
  readonly pod: Pod
  readonly view: PodView
  readonly runtimeName: string
  readonly waiting: ReadonlyMap<string, Waiting>
  readonly isReady: (container: string) => boolean
  readonly isStarted: (container: string) => boolean
  /** The pod was refused or ended by the node: it has failed, whatever its containers do. */
  readonly failure?: { readonly reason: string; readonly message: string }
  /** The pod was stopped for good: what ended will not start again, whatever its policy. */
  readonly isStopped: boolean
  readonly hostIp: string
  /** Milliseconds since the epoch. */
  readonly wall: number
}

/** RFC 3339 in UTC with seconds. */
export function timeText(wall: number): string {
  return `${new Date(wall).toISOString().slice(0, 19)}Z`
}

/**
 * The status of a pod, from its spec and what the runtime has. Pure.
 * Source: kubelet_pods.go generateAPIPodStatus, kuberuntime convertToAPIContainerStatuses.
 */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, view, failure } = input
  const old = pod.status
  const initContainers = pod.spec.initContainers ?? []
  const initStatuses = initContainers.map(each => containerStatus(input, each, true))
  const statuses = pod.spec.containers.map(each => containerStatus(input, each, false))
  const phase = failure ? 'Failed' : phaseOf(input, initStatuses, statuses)
  const ip = view.sandbox?.ip ?? old?.podIP
  const conditions = conditionsOf(input, phase, initStatuses, statuses)
  return {
    phase,
    conditions,
    ...(failure ? { reason: failure.reason, message: failure.message } : {}),
    hostIP: input.hostIp,
    hostIPs: [{ ip: input.hostIp }],
    ...(ip ? { podIP: ip, podIPs: [{ ip }] } : {}),
    startTime: old?.startTime ?? timeText(input.wall),
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
    containerStatuses: statuses,
    qosClass: old?.qosClass ?? qosClassOf(pod),
    ...(pod.metadata.generation ? { observedGeneration: pod.metadata.generation } : {}),
  }
}

function containerStatus(input: StatusInput, spec: Container, isInit: boolean): ContainerStatus {
  const { view, runtimeName, waiting } = input
  const current = latest(view, spec.name)
  const before = previous(view, spec.name)
  const wait = input.isStopped ? undefined : waiting.get(spec.name)
  const own: Partial<ContainerStatus> = {}
  let state: ContainerState
  if (current && !(wait && current.state !== 'running')) {
    state = stateOf(current, runtimeName)
    if (before) own.lastState = stateOf(before, runtimeName)
  } else {
    state = { waiting: wait ?? defaultWaiting(input, isInit) }
    if (current?.state === 'exited') own.lastState = stateOf(current, runtimeName)
  }
  if (state.waiting && !wait) state = { waiting: defaultWaiting(input, isInit) }
  const isRunning = state.running !== undefined
  const isPlainInit = isInit && !isSidecar(spec)
  return {
    name: spec.name,
    state,
    lastState: own.lastState ?? {},
    ready: isPlainInit
      ? state.terminated?.exitCode === 0
      : isRunning && input.isStarted(spec.name) && input.isReady(spec.name),
    restartCount: current?.attempt ?? restartsBefore(input.pod, spec.name),
    image: spec.image ?? '',
    imageID: current?.imageId ?? '',
    ...(current ? { containerID: `${runtimeName}://${current.id}` } : {}),
    started: isRunning && (isPlainInit || input.isStarted(spec.name)),
  }
}

function restartsBefore(pod: Pod, name: string): number {
  const all = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
  ]
  return all.find(each => each.name === name)?.restartCount ?? 0
}

function defaultWaiting({ pod, view }: StatusInput, isInit: boolean): Waiting {
  const isInitializing = (pod.spec.initContainers ?? []).some(container => {
    const last = latest(view, container.name)
    return !isSidecar(container) && !(last?.state === 'exited' && last.exitCode === 0)
  })
  const hasInit = (pod.spec.initContainers ?? []).length > 0
  const isFirst = isInit && view.containers.length === 0
  return {
    reason: hasInit && isInitializing && !isFirst ? 'PodInitializing' : 'ContainerCreating',
  }
}

function stateOf(container: RuntimeContainer, runtimeName: string): ContainerState {
  const startedAt = timeText(container.startedAt ?? container.createdAt)
  if (container.state === 'created') return { waiting: { reason: 'ContainerCreating' } }
  if (container.state === 'running') return { running: { startedAt } }
  return {
    terminated: {
      exitCode: container.exitCode ?? 137,
      reason: container.reason ?? 'Error',
      ...(container.message ? { message: container.message } : {}),
      startedAt,
      finishedAt: timeText(container.finishedAt ?? container.createdAt),
      containerID: `${runtimeName}://${container.id}`,
    },
  }
}

/** Source: kubelet_pods.go getPhase. */
function phaseOf(
  { pod, isStopped }: StatusInput,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): PodPhase {
  const inits = pod.spec.initContainers ?? []
  const plain = initStatuses.filter((_, position) => !isSidecar(inits[position]!))
  const isEnded = (each: ContainerStatus) => Boolean(each.state?.terminated)
  const failed = plain.some(each => isEnded(each) && each.state!.terminated!.exitCode !== 0)
  if (failed && pod.spec.restartPolicy === 'Never') return 'Failed'
  const hasEverRun = (each: ContainerStatus) =>
    Boolean(each.state?.running ?? each.state?.terminated ?? each.lastState?.terminated)
  if (!statuses.every(hasEverRun)) return 'Pending'
  const isFinal = statuses.every((each, position) => {
    const container = pod.spec.containers[position]!
    const end = each.state?.terminated
    return end !== undefined && (isStopped || !shouldRestart(pod, container, end.exitCode))
  })
  if (!isFinal) return 'Running'
  return statuses.every(each => each.state?.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed'
}

function conditionsOf(
  input: StatusInput,
  phase: PodPhase,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): PodCondition[] {
  const { pod, view } = input
  const isOver = phase === 'Succeeded' || phase === 'Failed'
  const inits = pod.spec.initContainers ?? []
  const uninitialized = initStatuses.filter((each, position) =>
    isSidecar(inits[position]!) ? !each.started : !each.ready,
  )
  const hasRun = statuses.some(each => each.state?.running ?? each.state?.terminated)
  const isInitialized = hasRun || uninitialized.length === 0 || phase === 'Succeeded'
  const unready = [
    ...initStatuses.filter((each, position) => isSidecar(inits[position]!) && !each.ready),
    ...statuses.filter(each => !each.ready),
  ]
  const names = (list: readonly ContainerStatus[]) => `[${list.map(each => each.name).join(' ')}]`
  const contents: Omit<PodCondition, 'lastTransitionTime'>[] = [
    { type: 'PodReadyToStartContainers', status: bool(view.sandbox?.state === 'ready') },
    phase === 'Succeeded'
      ? { type: 'Initialized', status: 'True', reason: 'PodCompleted' }
      : isInitialized
        ? { type: 'Initialized', status: 'True' }
        : {
            type: 'Initialized',
            status: 'False',
            reason: 'ContainersNotInitialized',
            message: `containers with incomplete status: ${names(uninitialized)}`,
          },
    ...readyConditions(pod, isOver ? phase : undefined, unready.length > 0, names(unready)),
    { type: 'PodScheduled', status: 'True' },
  ]
  return contents.map(content => withTransition(pod, content, input.wall))
}

function readyConditions(
  pod: Pod,
  over: PodPhase | undefined,
  isUnready: boolean,
  unready: string,
): Omit<PodCondition, 'lastTransitionTime'>[] {
  const base = over
    ? { status: 'False' as const, reason: over === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : isUnready
      ? {
          status: 'False' as const,
          reason: 'ContainersNotReady',
          message: `containers with unready status: ${unready}`,
        }
      : { status: 'True' as const }
  const closed = (pod.spec.readinessGates ?? []).filter(gate => {
    const condition = pod.status?.conditions?.find(each => each.type === gate.conditionType)
    return condition?.status !== 'True'
  })
  const gate =
    base.status === 'True' && closed.length > 0
      ? {
          status: 'False' as const,
          reason: 'ReadinessGatesNotReady',
          message: closed
            .map(each => `corresponding condition of pod readiness gate "${each.conditionType}"`)
            .map(text => `${text} does not exist or is not "True".`)
            .join(', '),
        }
      : base
  return [
    { type: 'Ready', ...gate },
    { type: 'ContainersReady', ...base },
  ]
}

function withTransition(
  pod: Pod,
  content: Omit<PodCondition, 'lastTransitionTime'>,
  wall: number,
): PodCondition {
  const old = pod.status?.conditions?.find(each => each.type === content.type)
  const lastTransitionTime =
    old?.status === content.status && old.lastTransitionTime
      ? old.lastTransitionTime
      : timeText(wall)
  return { lastProbeTime: null, ...content, lastTransitionTime }
}

function bool(value: boolean): 'True' | 'False' {
  return value ? 'True' : 'False'
}
