import { resolve } from 'node:path'
import type { GossipReport } from '../admin/types.ts'
import { formatAddress } from '../config/ports.ts'
import { must } from '../kernel/assert.ts'
import { sleep } from '../kernel/clock.ts'
import { PeerClients } from '../supervisor/peers.ts'
import { openCluster, type PreparedCluster } from '../supervisor/prepare.ts'
import { elsewhereOf, hasQuorum, leaderOf, type PeerView } from '../supervisor/views.ts'

const watchMs = 500
const noQuorumExitCode = 3

/** What `quorate status --json` prints; other people's scripts read it. */
export interface StatusReport {
  readonly cluster: string
  readonly quorum: boolean
  readonly term: number
  readonly leader: string | null
  readonly server: string
  readonly kubeconfig: string
  readonly peers: readonly {
    readonly name: string
    /** Null when it does not run, or not on this machine. */
    readonly pid: number | null
    readonly role: string
    readonly term: number | null
    readonly commit: number | null
    readonly applied: number | null
    readonly revision: number | null
    /** Bytes of the state and of the log. */
    readonly dbBytes: number | null
    readonly walBytes: number | null
    readonly hash?: string
    readonly api: string
    readonly etcd: string
  }[]
}

/** `quorate status`: exit code 0 with quorum, 3 without. */
export async function status(options: {
  readonly data: string
  readonly json?: boolean
  readonly watch?: boolean
  readonly hash?: boolean
}): Promise<void> {
  const cluster = openCluster(resolve(options.data))
  const clients = new PeerClients(cluster)
  try {
    for (;;) {
      const views = await clients.views({ hash: options.hash })
      const report = reportOf(cluster, views)
      process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : table(report))
      process.exitCode = report.quorum ? 0 : noQuorumExitCode
      if (!options.watch) return
      await sleep(watchMs)
    }
  } finally {
    clients.close()
  }
}

function reportOf(cluster: PreparedCluster, views: readonly PeerView[]): StatusReport {
  const { config, layout } = cluster
  const elsewhere = elsewhereOf(views)
  const terms = [...views.map(view => view.report), ...elsewhere].map(peer => peer?.term ?? 0)
  return {
    cluster: config.name,
    quorum: hasQuorum(views),
    term: Math.max(0, ...terms),
    leader: leaderOf(views)?.name ?? null,
    server: `https://${formatAddress(config.loadBalancer)}`,
    kubeconfig: layout.kubeconfig,
    peers: [
      ...views.map((view, at) => peerHere(cluster, view, at)),
      ...elsewhere.map(peerElsewhere),
    ],
  }
}

type PeerStatus = StatusReport['peers'][number]

/** `at`: its place in the configuration. */
function peerHere({ config }: PreparedCluster, view: PeerView, at: number): PeerStatus {
  const peer = must(config.peers[at], view.name)
  const { report } = view
  const voter = peer.roles.includes('control-plane')
  const isEmbedded = config.datastore.driver === 'embedded'
  return {
    name: view.name,
    pid: view.pid,
    role: view.role,
    term: report?.term ?? null,
    commit: report?.commit ?? null,
    applied: report?.applied ?? null,
    revision: report?.revision ?? null,
    dbBytes: report?.dbBytes ?? null,
    walBytes: report?.walBytes ?? null,
    ...(report?.hash ? { hash: report.hash } : {}),
    api: voter ? `https://${formatAddress(peer.api)}` : '',
    etcd: voter && isEmbedded ? `https://${formatAddress(peer.etcd)}` : '',
  }
}

/** Of a peer that another machine runs only what it gossips is known. */
function peerElsewhere({ name, role, term, commit, applied }: GossipReport): PeerStatus {
  const unknown = { pid: null, revision: null, dbBytes: null, walBytes: null, api: '', etcd: '' }
  return { name, role, term, commit, applied, ...unknown }
}

function table(report: StatusReport): string {
  const quorum = report.quorum ? 'quorum' : 'NO QUORUM'
  const head = `${report.cluster}  ${quorum}  term ${report.term}  leader ${report.leader ?? '-'}`
  const titles = ['NAME', 'PID', 'ROLE', 'TERM', 'COMMIT', 'APPLIED', 'DB', 'WAL', 'API']
  const rows = report.peers.map(peer =>
    [
      ...[peer.name, peer.pid, peer.role, peer.term, peer.commit, peer.applied],
      ...[sizeOf(peer.dbBytes), sizeOf(peer.walBytes), peer.api],
    ].map(cell => String(cell ?? '-')),
  )
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map(row => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd()
  const body = [titles, ...rows].map(line).join('\n')
  return `${head}  ${report.server}\n${body}\n`
}

function sizeOf(bytes: number | null): string {
  if (bytes === null) return '-'
  const units = ['B', 'kB', 'MB', 'GB']
  let value = bytes
  let unit = 0
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000
    unit++
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}
