import type { Readable, Writable } from 'node:stream'

/**
 * What the kubelet asks of a container runtime, in the words of CRI (k8s.io/cri-api runtime/v1):
 * a sandbox is a pod's surroundings (network address, folder), containers run inside it.
 * Calls are idempotent: stopping or removing what is gone succeeds.
 */
export interface Runtime {
  /** `process`, `simulated`, ...: the scheme of `containerRuntimeVersion` and container ids. */
  readonly name: string
  readonly version: string
  /** Finds what an earlier kubelet of this node left running, and adopts it. */
  start(): Promise<void>
  /** Lets go; pods go on running. */
  stop(): Promise<void>
  /** Range of pod addresses, `127.77.16.0/24`. Source: CRI UpdateRuntimeConfig. */
  setPodCidr(podCidr: string): void

  /** @returns the sandbox's id. */
  runPodSandbox(config: SandboxConfig): Promise<string>
  /** Ends every process of the sandbox at once. */
  stopPodSandbox(sandboxId: string): Promise<void>
  /** Removes all that is left of it: records, logs and its folder. */
  removePodSandbox(sandboxId: string): Promise<void>
  sandboxes(): readonly Sandbox[]

  /** @returns the image's id. @throws ImageError */
  pullImage(image: string, spec: { readonly hasCommand: boolean }): Promise<string>
  createContainer(sandboxId: string, config: ContainerConfig): Promise<string>
  /** @throws StartError when the program can't be run; the container has exited then. */
  startContainer(containerId: string): Promise<void>
  /** TERM, then KILL after `graceMs`; a second call may shorten the first's wait. */
  stopContainer(containerId: string, graceMs: number): Promise<void>
  removeContainer(containerId: string): Promise<void>
  containers(): readonly RuntimeContainer[]

  exec(containerId: string, request: ExecRequest): Promise<ExecSession>
  /** Joins the container's own streams, from now on; `kill` only leaves it. */
  attach(containerId: string): Promise<ExecSession>
  /** Told of the uid of a pod in which something changed. */
  onChange(listener: (podUid: string) => void): () => void
}

export interface SandboxConfig {
  readonly podUid: string
  readonly namespace: string
  readonly name: string
  readonly hostname: string
  /** With a host's network the pod has the node's address. */
  readonly hostIp?: string
  /** The pod's folder: volumes and what the runtime keeps. Absolute. */
  readonly folder: string
  /** Folder of the pod's logs, one folder for each container. Absolute. */
  readonly logFolder: string
}

export interface Sandbox {
  readonly id: string
  readonly podUid: string
  readonly namespace: string
  readonly name: string
  readonly state: 'ready' | 'not-ready'
  readonly ip: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

export interface ContainerConfig {
  readonly name: string
  /** How often it was started before; the API's restartCount. */
  readonly attempt: number
  readonly image: string
  readonly imageId: string
  /** As in the pod's spec, expanded. */
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly workingDir?: string
  readonly mounts: readonly Mount[]
  readonly logPath: string
  readonly terminationMessagePath: string
  readonly stdin: boolean
  readonly tty: boolean
  /** Hash of the spec that it was made from. */
  readonly specHash: string
}

/** A path of the container and what it shows: a file or folder of the host. */
export interface Mount {
  /** Name of the volume. */
  readonly name: string
  readonly mountPath: string
  readonly hostPath: string
  readonly readOnly: boolean
}

export interface RuntimeContainer {
  readonly id: string
  readonly sandboxId: string
  readonly podUid: string
  readonly name: string
  readonly attempt: number
  readonly image: string
  readonly imageId: string
  readonly state: 'created' | 'running' | 'exited'
  readonly pid?: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly startedAt?: number
  readonly finishedAt?: number
  readonly exitCode?: number
  /** `Completed`, `Error`, `StartError`, ...; as kubectl shows it. */
  readonly reason?: string
  readonly message?: string
  readonly logPath: string
  readonly specHash: string
  /** Ports that are served elsewhere than asked for: `{80: 20080}`. */
  readonly portMap: Readonly<Record<string, number>>
}

export interface ExecRequest {
  readonly command: readonly string[]
  readonly tty: boolean
  readonly stdin: boolean
}

/** A command that runs in a container. */
export interface ExecSession {
  readonly stdin: Writable | null
  readonly stdout: Readable
  /** null with a terminal: all its output is on stdout. */
  readonly stderr: Readable | null
  /** Exit code, once the output has ended. */
  readonly exit: Promise<number>
  resize(columns: number, rows: number): void
  kill(): void
}

/** Why there is no image. `reason` is upstream's: `ErrImagePull`, `InvalidImageName`. */
export class ImageError extends Error {
  override readonly name = 'ImageError'
  readonly reason: 'ErrImagePull' | 'InvalidImageName' | 'ErrImageNeverPull'

  constructor(reason: ImageError['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

/** The program of a container could not be run. Source: containerd "StartError". */
export class StartError extends Error {
  override readonly name = 'StartError'
}
