import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { EmbeddedStore } from '../store/embedded-types.ts'
import type { PasswordHasher } from './auth/hasher.ts'
import type { TlsFiles } from './grpc/types.ts'

/**
 * A snapshot file of etcd's form (bbolt), piece by piece. `bytes`: how long it will be, if that is
 * known before.
 */
export type SnapshotBytes = AsyncIterable<Uint8Array> & { readonly bytes?: number }

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
  /** Absent: snapshots are refused. */
  readonly snapshot?: (store: EmbeddedStore) => SnapshotBytes
  /** Absent: bcrypt in a thread of its own. */
  readonly hasher?: PasswordHasher
}
