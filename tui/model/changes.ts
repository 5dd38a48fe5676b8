import { isGone, leaderOf, quorumOf, roleOf, sinceStart, termOf } from './select.ts'
import { stateOf } from './state.ts'
import { type Failover, type Model, marks } from './types.ts'

/** One change, for pipes and files. */
export interface Change {
  readonly at: number
  readonly level: 'info' | 'warn'
  /** The peer it is about, or `cluster`, or `client`. */
  readonly peer: string
  readonly message: string
  readonly fields: Readonly<Record<string, string | number | boolean | null>>
}

/** What is worth a line between two states of the model. */
export function changesBetween(before: Model, after: Model): Change[] {
  const known = new Set(before.log)
  const logged = after.log
    .filter(line => !known.has(line))
    .map(({ at, level, source, kind, message }): Change => {
      return { at, level, peer: source || 'cluster', message, fields: { kind } }
    })
  return [
    ...logged,
    ...clusterChange(before, after),
    ...peerChanges(before, after),
    ...failoverChange(before, after),
    ...verdictChange(before, after),
  ]
}

function clusterChange(before: Model, after: Model): Change[] {
  const fields = (model: Model) => ({
    state: stateOf(model).word,
    quorum: quorumOf(model).ok,
    term: termOf(model),
    leader: leaderOf(model)?.name ?? null,
  })
  const now = fields(after)
  if (JSON.stringify(fields(before)) === JSON.stringify(now)) return []
  const level = now.quorum ? 'info' : 'warn'
  return [{ at: after.now, level, peer: 'cluster', message: 'state', fields: now }]
}

function peerChanges(before: Model, after: Model): Change[] {
  return after.peers.flatMap(peer => {
    const old = before.peers.find(known => known.name === peer.name)
    const role = roleOf(peer, after.now)
    const term = peer.report?.term ?? null
    const unknown = !old || (old.reportAt === 0 && !old.process)
    if (!unknown && roleOf(old, before.now) === role && old.report?.term === peer.report?.term) {
      return []
    }
    if (unknown && peer.reportAt === 0 && !peer.process) return []
    const level = isGone(peer, after.now) ? 'warn' : 'info'
    return [{ at: after.now, level, peer: peer.name, message: 'role', fields: { role, term } }]
  })
}

function failoverChange(before: Model, after: Model): Change[] {
  const { failover } = after
  if (!failover?.done || before.failover?.done === failover.done) return []
  const times = Object.fromEntries(
    marks.map(mark => [`${mark}Ms`, sinceStart(failover, mark) ?? null]),
  )
  return [
    {
      at: after.now,
      level: 'info',
      peer: failover.leader ?? 'cluster',
      message: `failover: ${failover.cause}`,
      fields: {
        ...{ number: failover.number, cause: failover.kind, term: failover.term ?? null },
        ...costOf(failover),
        ...times,
      },
    },
  ]
}

/** What it cost the writers; null: there is no figure. */
function costOf({ outage }: Failover) {
  const isMeasured = outage?.state === 'closed'
  return {
    gapMs: isMeasured ? Math.round(outage.gapMs) : null,
    resolutionMs: outage ? Math.round(outage.resolutionMs) : null,
    firstMs: isMeasured ? Math.round(outage.firstMs ?? 0) : null,
  }
}

function verdictChange(before: Model, after: Model): Change[] {
  const now = after.probe.verdict
  const old = before.probe.verdict
  if (!now || (old && old.lost === now.lost && old.duplicated === now.duplicated)) return []
  const { writes } = after.probe
  const { lost, duplicated } = now
  const level = lost + duplicated > 0 ? 'warn' : 'info'
  const fields = { writes, lost, duplicated }
  return [{ at: now.at, level, peer: 'client', message: 'probe judged', fields }]
}

/** `ts level peer message key=value`. */
export function changeText({ at, level, peer, message, fields }: Change): string {
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${value ?? '-'}`)
  return [new Date(at).toISOString(), level, peer, message, ...pairs].join(' ')
}

/** The same as one JSON object. */
export function changeJson({ at, level, peer, message, fields }: Change): string {
  return JSON.stringify({ ts: new Date(at).toISOString(), level, peer, message, ...fields })
}
