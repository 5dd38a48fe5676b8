import type { Container, Pod } from '../api/objects.ts'
import { isSidecar, latest, type PodView, present, shouldRestart, specHash } from './podview.ts'
import type { RuntimeContainer } from './runtime/types.ts'

/** What probes have found out. */
export interface ProbeVerdicts {
  /** The startup probe has succeeded, or there is none. */
  isStarted(container: string): boolean
  /** `liveness` or `startup` when that probe has failed for good. */
  failed(container: string): 'liveness' | 'startup' | undefined
}

/** A container to start; `after` is the one whose end made that necessary. */
export interface Start {
  readonly container: Container
  readonly attempt: number
  readonly after: RuntimeContainer | undefined
}

export interface Kill {
  readonly id: string
  readonly container: Container
  /** Text of the event. */
  readonly why: string
}

/** The next steps of a pod. Steps that are not mentioned are not needed yet. */
export interface Actions {
  readonly createSandbox: boolean
  readonly start: readonly Start[]
  readonly kill: readonly Kill[]
  /** Nothing will run again: the sandbox can be stopped. */
  readonly isDone: boolean
}

const nothing: Actions = { createSandbox: false, start: [], kill: [], isDone: false }

/**
 * What has to be done so that the runtime has what the pod's spec wants. Pure: the same pod and
 * view give the same steps. Source: kuberuntime_manager.go computePodActions.
 */
export function nextActions(pod: Pod, view: PodView, verdicts: ProbeVerdicts): Actions {
  if (isOver(pod, view)) return { ...nothing, isDone: true }
  if (view.sandbox?.state !== 'ready') return { ...nothing, createSandbox: true }
  const start: Start[] = []
  const kill: Kill[] = []
  if (!initialize(pod, view, verdicts, start, kill)) return { ...nothing, start, kill }
  for (const container of pod.spec.containers) {
    tend(pod, view, verdicts, container, start, kill)
  }
  return { ...nothing, start, kill }
}

/** No container of the pod will run (again). */
function isOver(pod: Pod, view: PodView): boolean {
  const failedInit = (pod.spec.initContainers ?? []).some(container => {
    const last = latest(view, container.name)
    if (last?.state !== 'exited' || isSidecar(container)) return false
    return last.exitCode !== 0 && !shouldRestart(pod, container, last.exitCode ?? 1)
  })
  if (failedInit) return true
  return pod.spec.containers.every(container => {
    const last = latest(view, container.name)
    return last?.state === 'exited' && !shouldRestart(pod, container, last.exitCode ?? 1)
  })
}

/** Runs init containers one after the other; true when the main ones may run. */
function initialize(
  pod: Pod,
  view: PodView,
  verdicts: ProbeVerdicts,
  start: Start[],
  kill: Kill[],
): boolean {
  const isPast = pod.spec.containers.some(container => present(view, container.name))
  for (const container of pod.spec.initContainers ?? []) {
    const current = present(view, container.name)
    if (isSidecar(container)) {
      tend(pod, view, verdicts, container, start, kill)
      const isUp = current?.state === 'running' && verdicts.isStarted(container.name)
      if (!isPast && !isUp) return false
      continue
    }
    if (isPast || (current?.state === 'exited' && current.exitCode === 0)) continue
    if (current?.state !== 'running') start.push(startOf(view, container, current))
    return false
  }
  return true
}

/** Keeps one container running that is to run from now on. */
function tend(
  pod: Pod,
  view: PodView,
  verdicts: ProbeVerdicts,
  container: Container,
  start: Start[],
  kill: Kill[],
): void {
  const current = present(view, container.name)
  if (current?.state === 'running') {
    const why = reasonToKill(container, current, verdicts)
    if (why) kill.push({ id: current.id, container, why })
    return
  }
  const isFinal = current?.state === 'exited' && !shouldRestart(pod, container, current.exitCode!)
  if (!isFinal) start.push(startOf(view, container, current))
}

function startOf(
  view: PodView,
  container: Container,
  current: RuntimeContainer | undefined,
): Start {
  const last = latest(view, container.name)
  const attempt = last ? last.attempt + (last.state === 'created' ? 0 : 1) : 0
  return { container, attempt, after: current?.state === 'exited' ? current : undefined }
}

function reasonToKill(
  container: Container,
  current: RuntimeContainer,
  verdicts: ProbeVerdicts,
): string | undefined {
  if (current.specHash !== specHash(container)) {
    return `Container ${container.name} definition changed, will be restarted`
  }
  const probe = verdicts.failed(container.name)
  return probe && `Container ${container.name} failed ${probe} probe, will be restarted`
}
