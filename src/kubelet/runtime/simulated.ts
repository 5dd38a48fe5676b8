import { PassThrough } from 'node:stream'
import { AddressPool } from './addresses.ts'
import type {
  ContainerConfig,
  ExecRequest,
  ExecSession,
  Runtime,
  RuntimeContainer,
  Sandbox,
  SandboxConfig,
} from './types.ts'

/** Settings of the simulated runtime. */
export interface SimulatedRuntimeOptions {
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** A runtime that runs nothing: containers are running once started, until they are stopped. */
export interface SimulatedRuntime extends Runtime {
  /** Ends a container as if its program had: for tests and demonstrations. */
  finish(containerId: string, exitCode: number): void
}

/** For thousands of nodes on one machine, and for tests of what doesn't need real processes. */
export function createSimulatedRuntime(options: SimulatedRuntimeOptions): SimulatedRuntime {
  return new Simulated(options)
}

type Writeable<T> = { -readonly [K in keyof T]: T[K] }

class Simulated implements SimulatedRuntime {
  readonly name = 'simulated'
  readonly version: string
  readonly #now: () => number
  readonly #sandboxes = new Map<string, Writeable<Sandbox>>()
  readonly #containers = new Map<string, Writeable<RuntimeContainer>>()
  readonly #addresses = new AddressPool()
  readonly #listeners = new Set<(podUid: string) => void>()
  #ids = 0

  constructor(options: SimulatedRuntimeOptions) {
    this.version = options.version
    this.#now = options.now ?? Date.now
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  setPodCidr(podCidr: string): void {
    this.#addresses.setCidr(podCidr)
  }

  async runPodSandbox(config: SandboxConfig): Promise<string> {
    const id = this.#nextId()
    const { podUid, namespace, name } = config
    const ip = config.hostIp ?? this.#addresses.allocate()
    const createdAt = this.#now()
    this.#sandboxes.set(id, { id, podUid, namespace, name, state: 'ready', ip, createdAt })
    this.#tell(podUid)
    return id
  }

  async stopPodSandbox(sandboxId: string): Promise<void> {
    const sandbox = this.#sandboxes.get(sandboxId)
    if (!sandbox || sandbox.state === 'not-ready') return
    sandbox.state = 'not-ready'
    for (const container of this.#containers.values()) {
      if (container.sandboxId === sandboxId) this.finish(container.id, 137)
    }
    this.#tell(sandbox.podUid)
  }

  async removePodSandbox(sandboxId: string): Promise<void> {
    const sandbox = this.#sandboxes.get(sandboxId)
    if (!sandbox) return
    await this.stopPodSandbox(sandboxId)
    this.#sandboxes.delete(sandboxId)
    for (const container of this.#containers.values()) {
      if (container.sandboxId === sandboxId) this.#containers.delete(container.id)
    }
    const isShared = [...this.#sandboxes.values()].some(each => each.ip === sandbox.ip)
    if (!isShared) this.#addresses.release(sandbox.ip)
    this.#tell(sandbox.podUid)
  }

  sandboxes(): readonly Sandbox[] {
    return [...this.#sandboxes.values()].map(sandbox => ({ ...sandbox }))
  }

  async pullImage(image: string): Promise<string> {
    return `simulated://${image}`
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.#sandboxes.get(sandboxId)
    if (sandbox?.state !== 'ready') throw new Error(`no sandbox ${sandboxId}`)
    const id = this.#nextId()
    const { name, attempt, image, imageId, logPath, specHash } = config
    const own = { name, attempt, image, imageId, logPath, specHash, portMap: {} }
    const { podUid } = sandbox
    const createdAt = this.#now()
    this.#containers.set(id, { id, sandboxId, podUid, ...own, state: 'created', createdAt })
    return id
  }

  async startContainer(containerId: string): Promise<void> {
    const container = this.#containers.get(containerId)
    if (!container) throw new Error(`no container ${containerId}`)
    if (container.state !== 'created') return
    container.state = 'running'
    container.startedAt = this.#now()
    this.#tell(container.podUid)
  }

  async stopContainer(containerId: string): Promise<void> {
    this.finish(containerId, 143)
  }

  async removeContainer(containerId: string): Promise<void> {
    this.#containers.delete(containerId)
  }

  containers(): readonly RuntimeContainer[] {
    return [...this.#containers.values()].map(container => ({ ...container }))
  }

  finish(containerId: string, exitCode: number): void {
    const container = this.#containers.get(containerId)
    if (!container || container.state === 'exited') return
    container.state = 'exited'
    container.finishedAt = this.#now()
    container.exitCode = exitCode
    container.reason = exitCode === 0 ? 'Completed' : 'Error'
    this.#tell(container.podUid)
  }

  async exec(containerId: string, _request: ExecRequest): Promise<ExecSession> {
    if (this.#containers.get(containerId)?.state !== 'running') {
      throw new Error('container not running')
    }
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    stdout.end()
    stderr.end()
    const nothing = () => undefined
    return { stdin: null, stdout, stderr, exit: Promise.resolve(0), resize: nothing, kill: nothing }
  }

  attach(containerId: string): Promise<ExecSession> {
    return this.exec(containerId, { command: [], tty: false, stdin: false })
  }

  onChange(listener: (podUid: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #nextId(): string {
    return (++this.#ids).toString(16).padStart(64, '0')
  }

  #tell(podUid: string): void {
    for (const listener of this.#listeners) listener(podUid)
  }
}
