import type { GossipReport, PeerReport } from '../admin/types.ts'
import { formatAddress } from '../config/ports.ts'
import type { ClusterConfig, PeerConfig } from '../config/types.ts'
import type { MeshMember } from '../p2p/types.ts'
import type { StoreStatus } from '../store/types.ts'

/** What only the composition root knows of a peer. */
export interface ReportParts {
  readonly config: ClusterConfig
  readonly peer: PeerConfig
  readonly member: MeshMember
  readonly members: readonly MeshMember[]
  readonly startedAt: string
  readonly gossip: readonly GossipReport[]
  readonly faults: readonly string[]
  readonly ready: boolean
  readonly nodes: PeerReport['nodes']
  readonly controlPlane: PeerReport['controlPlane']
}

/** The report of a peer; `status` is undefined for a worker-only peer. */
export function buildReport(parts: ReportParts, status: StoreStatus | undefined): PeerReport {
  const { config, peer, member, members } = parts
  const nameOf = (id: string | null) =>
    id === null ? null : (members.find(known => known.id === id)?.name ?? id)
  return {
    cluster: config.name,
    name: peer.name,
    id: member.id,
    pid: process.pid,
    roles: peer.roles,
    role: status?.role ?? 'worker',
    term: status?.term ?? 0,
    vote: nameOf(status?.vote ?? null),
    leader: nameOf(status?.leader ?? null),
    firstIndex: status?.firstIndex ?? 0,
    lastIndex: status?.lastIndex ?? 0,
    commit: status?.commit ?? 0,
    applied: status?.applied ?? 0,
    revision: status?.revision ?? 0,
    compactRevision: status?.compactRevision ?? 0,
    ...(status?.hash ? { hash: status.hash } : {}),
    voters: status?.voters ?? [],
    api: status ? formatAddress(peer.api) : '',
    etcd: status && config.datastore.driver === 'embedded' ? formatAddress(peer.etcd) : '',
    mesh: formatAddress(peer.mesh),
    admin: formatAddress(peer.admin),
    startedAt: parts.startedAt,
    dbBytes: status?.dbBytes ?? 0,
    walBytes: status?.walBytes ?? 0,
    watchers: status?.watchers ?? 0,
    leases: status?.leases ?? 0,
    fsyncMs: status?.fsyncMs ?? { p50: 0, p99: 0 },
    commitMs: status?.commitMs ?? { p50: 0, p99: 0 },
    tickLateMs: status?.tickLateMs ?? { p99: 0, max: 0 },
    counters: status ? { ...status.counters } : {},
    replication: (status?.replication ?? []).map(({ id, ...rest }) => ({
      peer: nameOf(id) ?? id,
      ...rest,
    })),
    controlPlane: parts.controlPlane,
    ready: parts.ready,
    nodes: parts.nodes,
    gossip: parts.gossip,
    faults: parts.faults,
    alarms: status?.alarms ?? [],
  }
}
