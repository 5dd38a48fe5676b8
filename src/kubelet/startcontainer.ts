import { kinds } from '../api/kinds.ts'
import type { Container, Pod } from '../api/objects.ts'
import { errorMessage } from '../kernel/result.ts'
import type { Start } from './actions.ts'
import { durationText } from './backoff.ts'
import { fieldPathOf, type KubeletContext, type PodWork } from './context.ts'
import { EnvError, expand, makeEnvironment } from './env.ts'
import { runHandler } from './handlers.ts'
import { logPath } from './paths.ts'
import { podText, specHash } from './podview.ts'
import { ImageError, type RuntimeContainer, type Sandbox, StartError } from './runtime/types.ts'
import { mountsOf } from './volumes.ts'

/** Longest wait for a postStart hook: it has no limit upstream, but this kubelet's workers have. */
const postStartMsMax = 120_000

/** How long the error of a pull is shown before it becomes ImagePullBackOff. */
const pullErrorShownMs = 1_000

/** What came of an attempt to start a container. */
export type StartOutcome =
  | { readonly started: true }
  /** It waits; look again after so many milliseconds. */
  | { readonly started: false; readonly retryMs: number }

/**
 * Gets one container going: image, configuration, create, start, postStart hook; with back-off.
 * The reason of every failure is left in `work.waiting`, in upstream's words.
 * Source: kuberuntime_container.go startContainer, images/image_manager.go.
 */
export async function startContainer(
  context: KubeletContext,
  work: PodWork,
  sandbox: Sandbox,
  start: Start,
): Promise<StartOutcome> {
  const { pod } = work
  const { container, after } = start
  const key = `${pod.metadata.uid}/${container.name}`
  const say = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    context.recorder.event(pod, type, reason, message, fieldPathOf(pod, container))

  const crash = after && crashWait(context, work, container, after, key)
  if (crash) {
    say('Warning', 'BackOff', crash.event)
    return { started: false, retryMs: crash.waitMs }
  }
  const imageId = await pull(context, work, container, key, say)
  if (imageId === undefined) {
    const waitMs = Math.max(context.pulls.waitsUntil(key) - context.clock.wall(), 10)
    const isNew = work.waiting.get(container.name)?.reason !== 'ImagePullBackOff'
    return { started: false, retryMs: isNew ? Math.min(waitMs, pullErrorShownMs) : waitMs }
  }
  if (after) context.crashes.next(key, context.clock.wall())
  const id = await create(context, work, sandbox, start, imageId, say)
  if (id === undefined) return { started: false, retryMs: context.timings.crashBackoffMs.first }
  say('Normal', 'Created', `Created container: ${container.name}`)
  try {
    await context.runtime.startContainer(id)
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    work.waiting.delete(container.name)
    say('Warning', 'Failed', `Error: ${error.message}`)
    // The runtime has it as exited with 128: from here on it is a crash like any other.
    return { started: true }
  }
  work.waiting.delete(container.name)
  say('Normal', 'Started', `Started container ${container.name}`)
  await announcePorts(context, pod, container, id)
  await postStart(context, work, sandbox, container, id, say)
  return { started: true }
}

type Say = (type: 'Normal' | 'Warning', reason: string, message: string) => void

function crashWait(
  context: KubeletContext,
  work: PodWork,
  container: Container,
  after: RuntimeContainer,
  key: string,
): { readonly event: string; readonly waitMs: number } | undefined {
  const failedAt = after.finishedAt ?? context.clock.wall()
  const waitMs = context.crashes.remainingMs(key, failedAt, context.clock.wall())
  if (waitMs <= 0) return undefined
  const delay = durationText(context.crashes.delayMs(key))
  const pod = podText(work.pod)
  const message = `back-off ${delay} restarting failed container=${container.name} pod=${pod}`
  work.waiting.set(container.name, { reason: 'CrashLoopBackOff', message })
  const event = `Back-off restarting failed container ${container.name} in pod ${pod}`
  return { event, waitMs }
}

/** The image's id; undefined while there is none, with the reason in `work.waiting`. */
async function pull(
  context: KubeletContext,
  work: PodWork,
  container: Container,
  key: string,
  say: Say,
): Promise<string | undefined> {
  const image = container.image ?? ''
  const isWaiting = work.waiting.get(container.name)
  const now = context.clock.wall()
  const failedBefore = isWaiting && /^(ErrImagePull|ImagePullBackOff)$/.test(isWaiting.reason)
  if (failedBefore && context.pulls.waitsUntil(key) > now) {
    const failedAt = context.pulls.waitsUntil(key) - context.pulls.delayMs(key)
    if (now - failedAt < pullErrorShownMs) return undefined
    const detail = isWaiting.reason === 'ErrImagePull' ? `: ${isWaiting.message}` : ''
    const message = `Back-off pulling image "${image}"`
    say('Normal', 'BackOff', message)
    if (detail) say('Warning', 'Failed', 'Error: ImagePullBackOff')
    const full = detail ? `${message}: ErrImagePull${detail}` : isWaiting.message
    work.waiting.set(container.name, { reason: 'ImagePullBackOff', message: full })
    return undefined
  }
  try {
    const hasCommand = (container.command?.length ?? 0) > 0
    const imageId = await context.runtime.pullImage(image, { hasCommand })
    say('Normal', 'Pulled', `Container image "${image}" already present on machine`)
    return imageId
  } catch (error) {
    if (!(error instanceof ImageError)) throw error
    context.pulls.next(key, now)
    const verb = error.reason === 'InvalidImageName' ? 'InspectFailed' : 'Failed'
    const text = verb === 'Failed' ? `Failed to pull image "${image}": ` : ''
    say('Warning', verb, `${text}${error.message}`)
    say('Warning', 'Failed', `Error: ${error.reason}`)
    work.waiting.set(container.name, { reason: error.reason, message: error.message })
    return undefined
  }
}

async function create(
  context: KubeletContext,
  work: PodWork,
  sandbox: Sandbox,
  { container, attempt }: Start,
  imageId: string,
  say: Say,
): Promise<string | undefined> {
  const { pod } = work
  const status = { podIp: sandbox.ip, hostIp: context.nodeAddress }
  try {
    const services = context.services.list()
    const env = await makeEnvironment(context.client, pod, container, services, status)
    return await context.runtime.createContainer(sandbox.id, {
      name: container.name,
      attempt,
      image: container.image ?? '',
      imageId,
      command: (container.command ?? []).map(part => expand(part, env)),
      args: (container.args ?? []).map(part => expand(part, env)),
      env,
      workingDir: container.workingDir,
      mounts: mountsOf(container, work.volumes ?? new Map()),
      logPath: logPath(context.dataDir, pod, container.name, attempt),
      terminationMessagePath: container.terminationMessagePath ?? '/dev/termination-log',
      stdin: container.stdin ?? false,
      tty: container.tty ?? false,
      specHash: specHash(container),
    })
  } catch (error) {
    const isConfig = error instanceof EnvError || errorName(error) === 'VolumeError'
    const reason = isConfig ? 'CreateContainerConfigError' : 'CreateContainerError'
    const message = errorMessage(error)
    say('Warning', 'Failed', `Error: ${message}`)
    work.waiting.set(container.name, { reason, message })
    return undefined
  }
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

/** Tells, in the pod and in an event, which ports are served elsewhere; the proxy reads it. */
async function announcePorts(
  context: KubeletContext,
  pod: Pod,
  container: Container,
  id: string,
): Promise<void> {
  const { portMap = {} } = context.runtime.containers().find(each => each.id === id) ?? {}
  const annotations: Record<string, string> = {}
  for (const [port, served] of Object.entries(portMap)) {
    annotations[`quorate.dev/port-${port}`] = String(served)
    const text =
      `port ${port} needs a privilege that this process lacks: it is served at port ${served}. ` +
      `To change that: sysctl net.ipv4.ip_unprivileged_port_start=${port}`
    context.recorder.event(pod, 'Warning', 'PortRemapped', text, fieldPathOf(pod, container))
  }
  if (Object.keys(annotations).length === 0) return
  const { namespace, name = '', uid } = pod.metadata
  const body = { metadata: { uid, annotations } }
  await context.client.patch(kinds.pods, namespace, name, { type: 'merge', body })
}

async function postStart(
  context: KubeletContext,
  work: PodWork,
  sandbox: Sandbox,
  spec: Container,
  id: string,
  say: Say,
): Promise<void> {
  const hook = spec.lifecycle?.postStart
  const container = context.runtime.containers().find(each => each.id === id)
  if (!hook || !container) return
  const target = { runtime: context.runtime, podIp: sandbox.ip, spec, container }
  const result = await runHandler(hook, target, postStartMsMax)
  if (result.ok) return
  say('Warning', 'FailedPostStartHook', `PostStartHook failed: ${result.output}`)
  say('Normal', 'Killing', `FailedPostStartHook`)
  const grace = work.pod.spec.terminationGracePeriodSeconds ?? 30
  await context.runtime.stopContainer(id, grace * 1_000)
}
