/** What a peer does. Both is the default; a worker-only peer holds no vote and serves no API. */
export type Role = 'control-plane' | 'worker'
export type RuntimeKind = 'process' | 'cri' | 'simulated'
export type ProxyMode = 'userspace' | 'iptables' | 'ipvs' | 'nftables'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Source: core/v1 Taint. */
export interface TaintConfig {
  readonly key: string
  readonly value?: string
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
}

export interface PeerConfig {
  readonly name: string
  /** Its number on this machine, from 0, kept when others leave: addresses are counted by it. */
  readonly ordinal: number
  readonly roles: readonly Role[]
  /** libp2p, TCP. */
  readonly mesh: Address
  /** HTTPS of the Kubernetes API. */
  readonly api: Address
  /** etcd v3 gRPC for clients. */
  readonly etcd: Address
  /** Status and fault protocol, HTTPS with client certificates. */
  readonly admin: Address
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly TaintConfig[]
  /** Quantities: cpu, memory, pods, ephemeral-storage, extended resources. */
  readonly capacity: Readonly<Record<string, string>>
}

/** A program of this host in the place of an image, with what an image says of its program. */
export interface ImageConfig {
  /** Goes before a container's arguments; its command takes the place of it. */
  readonly entrypoint: readonly string[]
  /** Arguments of a container that has neither command nor arguments. */
  readonly cmd: readonly string[]
  /** A container's own variables go before these. */
  readonly env: Readonly<Record<string, string>>
  /** `uid` or `uid:gid`; unless it is the peer's own, the peer must be root. */
  readonly user?: string
}

/** Milliseconds. The defaults suit a LAN; see docs/ARCHITECTURE.md, Failure detection. */
export interface Timings {
  /** Where the three times below come from unless they are given. */
  readonly profile: 'lan' | 'wan'
  readonly heartbeatMs: number
  /** Each election waits a random time in [min, max). */
  readonly electionTimeoutMinMs: number
  readonly electionTimeoutMaxMs: number
  /** A main thread that is silent for this long makes its peer hand leadership over. */
  readonly mainThreadStallMs: number
  readonly nodeLeaseRenewMs: number
  readonly nodeStatusMs: number
  /** A node whose lease is older than this is NotReady (upstream: 40 s, 50 s from 1.32). */
  readonly nodeMonitorGraceMs: number
  /** tolerationSeconds that pods get for not-ready and unreachable nodes (upstream: 300). */
  readonly podEvictionSeconds: number
}

export interface Networks {
  /** CIDRs; nodes exists only with the process runtime: one address of 127/8 a node. */
  readonly nodes: string
  readonly pods: string
  readonly services: string
}

/**
 * Where the cluster's state is: in the peers themselves, or in an etcd cluster beside them, which
 * then is its own members' affair.
 */
export type DatastoreConfig =
  | { readonly driver: 'embedded' }
  | {
      readonly driver: 'etcd'
      /** `https://host:port` or `http://host:port`. */
      readonly endpoints: readonly string[]
      /** Files, absolute: of the CA that signed etcd's certificates, and a client's. */
      readonly ca?: string
      readonly cert?: string
      readonly key?: string
      /** All keys begin with it. */
      readonly prefix: string
    }

/** The configuration of a cluster, complete: every default is filled in. */
export interface ClusterConfig {
  readonly name: string
  readonly peers: readonly PeerConfig[]
  readonly loadBalancer: Address
  /** The admin protocol of the process that `up` leaves running. */
  readonly supervisor: Address
  readonly timings: Timings
  /** `auto`: `up` takes a free /16 of 127/8, or 10.244/16 and 10.96/12 with real containers. */
  readonly networks: 'auto' | Networks
  readonly clusterDomain: string
  readonly proxyMode: ProxyMode
  readonly runtime: RuntimeKind
  /** Images of the process runtime, by full name or by the last part of it without tag. */
  readonly images: Readonly<Record<string, ImageConfig>>
  readonly datastore: DatastoreConfig
  /** Which controllers run, as upstream's flag: `["*", "-podgc"]`; none without an entry. */
  readonly controllers: readonly string[]
  readonly scheduler: { readonly enabled: boolean }
  readonly store: {
    /** Entries between two snapshots of the log. */
    readonly snapshotEntries: number
    /** Bytes of state above which writes are refused (etcd's --quota-backend-bytes). */
    readonly quotaBytes: number
    /** When old revisions are forgotten; retention in milliseconds, or in revisions. */
    readonly autoCompaction: {
      readonly mode: 'periodic' | 'revision' | 'off'
      readonly retention: number
    }
  }
}
