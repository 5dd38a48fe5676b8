import { AdminClient, type AdminTls } from '../admin/client.ts'
import type { DataLayout } from '../config/layout.ts'
import { formatAddress } from '../config/ports.ts'
import { must } from '../kernel/assert.ts'
import { readCertificate, readKeyPair } from '../pki/files.ts'
import type { PreparedCluster } from './prepare.ts'
import { processState, readRunRecord } from './processes.ts'
import type { PeerView } from './views.ts'

/** The administrator's certificates of a data folder. */
export function adminTls(layout: DataLayout): AdminTls {
  const pair = must(readKeyPair(layout.pki, 'admin'), `${layout.pki}: no admin certificate`)
  return { ca: readCertificate(layout.pki, 'ca'), ...pair }
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
