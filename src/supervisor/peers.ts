import { AdminClient, type AdminTls } from '../admin/client.ts'
import type { PeerReport, PeerRole } from '../admin/types.ts'
import type { DataLayout } from '../config/layout.ts'
import { formatAddress } from '../config/ports.ts'
import { must } from '../kernel/assert.ts'
import { readCertificate, readKeyPair } from '../pki/files.ts'
import type { PreparedCluster } from './prepare.ts'
import { processState, readRunRecord } from './processes.ts'

/** The administrator's certificates of a data folder. */
export function adminTls(layout: DataLayout): AdminTls {
  const pair = must(readKeyPair(layout.pki, 'admin'), `${layout.pki}: no admin certificate`)
  return { ca: readCertificate(layout.pki, 'ca'), ...pair }
}

/** A peer with what it says of itself, or with `down` or `paused` when it can't. */
export interface PeerView {
  readonly name: string
  readonly pid: number | null
  readonly role: PeerRole
  readonly report: PeerReport | undefined
}

/** One client for each peer; close them all when done. */
export class PeerClients {
  readonly #cluster: PreparedCluster
  readonly #clients: ReadonlyMap<string, AdminClient>

  constructor(cluster: PreparedCluster) {
    this.#cluster = cluster
    const tls = adminTls(cluster.layout)
    this.#clients = new Map(
      cluster.config.peers.map(peer => [
        peer.name,
        new AdminClient(formatAddress(peer.admin), tls),
      ]),
    )
  }

  /** @throws Error listing the peers when there is none of that name. */
  get(name: string): AdminClient {
    const client = this.#clients.get(name)
    if (client) return client
    throw new Error(`no peer "${name}"; there are ${[...this.#clients.keys()].join(', ')}`)
  }

  /** All peers at once; one that does not answer in time is looked up in the process table. */
  views(
    options: { readonly hash?: boolean; readonly timeoutMs?: number } = {},
  ): Promise<PeerView[]> {
    return Promise.all(
      this.#cluster.config.peers.map(async peer => {
        const record = readRunRecord(this.#cluster.layout, peer.name)
        const state = record ? processState(record) : undefined
        if (state === 'paused' || state === 'down') {
          return { name: peer.name, pid: record?.pid ?? null, role: state, report: undefined }
        }
        try {
          const report = await this.get(peer.name).status(options)
          return { name: peer.name, pid: report.pid, role: report.role, report }
        } catch {
          const pid = record?.pid ?? null
          return { name: peer.name, pid, role: 'down' as const, report: undefined }
        }
      }),
    )
  }

  close(): void {
    for (const client of this.#clients.values()) client.close()
  }
}

/** The leader that most recently said so: the highest term counts. */
export function leaderOf(views: readonly PeerView[]): PeerView | undefined {
  return views
    .filter(view => view.role === 'leader')
    .sort((a, b) => (b.report?.term ?? 0) - (a.report?.term ?? 0))[0]
}

/**
 * Whether a majority of the voters is there and follows one leader. Without voters the majority is
 * that of an external etcd, without which nobody leads.
 */
export function hasQuorum(views: readonly PeerView[]): boolean {
  const leader = leaderOf(views)
  if (!leader?.report) return false
  const voters = leader.report.voters
  if (voters.length === 0) return true
  const following = views.filter(
    view =>
      (view.role === 'leader' || view.role === 'follower') &&
      view.report?.term === leader.report?.term &&
      voters.includes(view.report?.id ?? ''),
  )
  return following.length * 2 > voters.length
}
