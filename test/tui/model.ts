import { faultText } from '../../src/admin/events.ts'
import type { EventData, FaultName, PeerReport } from '../../src/admin/types.ts'
import type { NamedOutage } from '../../src/probe/outages.ts'
import { emptyModel, reduce } from '../../tui/model/reduce.ts'
import type { Model, PodHealth, SourceEvent } from '../../tui/model/types.ts'

/** 12:04:27 UTC of a fixed day; frames show it in UTC, which the test script sets. */
export const noon = Date.UTC(2026, 10, 22, 12, 4, 27)
const names = ['peer-1', 'peer-2', 'peer-3', 'peer-4', 'peer-5']

/** A peer's report; what a test does not say is plausible. */
export function report(name: string, over: Partial<PeerReport> = {}): PeerReport {
  return {
    cluster: 'ha-demo',
    name,
    id: `id-${name}`,
    pid: 4_000 + names.indexOf(name),
    roles: ['control-plane', 'worker'],
    role: 'follower',
    term: 7,
    vote: 'peer-1',
    leader: 'peer-1',
    firstIndex: 1,
    lastIndex: 14_233,
    commit: 14_233,
    applied: 14_233,
    revision: 9_871,
    compactRevision: 9_000,
    voters: names.map(each => `id-${each}`),
    api: '127.0.0.1:6443',
    etcd: '127.0.0.1:2379',
    mesh: '127.0.0.1:7000',
    admin: '127.0.0.1:7100',
    startedAt: '2026-11-22T12:00:00Z',
    dbBytes: 4_100_000,
    walBytes: 8_400_000,
    watchers: 61,
    leases: 5,
    fsyncMs: { p50: 1.2, p99: 4 },
    tickLateMs: { p99: 1, max: 3 },
    alarms: [],
    commitMs: { p50: 3.1, p99: 11 },
    counters: { fenced: 2, duplicates: 1 },
    replication: [],
    controlPlane: { running: false, term: 7, components: [] },
    ready: true,
    nodes: [],
    gossip: [],
    faults: [],
    ...over,
  }
}

/** The leader's report: replication rows for all others. */
export function leaderReport(name: string, term: number, over: Partial<PeerReport> = {}) {
  const components = ['scheduler', 'deployment', 'replicaset', 'node', 'endpointslice'].map(
    (each, index) =>
      ({ name: each, state: 'running', queue: index, done: 40 + index, errors: 0 }) as const,
  )
  return report(name, {
    role: 'leader',
    term,
    leader: name,
    replication: names
      .filter(each => each !== name)
      .map((peer, index) => ({
        peer,
        match: 14_233 - (index === 3 ? 37 : 0),
        next: 14_234,
        state: index === 3 ? ('snapshot' as const) : ('replicate' as const),
        lastHeardMs: 40 + index,
        rttMs: 1 + index,
      })),
    controlPlane: { running: true, term, components },
    ...over,
  })
}

export function play(model: Model, events: readonly SourceEvent[]): Model {
  return events.reduce(reduce, model)
}

export function start(): Model {
  return emptyModel({
    now: noon,
    cluster: 'ha-demo',
    server: 'https://127.0.0.1:6443',
    peers: names.map((name, index) => ({ name, admin: `127.0.0.1:${7_100 + index}` })),
    supervised: true,
  })
}

/** Five peers, all well; peer-1 leads term 7. */
export function steady(): Model {
  const running = names.map(name => ({
    name,
    pid: 1,
    state: 'running' as const,
    startedAt: '2026-11-22T12:00:00Z',
  }))
  return play(start(), [
    { type: 'processes', at: noon, list: running },
    ...names.map(
      (peer): SourceEvent => ({
        type: 'report',
        at: noon,
        peer,
        report: peer === 'peer-1' ? leaderReport(peer, 7) : report(peer),
      }),
    ),
    { type: 'api', at: noon, ok: true, watchedAt: noon },
    { type: 'nodes', list: names.map(name => node(name, true)) },
    { type: 'pods', list: names.flatMap((name, index) => pods(name, 8 + index)) },
    {
      type: 'probe',
      probe: {
        state: 'running',
        at: noon,
        writes: 2_100,
        retried: 3,
        failed: 0,
        unknown: 0,
        longestGapMs: 48,
        sinceWriteMs: 10,
        verdict: { lost: 0, duplicated: 0, at: noon },
      },
      outages: [],
    },
    { type: 'tick', now: noon },
  ])
}

/** Events of a failover from peer-1 to peer-3 in term 8, after a kill at `noon` + 100. */
export function killEvents(): SourceEvent[] {
  const t0 = noon + 100
  return [
    faultEvent(t0, 'kill', 'peer-1'),
    raft(t0 + 212, 'peer-3', { type: 'no-leader', term: 7 }),
    raft(t0 + 230, 'peer-2', { type: 'no-leader', term: 7 }),
    raft(t0 + 253, 'peer-3', { type: 'follows', leader: 'peer-3', term: 8 }),
    raft(t0 + 271, 'peer-3', { type: 'elected', term: 8 }),
    { type: 'processes', at: t0 + 280, list: [processOf('peer-1', 'down')] },
    { type: 'report', at: t0 + 300, peer: 'peer-3', report: starting() },
    { type: 'probe', probe: probeAfter(), outages: [outage(t0)] },
    { type: 'report', at: t0 + 422, peer: 'peer-3', report: leaderReport('peer-3', 8) },
    ...['peer-2', 'peer-4', 'peer-5'].map(
      (peer): SourceEvent => ({
        type: 'report',
        at: t0 + 3_900,
        peer,
        report: report(peer, { term: 8, leader: 'peer-3' }),
      }),
    ),
    { type: 'report', at: t0 + 3_900, peer: 'peer-3', report: leaderReport('peer-3', 8) },
    { type: 'unreachable', at: t0 + 430, peer: 'peer-1' },
    { type: 'nodes', list: names.map(name => node(name, name !== 'peer-1')) },
    {
      type: 'pods',
      list: names.flatMap((name, index) => pods(name, 8 + index, name === 'peer-1')),
    },
    { type: 'api', at: t0 + 3_900, ok: true, watchedAt: t0 + 3_900 },
    { type: 'tick', now: t0 + 4_000 },
  ]
}

/** Four seconds after the kill. */
export function afterKill(): Model {
  return play(steady(), killEvents())
}

function starting(): PeerReport {
  const controlPlane = {
    running: false,
    term: 8,
    components: [{ name: 'scheduler', state: 'starting', queue: 0, done: 0, errors: 0 }],
  } as const
  return leaderReport('peer-3', 8, { controlPlane })
}

/** What the probe measured of the kill: the last write 12 ms before it, the next 334 after. */
export function outage(t0: number, over: Partial<NamedOutage> = {}): NamedOutage {
  return {
    ...{ id: `fault-${t0}`, t0, state: 'closed', lastAt: t0 - 12, nextAt: t0 + 334 },
    ...{ gapMs: 346, firstMs: 334, resolutionMs: 11 },
    ...over,
  }
}

/** What a peer says of its term. */
export function raft(
  at: number,
  source: string,
  data: Exclude<EventData, { type: 'fault' }>,
): SourceEvent {
  const follows = data.type === 'follows' ? `follows ${data.leader} in` : 'knows no leader in'
  const message = `${data.type === 'elected' ? 'became leader of' : follows} term ${data.term}`
  return {
    type: 'events',
    fresh: true,
    list: [{ id: at, at, source, kind: 'RAFT', message, data }],
  }
}

/** What the supervisor says of a fault that it has carried out. */
export function faultEvent(t0: number, fault: FaultName, ...peers: string[]): SourceEvent {
  const data = { type: 'fault', fault, peers, t0, askedAt: t0 - 9 } as const
  const event = { id: t0, at: t0, source: 'supervisor', kind: 'FAULT', data } as const
  return { type: 'events', fresh: true, list: [{ ...event, message: faultText(data) }] }
}

function probeAfter(): Model['probe'] {
  return {
    state: 'running',
    at: noon + 4_100,
    writes: 2_112,
    retried: 9,
    failed: 0,
    unknown: 0,
    longestGapMs: 401,
    sinceWriteMs: 10,
    verdict: { lost: 0, duplicated: 0, at: noon + 3_000 },
  }
}

function processOf(name: string, state: 'running' | 'down') {
  return { name, pid: 1, state, startedAt: '2026-11-22T12:00:00Z' } as const
}

function node(name: string, ready: boolean) {
  return {
    name,
    ready,
    readyAt: 0,
    cordoned: false,
    podsMax: 110,
    cpuMilli: 4_000,
    memoryBytes: 8 * 2 ** 30,
    renewedAt: noon - 800,
  }
}

function pods(nodeName: string, count: number, lost = false) {
  const health = (index: number): PodHealth =>
    lost ? 'lost' : index === 0 ? 'failing' : index < 3 ? 'pending' : 'running'
  return Array.from({ length: count }, (_, index) => ({
    namespace: 'dev',
    name: `web-${nodeName}-${index}`,
    node: nodeName,
    health: health(index),
    cpuMilli: 100,
    memoryBytes: 128 * 2 ** 20,
  }))
}
