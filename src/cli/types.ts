import type { EnsureMeshIdentity, PreparedCluster } from '../supervisor/prepare.ts'
import type { DiskSnapshotSummary, JoinOptions, SnapshotSummary } from '../supervisor/types.ts'

/** What the command line starts and does not know: main.ts hands it down. */
export interface CliParts {
  /** The file that node runs for every process of a cluster. */
  readonly mainFile: string
  readonly ensureIdentity: EnsureMeshIdentity
  /** Ends the pods that outlive their kubelet. Returns how many there were. */
  readonly stopPods: (dataRoot: string) => Promise<number>
  readonly runPeer: (options: RunPeerOptions) => Promise<void>
  /** Writes what a new peer needs into the data folder; gives its member ID. */
  readonly joinCluster: (options: JoinOptions) => Promise<{ readonly id: string }>
  readonly saveSnapshot: (
    cluster: PreparedCluster,
    file: string,
    onBytes: (bytes: number) => void,
  ) => Promise<SnapshotSummary>
  readonly saveFromDisk: (
    cluster: PreparedCluster,
    peer: string,
    file: string,
  ) => Promise<DiskSnapshotSummary>
  readonly snapshotStatus: (file: string, skipHashCheck?: boolean) => Promise<SnapshotSummary>
  readonly restoreSnapshot: (
    cluster: PreparedCluster,
    file: string,
    skipHashCheck?: boolean,
  ) => Promise<SnapshotSummary>
  readonly runLoadBalancer: (options: RunProcessOptions) => Promise<void>
  readonly runProxy: (options: RunProcessOptions) => Promise<void>
  /** The configuration of a real load balancer, as text. */
  readonly printLoadBalancer: (
    kind: 'haproxy' | 'nginx',
    options: RunProcessOptions,
  ) => Promise<string>
  /** The dashboard's program, a process of its own. */
  readonly tuiFile: string
}

export interface RunProcessOptions {
  readonly data: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

export interface RunPeerOptions extends RunProcessOptions {
  readonly config?: string
  readonly name: string
  readonly faults: boolean
  readonly join?: Omit<JoinOptions, 'name' | 'data'> & { readonly learner: boolean }
}

/** An error whose message is all that the user needs; ends the program with `exitCode`. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
