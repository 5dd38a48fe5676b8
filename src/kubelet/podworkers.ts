import { rmSync } from 'node:fs'
import { kinds } from '../api/kinds.ts'
import type { Container, Node, Pod, PodStatus } from '../api/objects.ts'
import { isStatusReason } from '../api/status.ts'
import { runEach, WorkQueue } from '../client/workqueue.ts'
import { within } from '../kernel/clock.ts'
import { errorMessage } from '../kernel/result.ts'
import { type Actions, nextActions } from './actions.ts'
import { admit } from './admission.ts'
import { fieldPathOf, type KubeletContext, type PodWork } from './context.ts'
import { graceMs, killContainer, killPod } from './killpod.ts'
import { logFolder, podFolder } from './paths.ts'
import { isSidecar, latest, type PodView, viewPod } from './podview.ts'
import type { Sandbox } from './runtime/types.ts'
import { startContainer } from './startcontainer.ts'
import { podStatus } from './status.ts'
import { StatusManager } from './statusmanager.ts'
import { setUpVolumes, VolumeError } from './volumes.ts'

/** How long `stop` waits for workers. */
const stopMs = 1_000

/** Wait after a volume or a sandbox could not be made. */
const retryMs = 2_000

/** Steps of one pod before others get a turn. */
const stepsMax = 20

/**
 * Brings the pods of this node to what the API wants, each by itself, again and again, from what
 * the API and the runtime have (never from the event that woke it).
 * Source: pkg/kubelet/pod_workers.go, kubelet.go SyncPod, SyncTerminatingPod, SyncTerminatedPod.
 */
export class PodWorkers {
  readonly #context: KubeletContext
  readonly #node: () => Node | undefined
  readonly #queue: WorkQueue
  readonly #works = new Map<string, PodWork>()
  readonly #statuses: StatusManager
  #running: Promise<void> = Promise.resolve()
  #hasSynced = false

  constructor(context: KubeletContext, node: () => Node | undefined) {
    this.#context = context
    this.#node = node
    this.#queue = new WorkQueue(context.clock)
    this.#statuses = new StatusManager(context.client)
  }

  start(): void {
    this.#running = runEach(
      this.#queue,
      uid => this.#sync(uid),
      (uid, error) => {
        const pod = this.#works.get(uid)?.pod.metadata.name
        this.#context.logger.warn('pod sync failed', { uid, pod, error: errorMessage(error) })
      },
    )
  }

  /** Ends the work; the pods go on running. */
  async stop(): Promise<void> {
    this.#queue.shutDown()
    // A worker may be inside a long grace period or hook: it ends with the process.
    await within(this.#running, stopMs)
  }

  /** All pods are known now: what else the runtime has is left over from deleted ones. */
  synced(): void {
    this.#hasSynced = true
    for (const { podUid } of this.#context.runtime.sandboxes()) this.#queue.add(podUid)
  }

  update(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const work = this.#works.get(uid)
    const isEcho = work !== undefined && isOnlyStatus(work.pod, pod) && this.#statuses.agrees(pod)
    if (work) work.pod = pod
    else this.#works.set(uid, newWork(pod))
    if (!isEcho) this.#queue.add(uid)
  }

  remove(pod: Pod): void {
    const work = this.#works.get(pod.metadata.uid ?? '')
    if (!work) return
    work.isGone = true
    this.#queue.add(pod.metadata.uid ?? '')
  }

  wake(uid: string): void {
    this.#queue.add(uid)
  }

  wakeAll(): void {
    for (const uid of this.#works.keys()) this.#queue.add(uid)
  }

  /** The pod of this name that the kubelet has, with its uid. */
  find(namespace: string, name: string): Pod | undefined {
    for (const { pod, isGone } of this.#works.values()) {
      const { metadata } = pod
      if (!isGone && metadata.namespace === namespace && metadata.name === name) return pod
    }
    return undefined
  }

  pods(): Pod[] {
    return [...this.#works.values()].filter(work => !work.isGone).map(work => work.pod)
  }

  async #sync(uid: string): Promise<void> {
    const work = this.#works.get(uid)
    if (!work) {
      if (this.#hasSynced && (await this.#isForgotten(uid))) await this.#removeLeftovers(uid)
      return
    }
    const { pod } = work
    if (work.isGone || pod.metadata.deletionTimestamp) return this.#terminate(uid, work)
    if (isOver(pod)) return this.#settle(uid, work)
    this.#checkLimits(uid, work)
    if (work.failure) return this.#fail(uid, work)
    await this.#converge(uid, work)
  }

  /** Takes steps until none is left, writing the status in between. */
  async #converge(uid: string, work: PodWork): Promise<void> {
    const { probes, runtime } = this.#context
    for (let steps = 0; steps < stepsMax; steps++) {
      const view = viewPod(runtime, uid)
      this.#watchProbes(work, view)
      const verdicts = probes.verdicts(name => latest(view, name)?.id)
      const actions = nextActions(work.pod, view, verdicts)
      if (actions.isDone) {
        await this.#writeStatus(uid, work)
        return this.#settle(uid, work)
      }
      const isMore = await this.#act(uid, work, view, actions)
      if (!isMore || work.isGone || work.pod.metadata.deletionTimestamp) break
    }
    await this.#writeStatus(uid, work)
    await this.#refreshVolumes(uid, work)
    await this.#prune(uid)
  }

  /** Carries the steps out; true when there may be more to do at once. */
  async #act(uid: string, work: PodWork, view: PodView, actions: Actions): Promise<boolean> {
    const context = this.#context
    if (actions.createSandbox) {
      await this.#writeStatus(uid, work)
      return this.#createSandbox(uid, work)
    }
    for (const { id, container, why } of actions.kill) {
      const path = fieldPathOf(work.pod, container)
      context.recorder.event(work.pod, 'Normal', 'Killing', why, path)
      const running = view.containers.find(each => each.id === id)
      const grace = (work.pod.spec.terminationGracePeriodSeconds ?? 30) * 1_000
      if (running) await killContainer(context, work.pod, container, running, grace)
    }
    let isMore = actions.kill.length > 0
    if (actions.start.length === 0 || !view.sandbox) return isMore
    if (!(await this.#volumes(uid, work, view.sandbox))) return false
    for (const start of actions.start) {
      await this.#removeCreated(uid, start.container)
      const outcome = await startContainer(context, work, view.sandbox, start)
      if (outcome.started) isMore = true
      else this.#queue.addAfter(uid, outcome.retryMs)
    }
    return isMore
  }

  async #createSandbox(uid: string, work: PodWork): Promise<boolean> {
    const { runtime, nodeAddress, dataDir, recorder } = this.#context
    const { pod } = work
    const { name = '', namespace = '' } = pod.metadata
    try {
      await this.#context.podCidr()
      await runtime.runPodSandbox({
        podUid: uid,
        namespace,
        name,
        hostname: pod.spec.hostname ?? name,
        ...(pod.spec.hostNetwork ? { hostIp: nodeAddress } : {}),
        folder: podFolder(dataDir, uid),
        logFolder: logFolder(dataDir, pod),
      })
      work.volumes = undefined
      return true
    } catch (error) {
      const text = `Failed to create pod sandbox: ${errorMessage(error)}`
      recorder.event(pod, 'Warning', 'FailedCreatePodSandBox', text)
      this.#queue.addAfter(uid, retryMs)
      return false
    }
  }

  /** Sets the volumes up, and refreshes them each sync period; false while one is missing. */
  async #volumes(uid: string, work: PodWork, sandbox: Sandbox): Promise<boolean> {
    const { client, clock, dataDir, nodeAddress, recorder, timings } = this.#context
    const isFresh = clock.now() - work.volumesAt < timings.syncMs / 2
    if (work.volumes && isFresh) return true
    try {
      const status = { podIp: sandbox.ip, hostIp: nodeAddress }
      work.volumes = await setUpVolumes(client, work.pod, podFolder(dataDir, uid), status)
      work.volumesAt = clock.now()
      return true
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error
      const text = `MountVolume.SetUp failed: ${error.message}`
      recorder.event(work.pod, 'Warning', 'FailedMount', text)
      this.#queue.addAfter(uid, retryMs)
      return work.volumes !== undefined
    }
  }

  /** Changed ConfigMaps and Secrets reach the files of running pods, once a sync period. */
  async #refreshVolumes(uid: string, work: PodWork): Promise<void> {
    const { sandbox } = viewPod(this.#context.runtime, uid)
    const shown = (work.pod.spec.volumes ?? []).some(each => !each.emptyDir && !each.hostPath)
    if (shown && sandbox?.state === 'ready') await this.#volumes(uid, work, sandbox)
  }

  /** A container that was created when the kubelet died, and never started. */
  async #removeCreated(uid: string, container: Container): Promise<void> {
    const { runtime } = this.#context
    const current = latest(viewPod(runtime, uid), container.name)
    if (current?.state === 'created') await runtime.removeContainer(current.id)
  }

  #checkLimits(uid: string, work: PodWork): void {
    const { pod } = work
    if (!work.isAdmitted) {
      const isKnown = this.#context.runtime.containers().some(each => each.podUid === uid)
      const others = [...this.#works.values()].filter(
        each => each.isAdmitted && !each.isGone && !isOver(each.pod) && !each.failure,
      )
      const refusal = isKnown
        ? undefined
        : admit(
            pod,
            this.#node(),
            others.map(each => each.pod),
          )
      if (refusal) {
        work.failure = refusal
        this.#context.recorder.event(pod, 'Warning', refusal.reason, refusal.message)
      } else work.isAdmitted = true
    }
    const { activeDeadlineSeconds } = pod.spec
    const startTime = this.#statuses.withLatest(pod).status?.startTime
    if (!activeDeadlineSeconds || !startTime || work.failure) return
    const left = Date.parse(startTime) + activeDeadlineSeconds * 1_000 - this.#context.clock.wall()
    if (left > 0) {
      this.#queue.addAfter(uid, left)
      return
    }
    const message = 'Pod was active on the node longer than the specified deadline'
    work.failure = { reason: 'DeadlineExceeded', message }
    this.#context.recorder.event(pod, 'Normal', 'DeadlineExceeded', message)
  }

  /** A pod that the node has given up: its containers are ended, its status is Failed. */
  async #fail(uid: string, work: PodWork): Promise<void> {
    await this.#writeStatus(uid, work)
    killPod(this.#context, work, graceMs(work.pod), () => this.#queue.add(uid))
    if (work.killing?.isOver) await this.#settle(uid, work)
  }

  /** A pod in its last phase: what is left of it is stopped, its logs stay until it is deleted. */
  async #settle(uid: string, work: PodWork): Promise<void> {
    const { runtime, probes } = this.#context
    const view = viewPod(runtime, uid)
    probes.retain(uid, new Set())
    const running = view.containers.some(each => each.state === 'running')
    if (running && !work.killing?.isOver) {
      killPod(this.#context, work, graceMs(work.pod), () => this.#queue.add(uid))
      return
    }
    if (view.sandbox?.state === 'ready') await runtime.stopPodSandbox(view.sandbox.id)
    await this.#writeStatus(uid, work)
  }

  /** Stops the pod; then deletes it in the API; when it is gone there, removes what is left. */
  async #terminate(uid: string, work: PodWork): Promise<void> {
    const { runtime, probes } = this.#context
    killPod(this.#context, work, work.isGone ? goneGraceMs(work) : graceMs(work.pod), () =>
      this.#queue.add(uid),
    )
    if (!work.killing?.isOver) {
      probes.onlyReadiness(uid)
      await this.#writeStatus(uid, work)
      return
    }
    probes.retain(uid, new Set())
    const { sandbox } = viewPod(runtime, uid)
    if (sandbox) await runtime.stopPodSandbox(sandbox.id)
    if (!work.isGone) {
      await this.#writeStatus(uid, work)
      await this.#deleteFromApi(uid, work)
      return
    }
    await this.#removeLeftovers(uid)
    const { dataDir } = this.#context
    rmSync(logFolder(dataDir, work.pod), { recursive: true, force: true })
    this.#works.delete(uid)
  }

  async #deleteFromApi(uid: string, { pod }: PodWork): Promise<void> {
    const { namespace, name = '' } = pod.metadata
    const options = { gracePeriodSeconds: 0, preconditions: { uid } }
    try {
      await this.#context.client.delete(kinds.pods, namespace, name, options)
    } catch (error) {
      if (!isStatusReason(error, 'NotFound') && !isStatusReason(error, 'Conflict')) throw error
    }
  }

  /**
   * Whether the API has no such pod. The list may have come from a master that lags behind: what
   * runs here is ended only when a read of the present says so too.
   */
  async #isForgotten(uid: string): Promise<boolean> {
    const { client, runtime } = this.#context
    const sandbox = runtime.sandboxes().find(each => each.podUid === uid)
    if (!sandbox) return true
    try {
      const pod = await client.get(kinds.pods, sandbox.namespace, sandbox.name)
      return pod.metadata.uid !== uid
    } catch (error) {
      if (isStatusReason(error, 'NotFound')) return true
      throw error
    }
  }

  async #removeLeftovers(uid: string): Promise<void> {
    const { runtime, probes, dataDir, crashes, pulls } = this.#context
    const view = viewPod(runtime, uid)
    const all = [...(view.sandbox ? [view.sandbox] : []), ...view.oldSandboxes]
    for (const sandbox of all) await runtime.removePodSandbox(sandbox.id)
    probes.retain(uid, new Set())
    crashes.forget(`${uid}/`)
    pulls.forget(`${uid}/`)
    this.#statuses.forget(uid)
    rmSync(podFolder(dataDir, uid), { recursive: true, force: true })
  }

  /** Keeps one dead container of each name, and no sandbox that has none. */
  async #prune(uid: string): Promise<void> {
    const { runtime } = this.#context
    const view = viewPod(runtime, uid)
    const seen = new Map<string, number>()
    for (const container of view.containers) {
      const count = (seen.get(container.name) ?? 0) + 1
      seen.set(container.name, count)
      if (count <= 2 || container.state !== 'exited') continue
      await runtime.removeContainer(container.id)
      rmSync(container.logPath, { force: true })
    }
    for (const sandbox of view.oldSandboxes) {
      const isUsed = runtime.containers().some(each => each.sandboxId === sandbox.id)
      if (!isUsed) await runtime.removePodSandbox(sandbox.id)
    }
  }

  #watchProbes(work: PodWork, view: PodView): void {
    const { probes, runtime } = this.#context
    const { pod } = work
    const running = new Set<string>()
    const inits = (pod.spec.initContainers ?? []).filter(isSidecar)
    for (const spec of [...inits, ...pod.spec.containers]) {
      const container = latest(view, spec.name)
      if (container?.state !== 'running') continue
      running.add(container.id)
      const id = `${runtime.name}://${container.id}`
      const old = pod.status?.containerStatuses?.find(each => each.containerID === id)
      const target = { pod, spec, container, podIp: view.sandbox?.ip ?? '' }
      probes.watch(target, old?.ready ?? false)
    }
    probes.retain(pod.metadata.uid ?? '', running)
  }

  async #writeStatus(uid: string, work: PodWork): Promise<void> {
    if (work.isGone) return
    const pod = this.#statuses.withLatest(work.pod)
    await this.#statuses.write(work.pod, this.#statusOf(uid, work, pod))
  }

  #statusOf(uid: string, work: PodWork, pod: Pod): PodStatus {
    const { runtime, probes, nodeAddress, clock } = this.#context
    const view = viewPod(runtime, uid)
    const id = (name: string) => latest(view, name)?.id
    return podStatus({
      pod,
      view,
      runtimeName: runtime.name,
      waiting: work.waiting,
      isReady: name => probes.isReady(id(name)),
      isStarted: name => work.killing !== undefined || probes.verdicts(id).isStarted(name),
      failure: work.failure,
      isStopped: work.killing?.isOver ?? false,
      hostIp: nodeAddress,
      wall: clock.wall(),
    })
  }
}

function newWork(pod: Pod): PodWork {
  return { pod, isGone: false, isAdmitted: false, waiting: new Map(), volumesAt: 0 }
}

/** An update that brings nothing but the status. */
function isOnlyStatus(old: Pod, now: Pod): boolean {
  if (now.spec.readinessGates) return false
  const { deletionTimestamp, deletionGracePeriodSeconds } = now.metadata
  return (
    old.metadata.deletionTimestamp === deletionTimestamp &&
    old.metadata.deletionGracePeriodSeconds === deletionGracePeriodSeconds &&
    JSON.stringify(old.spec) === JSON.stringify(now.spec)
  )
}

function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

/** A pod that was deleted without asking the kubelet gets no more than its spec's grace. */
function goneGraceMs(work: PodWork): number {
  return Math.min(work.killing?.graceMs ?? Number.POSITIVE_INFINITY, graceMs(work.pod))
}
