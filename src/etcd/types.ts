import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { EmbeddedStore } from '../store/embedded-types.ts'
import type { PasswordHasher } from './auth/hasher.ts'
import type { TlsFiles } from './grpc/types.ts'

/** What the gRPC server of a peer is made of. Source: etcd api/etcdserverpb/rpc.proto. */
export interface EtcdServerOptions {
  readonly store: EmbeddedStore
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** PEM texts; clients must show a certificate of `ca`. */
  readonly tls: TlsFiles
  /** 16 hex digits. */
  readonly clusterId: string
  /** Of this peer, 16 hex digits. */
  readonly memberId: string
  readonly clock: Clock
  readonly logger: Logger
  /**
   * While authentication is off, clients' certificates must be of this group: every kubelet has a
   * certificate of the cluster's CA, and the store is not theirs to read. Absent: anybody's.
   */
  readonly clientGroup?: string
  /** Absent: bcrypt in a thread of its own. */
  readonly hasher?: PasswordHasher
}
