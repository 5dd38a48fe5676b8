import { randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Logger } from '../../../kernel/logger.ts'
import { errorMessage } from '../../../kernel/result.ts'
import { AddressPool } from '../addresses.ts'
import {
  type ContainerConfig,
  type ExecRequest,
  type ExecSession,
  type Runtime,
  type RuntimeContainer,
  type Sandbox,
  type SandboxConfig,
  StartError,
} from '../types.ts'
import { attachToShim } from './attach.ts'
import { execProcess } from './exec.ts'
import { commandLine, type HostImage, imageBaseName, resolveImage, userOf } from './images.ts'
import { rewritePaths, volumeVariable } from './mounts.ts'
import { type ContainerRecord, type SandboxRecord, shimFiles } from './protocol.ts'
import {
  readShimRecord,
  ShimClient,
  ShimHungError,
  scriptPath,
  socketPath,
  spawnShim,
} from './shimclient.ts'
import { killLeftovers, killShim, readState, stopShim } from './stopshims.ts'

export interface ProcessRuntimeOptions {
  /** Everything is kept below it. Absolute. */
  readonly dataDir: string
  readonly version: string
  /** By full name of an image, or by the last part of it without tag. */
  readonly images?: Readonly<Record<string, HostImage>>
  readonly logger: Logger
}

/**
 * Pods as processes of this host: no root, no images, no isolation, and it says so. Each pod has a
 * shim process that outlives this one; `start` finds and adopts them.
 */
export function createProcessRuntime(options: ProcessRuntimeOptions): Runtime {
  return new ProcessRuntime(options)
}

/** Where a web server's files would be mounted: these are served instead of the greeting. */
const webRoots: Readonly<Record<string, string>> = {
  nginx: '/usr/share/nginx/html',
  httpd: '/usr/local/apache2/htdocs',
}

interface Pod {
  readonly record: SandboxRecord
  readonly folder: string
  shim: ShimClient | undefined
  stopped: boolean
  containers: readonly ContainerRecord[]
}

class ProcessRuntime implements Runtime {
  readonly name = 'process'
  readonly version: string
  readonly #options: ProcessRuntimeOptions
  readonly #root: string
  readonly #pods = new Map<string, Pod>()
  readonly #addresses = new AddressPool()
  readonly #listeners = new Set<(podUid: string) => void>()
  #stopping = false

  constructor(options: ProcessRuntimeOptions) {
    this.#options = options
    this.version = options.version
    this.#root = join(options.dataDir, 'runtime')
  }

  async start(): Promise<void> {
    this.#stopping = false
    mkdirSync(this.#root, { recursive: true, mode: 0o700 })
    await Promise.all(readdirSync(this.#root).map(id => this.#adopt(join(this.#root, id))))
  }

  async stop(): Promise<void> {
    this.#stopping = true
    for (const pod of this.#pods.values()) pod.shim?.close()
    this.#pods.clear()
  }

  setPodCidr(podCidr: string): void {
    this.#addresses.setCidr(podCidr)
  }

  async runPodSandbox(config: SandboxConfig): Promise<string> {
    const id = randomBytes(32).toString('hex')
    const folder = join(this.#root, id)
    const record: SandboxRecord = {
      id,
      podUid: config.podUid,
      namespace: config.namespace,
      name: config.name,
      hostname: config.hostname,
      ip: config.hostIp ?? this.#addresses.allocate(),
      hostNetwork: config.hostIp !== undefined,
      createdAt: Date.now(),
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(join(folder, shimFiles.sandbox), JSON.stringify(record), { mode: 0o600 })
    const pod: Pod = { record, folder, shim: undefined, stopped: false, containers: [] }
    try {
      const socket = socketPath(id)
      await spawnShim(folder, socket)
      await this.#connect(pod, socket)
    } catch (error) {
      pod.shim?.close()
      if (existsSync(join(folder, shimFiles.shim))) killShim(folder)
      await this.#forget(pod)
      throw error
    }
    this.#pods.set(id, pod)
    this.#tell(record.podUid)
    return id
  }

  async stopPodSandbox(sandboxId: string): Promise<void> {
    const pod = this.#pods.get(sandboxId)
    if (!pod || pod.stopped) return
    pod.stopped = true
    pod.shim?.close()
    if (existsSync(join(pod.folder, shimFiles.shim))) await stopShim(pod.folder, 0)
    pod.containers = ended(readState(pod.folder))
    this.#tell(pod.record.podUid)
  }

  async removePodSandbox(sandboxId: string): Promise<void> {
    const pod = this.#pods.get(sandboxId)
    if (!pod) return
    await this.stopPodSandbox(sandboxId)
    await this.#forget(pod)
    this.#tell(pod.record.podUid)
  }

  sandboxes(): readonly Sandbox[] {
    return [...this.#pods.values()].map(({ record, shim, stopped }) => ({
      id: record.id,
      podUid: record.podUid,
      namespace: record.namespace,
      name: record.name,
      state: shim && !stopped ? 'ready' : 'not-ready',
      ip: record.ip,
      createdAt: record.createdAt,
    }))
  }

  async pullImage(image: string, spec: { readonly hasCommand: boolean }): Promise<string> {
    resolveImage(image, this.#options.images ?? {}, spec.hasCommand)
    return `process://${imageBaseName(image)}`
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const pod = this.#pod(sandboxId)
    const container = this.#record(pod, config)
    const work = join(pod.folder, 'c', container.id, 'work')
    mkdirSync(work, { recursive: true, mode: 0o755 })
    if (container.user) chownSync(work, container.user.uid, container.user.gid)
    mkdirSync(dirname(config.logPath), { recursive: true })
    await this.#request(pod, { op: 'create', container })
    return container.id
  }

  async startContainer(containerId: string): Promise<void> {
    const { pod } = this.#find(containerId)
    try {
      await this.#request(pod, { op: 'start', id: containerId })
    } catch (error) {
      throw new StartError(errorMessage(error))
    }
  }

  async stopContainer(containerId: string, graceMs: number): Promise<void> {
    const pod = this.#podOf(containerId)
    if (pod?.shim) await this.#request(pod, { op: 'stop', id: containerId, graceMs })
  }

  async removeContainer(containerId: string): Promise<void> {
    const pod = this.#podOf(containerId)
    if (!pod) return
    if (pod.shim) await this.#request(pod, { op: 'remove', id: containerId })
    pod.containers = pod.containers.filter(each => each.id !== containerId)
    rmSync(join(pod.folder, 'c', containerId), { recursive: true, force: true })
  }

  containers(): readonly RuntimeContainer[] {
    return [...this.#pods.values()].flatMap(pod =>
      pod.containers.map(container => toRuntimeContainer(pod.record, container)),
    )
  }

  async exec(containerId: string, request: ExecRequest): Promise<ExecSession> {
    const { container } = this.#find(containerId)
    if (container.state !== 'running') throw new Error('container not running')
    const command = request.command.map(part => rewritePaths(part, container.mounts))
    const { cwd, env, user } = container
    return execProcess({ ...request, command, cwd, env, user })
  }

  async attach(containerId: string): Promise<ExecSession> {
    const { pod, container } = this.#find(containerId)
    if (container.state !== 'running') throw new Error('container not running')
    return attachToShim(readShimRecord(pod.folder).socket, container)
  }

  onChange(listener: (podUid: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(podUid: string): void {
    for (const listener of this.#listeners) listener(podUid)
  }

  #pod(sandboxId: string): Pod {
    const pod = this.#pods.get(sandboxId)
    if (!pod) throw new Error(`no sandbox ${sandboxId}`)
    return pod
  }

  #podOf(containerId: string): Pod | undefined {
    for (const pod of this.#pods.values()) {
      if (pod.containers.some(each => each.id === containerId)) return pod
    }
    return undefined
  }

  #find(containerId: string): { pod: Pod; container: ContainerRecord } {
    const pod = this.#podOf(containerId)
    const container = pod?.containers.find(each => each.id === containerId)
    if (!pod || !container) throw new Error(`no container ${containerId}`)
    return { pod, container }
  }

  /** A shim that does not answer is as good as dead, and would hold up its pod for ever. */
  async #request(pod: Pod, request: Parameters<ShimClient['request']>[0]): Promise<void> {
    if (!pod.shim) throw new Error('the pod sandbox is not ready')
    try {
      await pod.shim.request(request)
    } catch (error) {
      if (error instanceof ShimHungError) {
        killShim(pod.folder)
        pod.shim?.close()
      }
      throw error
    }
  }

  async #connect(pod: Pod, socket: string): Promise<void> {
    const shim = await ShimClient.connect(socket, {
      onChange: containers => {
        if (this.#stopping) return
        pod.containers = containers
        this.#tell(pod.record.podUid)
      },
      onClose: () => {
        if (pod.shim !== shim || this.#stopping) return
        pod.shim = undefined
        if (!pod.stopped) this.#lost(pod)
      },
    })
    pod.shim = shim
    await shim.request({ op: 'list' })
  }

  /** A pod whose shim died: its containers can't be watched any more, so they are ended too. */
  #lost(pod: Pod): void {
    this.#options.logger.warn('the shim of a pod is gone', {
      pod: `${pod.record.namespace}/${pod.record.name}`,
    })
    killLeftovers(pod.folder)
    pod.containers = ended(readState(pod.folder))
    this.#tell(pod.record.podUid)
  }

  async #adopt(folder: string): Promise<void> {
    let pod: Pod | undefined
    try {
      const record = JSON.parse(readFileSync(join(folder, shimFiles.sandbox), 'utf8'))
      pod = { record, folder, shim: undefined, stopped: false, containers: [] }
      if (!pod.record.hostNetwork) this.#addresses.take(pod.record.ip)
      this.#pods.set(pod.record.id, pod)
      await this.#connect(pod, readShimRecord(folder).socket)
    } catch (error) {
      this.#options.logger.info('a pod has no shim any more', { folder, why: errorMessage(error) })
      if (error instanceof ShimHungError) killShim(folder)
      const shim = pod?.shim
      if (pod) pod.shim = undefined
      shim?.close()
      if (pod) this.#lost(pod)
      else rmSync(folder, { recursive: true, force: true })
    }
  }

  async #forget(pod: Pod): Promise<void> {
    this.#pods.delete(pod.record.id)
    rmSync(pod.folder, { recursive: true, force: true })
    const { ip, hostNetwork } = pod.record
    const isShared = [...this.#pods.values()].some(each => each.record.ip === ip)
    if (!hostNetwork && !isShared) this.#addresses.release(ip)
  }

  #record(pod: Pod, config: ContainerConfig): ContainerRecord {
    const id = randomBytes(32).toString('hex')
    const own = join(pod.folder, 'c', id)
    const terminationLog = join(own, 'termination-log')
    const mounts = [
      ...config.mounts,
      { mountPath: config.terminationMessagePath, hostPath: terminationLog },
    ]
    const program = resolveImage(
      config.image,
      this.#options.images ?? {},
      config.command.length > 0,
    )
    const isWeb = program.kind === 'web' && config.command.length === 0
    const image: HostImage = program.kind === 'web' ? {} : program
    const argv = isWeb ? webServerArgv() : commandLine(config, image)
    const withEnv = { ...config, env: { ...image.env, ...config.env } }
    const user = userOf(image, process.getuid?.())
    const workingDir = config.workingDir ? rewritePaths(config.workingDir, mounts) : undefined
    return {
      id,
      name: config.name,
      attempt: config.attempt,
      image: config.image,
      imageId: config.imageId,
      argv: argv.map(part => (isWeb ? part : rewritePaths(part, mounts))),
      env: this.#environment(pod, withEnv, mounts, own, isWeb),
      cwd: workingDir && existsSync(workingDir) ? workingDir : join(own, 'work'),
      ...(user ? { user } : {}),
      logPath: config.logPath,
      terminationLog,
      stdin: config.stdin,
      tty: config.tty,
      specHash: config.specHash,
      mounts,
      ...(isWeb ? { portsFile: join(own, 'ports.json') } : {}),
      createdAt: Date.now(),
      state: 'created',
    }
  }

  #environment(
    pod: Pod,
    config: ContainerConfig,
    mounts: readonly { readonly mountPath: string; readonly hostPath: string }[],
    own: string,
    isWeb: boolean,
  ): Record<string, string> {
    const env: Record<string, string> = {
      PATH: process.env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: join(own, 'work'),
    }
    for (const [name, value] of Object.entries(config.env)) env[name] = rewritePaths(value, mounts)
    for (const mount of config.mounts) env[volumeVariable(mount.name)] = mount.hostPath
    env.HOSTNAME = pod.record.hostname
    env.POD_IP = pod.record.ip
    if (!isWeb) return env
    const root = webRoots[imageBaseName(config.image)]
    const content = config.mounts.find(mount => mount.mountPath.replace(/\/$/, '') === root)
    if (content) env.QUORATE_WEB_ROOT = content.hostPath
    return { ...env, QUORATE_IMAGE: config.image, QUORATE_PORTS_FILE: join(own, 'ports.json') }
  }
}

function webServerArgv(): string[] {
  const flags = ['--max-semi-space-size=1', '--max-old-space-size=32']
  return [process.execPath, ...flags, scriptPath('webserver')]
}

/** Containers after their shim: what ran has been killed. */
function ended(containers: readonly ContainerRecord[]): ContainerRecord[] {
  const finishedAt = Date.now()
  return containers.map(container =>
    container.state === 'exited'
      ? container
      : { ...container, state: 'exited', exitCode: 137, reason: 'Error', finishedAt },
  )
}

function toRuntimeContainer(sandbox: SandboxRecord, container: ContainerRecord): RuntimeContainer {
  return {
    id: container.id,
    sandboxId: sandbox.id,
    podUid: sandbox.podUid,
    name: container.name,
    attempt: container.attempt,
    image: container.image,
    imageId: container.imageId,
    state: container.state,
    pid: container.pid,
    createdAt: container.createdAt,
    startedAt: container.startedAt,
    finishedAt: container.finishedAt,
    exitCode: container.exitCode,
    reason: container.reason,
    message: container.message,
    logPath: container.logPath,
    specHash: container.specHash,
    portMap: container.portMap ?? {},
  }
}
