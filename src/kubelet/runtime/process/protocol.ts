/**
 * Files and messages between the process runtime and a pod's shim. A pod's runtime folder:
 *
 *   sandbox.json   what the pod is; written by the runtime, never changed
 *   shim.json      the shim's process and socket; written by the shim when it serves
 *   state.json     its containers, with exit codes; written by the shim at each change
 *   shim.log       what the shim itself has to say
 *   c/<id>/        a container's own folder
 *
 * On the socket: one JSON object a line. The runtime sends ShimRequest, the shim answers with
 * ShimAnswer of the same `seq` and tells changes as ShimNotice.
 */

export interface SandboxRecord {
  readonly id: string
  readonly podUid: string
  readonly namespace: string
  readonly name: string
  readonly hostname: string
  readonly ip: string
  readonly hostNetwork: boolean
  readonly createdAt: number
}

export interface ShimRecord {
  readonly pid: number
  /** Start time of that process, so that a reused pid isn't taken for it; '' where unknown. */
  readonly pidStart: string
  readonly socket: string
}

/** A container as the shim keeps it. */
export interface ContainerRecord {
  readonly id: string
  readonly name: string
  readonly attempt: number
  readonly image: string
  readonly imageId: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** As whom it runs; not there: as the shim itself. */
  readonly user?: { readonly uid: number; readonly gid: number }
  readonly logPath: string
  readonly terminationLog: string
  readonly stdin: boolean
  readonly tty: boolean
  readonly specHash: string
  /** Mount paths and what stands for them, for exec. */
  readonly mounts: readonly { readonly mountPath: string; readonly hostPath: string }[]
  /** File in which the built-in web server tells its ports; then start waits for it. */
  readonly portsFile?: string
  readonly createdAt: number
  state: 'created' | 'running' | 'exited'
  pid?: number
  pidStart?: string
  startedAt?: number
  finishedAt?: number
  exitCode?: number
  reason?: string
  message?: string
  portMap?: Record<string, number>
}

export type ShimRequest =
  | { readonly op: 'create'; readonly container: ContainerRecord }
  | { readonly op: 'start'; readonly id: string }
  | { readonly op: 'stop'; readonly id: string; readonly graceMs: number }
  | { readonly op: 'remove'; readonly id: string }
  | { readonly op: 'list' }
  /** From here on this connection is told the container's output as ShimOutput. */
  | { readonly op: 'attach'; readonly id: string }
  /** `data` is latin1. */
  | {
      readonly op: 'input'
      readonly id: string
      readonly data?: string
      readonly end?: boolean
      readonly size?: { readonly columns: number; readonly rows: number }
    }
  /** Ends all containers, then the shim itself. */
  | { readonly op: 'shutdown'; readonly graceMs: number }

export type ShimAnswer =
  | { readonly seq: number; readonly ok: true; readonly containers: ContainerRecord[] }
  | { readonly seq: number; readonly ok: false; readonly error: string }

export interface ShimNotice {
  readonly notice: 'changed'
  readonly containers: ContainerRecord[]
}

/** Output of a container for those who are attached; texts are latin1. */
export type ShimOutput =
  | { readonly output: 'stdout' | 'stderr'; readonly data: string }
  | { readonly ended: number }

export const shimFiles = {
  sandbox: 'sandbox.json',
  shim: 'shim.json',
  state: 'state.json',
  log: 'shim.log',
} as const
