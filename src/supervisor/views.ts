import type { GossipReport, PeerReport, PeerRole } from '../admin/types.ts'

/** A peer with what it says of itself, or with `down` or `paused` when it can't. */
export interface PeerView {
  readonly name: string
  readonly pid: number | null
  readonly role: PeerRole
  readonly report: PeerReport | undefined
}

/** Who leads, on this machine or on another one. */
export interface Leader {
  readonly name: string
  readonly term: number
}

/** A peer of another machine whose gossip is older than this has gone, or was removed. */
const heardMs = 2_000

/** The leader of this machine that most recently said so: the highest term counts. */
export function leaderHere(views: readonly PeerView[]): PeerView | undefined {
  return views
    .filter(view => view.role === 'leader')
    .sort((a, b) => (b.report?.term ?? 0) - (a.report?.term ?? 0))[0]
}

/** Peers that this machine did not start, as its own peers hear of them by gossip. */
export function elsewhereOf(views: readonly PeerView[]): GossipReport[] {
  const own = new Set(views.map(view => view.name))
  const found = new Map<string, GossipReport>()
  for (const report of views.flatMap(view => view.report?.gossip ?? [])) {
    const known = found.get(report.name)
    if (own.has(report.name) || report.ageMs > heardMs) continue
    if (known !== undefined && known.ageMs <= report.ageMs) continue
    found.set(report.name, report)
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The leader of the highest term, wherever it runs. */
export function leaderOf(views: readonly PeerView[]): Leader | undefined {
  const here = leaderHere(views)
  const leaders: Leader[] = elsewhereOf(views).filter(peer => peer.role === 'leader')
  if (here !== undefined) leaders.unshift({ name: here.name, term: here.report?.term ?? 0 })
  return leaders.sort((a, b) => b.term - a.term)[0]
}

/**
 * Whether a majority of the voters is there and follows one leader; those that run elsewhere are
 * known by their gossip. Without voters the majority is that of an external etcd, without which
 * nobody leads.
 */
export function hasQuorum(views: readonly PeerView[]): boolean {
  const leader = leaderOf(views)
  const voters = views.find(view => view.report && view.report.term === leader?.term)?.report
    ?.voters
  if (leader === undefined || voters === undefined) return false
  if (voters.length === 0) return true
  const votes = ({ id, role, term }: Pick<GossipReport, 'id' | 'role' | 'term'>) =>
    voters.includes(id) && (role === 'leader' || role === 'follower') && term === leader.term
  const here = views.filter(({ role, report }) => report && votes({ ...report, role }))
  const elsewhere = elsewhereOf(views).filter(votes)
  return (here.length + elsewhere.length) * 2 > voters.length
}
