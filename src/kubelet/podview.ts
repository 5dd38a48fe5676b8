import { createHash } from 'node:crypto'
import type { Container, Pod } from '../api/objects.ts'
import type { Runtime, RuntimeContainer, Sandbox } from './runtime/types.ts'

/** What the runtime has of one pod. */
export interface PodView {
  /** The newest sandbox; ready or not. */
  readonly sandbox: Sandbox | undefined
  /** Older ones, newest first. */
  readonly oldSandboxes: readonly Sandbox[]
  /** All containers of the pod, newest first. */
  readonly containers: readonly RuntimeContainer[]
}

export function viewPod(runtime: Runtime, podUid: string): PodView {
  const sandboxes = runtime.sandboxes().filter(each => each.podUid === podUid)
  sandboxes.sort((a, b) => b.createdAt - a.createdAt)
  const ready = sandboxes.findIndex(each => each.state === 'ready')
  const [sandbox] = sandboxes.splice(Math.max(ready, 0), 1)
  const containers = runtime.containers().filter(each => each.podUid === podUid)
  containers.sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt)
  return { sandbox, oldSandboxes: sandboxes, containers }
}

/** The newest container of this name, in any sandbox. */
export function latest(view: PodView, name: string): RuntimeContainer | undefined {
  return view.containers.find(each => each.name === name)
}

/** The newest container of this name in the present sandbox. */
export function present(view: PodView, name: string): RuntimeContainer | undefined {
  return view.containers.find(each => each.name === name && each.sandboxId === view.sandbox?.id)
}

/** The one before the latest. */
export function previous(view: PodView, name: string): RuntimeContainer | undefined {
  return view.containers.filter(each => each.name === name)[1]
}

/** Changes with what a running container can't take over. Source: kubecontainer.HashContainer. */
export function specHash(container: Container): string {
  const { name, image, command, args } = container
  const picked = JSON.stringify([name, image, command, args])
  return createHash('sha256').update(picked).digest('hex').slice(0, 16)
}

/** An init container that goes on running beside the others. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always'
}

/** `web_default(uid)`: a pod in the messages of events. Source: kubelet format.Pod. */
export function podText(pod: Pod): string {
  const { name, namespace, uid } = pod.metadata
  return `${name}_${namespace}(${uid})`
}

/** Whether a container that ended is started again. */
export function shouldRestart(pod: Pod, container: Container, exitCode: number): boolean {
  const policy = isSidecar(container) ? 'Always' : (pod.spec.restartPolicy ?? 'Always')
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}
