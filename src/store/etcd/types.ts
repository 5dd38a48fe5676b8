import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { Prng } from '../../kernel/prng.ts'
import type { Startable } from '../../kernel/startable.ts'
import type { CompactorOptions } from '../compactor.ts'
import type { Membership, Store } from '../types.ts'
import type { EtcdEndpoint } from './client.ts'

/** Where an external etcd cluster is, and which of its keys are ours. */
export interface EtcdLocation {
  /** `https://host:port` or `http://host:port`, at least one. */
  readonly endpoints: readonly string[]
  /** PEM texts. */
  readonly tls?: EtcdEndpoint['tls']
  /** All keys begin with it; default "". */
  readonly prefix?: string
}

export interface EtcdStoreOptions extends EtcdLocation {
  /** Of this member, 16 hex digits: what the others call it in the election. */
  readonly id: string
  /** Lease of the election; default leaseTtlSeconds. */
  readonly ttlSeconds?: number
  /** What the leading member compacts; default: nothing. */
  readonly compaction?: CompactorOptions
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
}

/** A store on an external etcd, and what the peer tells it. */
export interface EtcdStore extends Store, Membership, Startable {
  /** While the main thread answers no beats this member neither leads nor stands for election. */
  setMainThreadStalled(stalled: boolean): void
  /** The process of that member is dead, as far as the mesh knows: its place is free. */
  peerLost(id: string): void
}
