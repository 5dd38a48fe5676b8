/** Source: etcd etcdserverpb.Member. IDs are 16 hex digits. */
export interface ClusterMember {
  readonly id: string
  /** Empty until the member has started. */
  readonly name: string
  /** libp2p peer ID; empty until it is known. */
  readonly peerId: string
  /** Of the mesh: `https://host:port`. */
  readonly peerUrls: readonly string[]
  /** Of etcd clients; empty until the member has started. */
  readonly clientUrls: readonly string[]
  readonly isLearner: boolean
}

export type AlarmType = 'NOSPACE' | 'CORRUPT'

export interface AlarmMember {
  /** 16 hex digits. */
  readonly memberId: string
  readonly alarm: AlarmType
}

/** What is known of a member, beside whether it votes, which is Raft's to say. */
export interface MemberRecord {
  readonly id: string
  /** Empty until the member has started. */
  readonly name: string
  /** libp2p peer ID. */
  readonly peerId: string
  /** Names the member's disk: another one under the same identity has forgotten its promises. */
  readonly storeId: string
  readonly peerUrls: readonly string[]
  readonly clientUrls: readonly string[]
  /** The peer's part of the configuration, which the store only keeps. */
  readonly peer?: unknown
}

export type MemberChange = Partial<Omit<MemberRecord, 'id'>>
