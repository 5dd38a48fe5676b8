import type { Container, Pod } from '../api/objects.ts'
import { within } from '../kernel/clock.ts'
import { fieldPathOf, type KubeletContext, type PodWork } from './context.ts'
import { runHandler } from './handlers.ts'
import { isSidecar, viewPod } from './podview.ts'
import type { RuntimeContainer } from './runtime/types.ts'

/** Least time between TERM and KILL after a preStop hook. Source: minimumGracePeriodInSeconds. */
const graceAfterHookMsMin = 2_000

/** Grace of a pod that is being deleted, or else of its spec, milliseconds. */
export function graceMs(pod: Pod): number {
  const { deletionGracePeriodSeconds, deletionTimestamp } = pod.metadata
  const own = pod.spec.terminationGracePeriodSeconds ?? 30
  return (deletionTimestamp ? (deletionGracePeriodSeconds ?? own) : own) * 1_000
}

/**
 * Begins to stop a pod, or shortens the wait of a stop under way; `onDone` is called at its end.
 * Source: kuberuntime_container.go killContainersWithSyncResult.
 */
export function killPod(
  context: KubeletContext,
  work: PodWork,
  grace: number,
  onDone: () => void,
): void {
  if (work.killing) {
    if (grace >= work.killing.graceMs || work.killing.isOver) return
    work.killing.graceMs = grace
    for (const container of runningOf(context, work)) {
      void context.runtime.stopContainer(container.id, grace).catch(() => undefined)
    }
    return
  }
  const finish = () => {
    if (work.killing) work.killing.isOver = true
    onDone()
  }
  const done = stopAll(context, work, grace).then(finish, finish)
  work.killing = { graceMs: grace, done, isOver: false }
}

async function stopAll(context: KubeletContext, work: PodWork, grace: number): Promise<void> {
  const deadline = context.clock.now() + grace
  const { pod } = work
  const sidecars = new Set((pod.spec.initContainers ?? []).filter(isSidecar).map(each => each.name))
  const running = runningOf(context, work)
  const stop = (container: RuntimeContainer) => {
    const left = Math.max(deadline - context.clock.now(), 0)
    return stopOne(context, work, container, Math.min(left, work.killing?.graceMs ?? grace))
  }
  await Promise.all(running.filter(each => !sidecars.has(each.name)).map(stop))
  // Sidecars serve the others, so they go last.
  await Promise.all(running.filter(each => sidecars.has(each.name)).map(stop))
}

async function stopOne(
  context: KubeletContext,
  work: PodWork,
  container: RuntimeContainer,
  grace: number,
): Promise<void> {
  const { pod } = work
  const spec = specOf(pod, container.name)
  if (!spec) return context.runtime.stopContainer(container.id, grace)
  const path = fieldPathOf(pod, spec)
  const text = `Stopping container ${spec.name}`
  context.recorder.event(pod, 'Normal', 'Killing', text, path)
  await killContainer(context, pod, spec, container, grace)
}

/** Runs the preStop hook and stops the container, both within `grace` milliseconds. */
export async function killContainer(
  context: KubeletContext,
  pod: Pod,
  spec: Container,
  container: RuntimeContainer,
  grace: number,
): Promise<void> {
  const hook = spec.lifecycle?.preStop
  let left = grace
  if (hook && grace > 0) {
    const podIp = viewPod(context.runtime, pod.metadata.uid ?? '').sandbox?.ip ?? ''
    const from = context.clock.now()
    const target = { runtime: context.runtime, podIp, spec, container }
    const result = await within(runHandler(hook, target, grace), grace)
    if (result && !result.ok) {
      const path = fieldPathOf(pod, spec)
      const text = `PreStopHook failed: ${result.output}`
      context.recorder.event(pod, 'Warning', 'FailedPreStopHook', text, path)
    }
    left = Math.max(grace - (context.clock.now() - from), graceAfterHookMsMin)
  }
  await context.runtime.stopContainer(container.id, left)
}

function runningOf(context: KubeletContext, work: PodWork): RuntimeContainer[] {
  const view = viewPod(context.runtime, work.pod.metadata.uid ?? '')
  return view.containers.filter(each => each.state !== 'exited')
}

function specOf(pod: Pod, name: string): Container | undefined {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(
    each => each.name === name,
  )
}
