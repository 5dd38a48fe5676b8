import type { ClusterEvent, EventData, PeerReport } from '../../src/admin/types.ts'
import { measure, onElected, onFault } from './failover.ts'
import { emptyPods, indexPods } from './pods.ts'
import { pushed } from './rings.ts'
import { leaderOf } from './select.ts'
import type { LogLine, Model, NodeState, PeerState, SourceEvent } from './types.ts'

const logMax = 500
const samplesMax = 240
const faultsMax = 50
const peersMax = 200
const messageCharsMax = 500
const sampleMs = 1_000

/** Nothing known yet. */
export function emptyModel(start: {
  readonly now: number
  readonly cluster: string
  readonly server: string
  readonly peers: readonly { readonly name: string; readonly admin: string }[]
  readonly supervised: boolean
}): Model {
  return {
    now: start.now,
    startedAt: start.now,
    cluster: start.cluster,
    server: start.server,
    supervised: start.supervised,
    peers: start.peers.map(peer => ({ ...peer, reportAt: 0, reachable: false })),
    api: { ok: false, at: 0, okAt: 0, watchedAt: 0 },
    nodes: [],
    pods: emptyPods,
    log: [],
    logSeen: 0,
    probe: {
      state: 'off',
      at: 0,
      writes: 0,
      retried: 0,
      failed: 0,
      unknown: 0,
      longestGapMs: 0,
      sinceWriteMs: 0,
    },
    outages: [],
    history: [],
    failoverCount: 0,
    reigns: [],
    faults: [],
    samples: [],
  }
}

/** The whole of the dashboard's knowledge after one more event. Pure. */
export function reduce(model: Model, event: SourceEvent): Model {
  switch (event.type) {
    case 'tick':
      return measure(sample({ ...model, now: event.now }))
    case 'report':
      return measure(onReport(model, event.peer, event.report, event.at))
    case 'unreachable':
      return changePeer(model, event.peer, peer => ({ ...peer, reachable: false }))
    case 'discovered': {
      if (model.peers.some(peer => peer.name === event.peer)) return model
      // Names come from others: a screen that lists thousands would be no help.
      if (model.peers.length >= peersMax) return model
      const found = { name: event.peer, admin: event.admin, reportAt: 0, reachable: false }
      const known = model.peers.filter(peer => peer.name !== '')
      return { ...model, peers: [...known, found] }
    }
    case 'processes':
      return onProcesses(model, event)
    case 'events':
      return measure(onEvents(model, event.list, event.fresh))
    case 'log':
      return append(model, [event.line])
    case 'nodes':
      return onNodes(model, event.list)
    case 'pods':
      return { ...model, pods: indexPods(event.list) }
    case 'api': {
      const { ok, at, watchedAt } = event
      return { ...model, api: { ok, at, watchedAt, okAt: ok ? at : model.api.okAt } }
    }
    case 'probe':
      return measure({ ...model, probe: event.probe, outages: event.outages })
  }
}

function changePeer(model: Model, name: string, change: (peer: PeerState) => PeerState): Model {
  return {
    ...model,
    peers: model.peers.map(peer => (peer.name === name ? change(peer) : peer)),
  }
}

function onReport(model: Model, name: string, report: PeerReport, at: number): Model {
  const next = changePeer(model, name, peer => ({
    ...peer,
    report,
    reportAt: at,
    reachable: true,
  }))
  const first = next.reigns.length === 0 && report.role === 'leader'
  const reigns = first ? [{ term: report.term, leader: name, from: at }] : next.reigns
  return { ...next, reigns, cluster: report.cluster }
}

function onProcesses(
  model: Model,
  { at, list }: Extract<SourceEvent, { readonly type: 'processes' }>,
): Model {
  const lines: LogLine[] = []
  const peers = model.peers.map(peer => {
    const known = list.find(({ name }) => name === peer.name)
    const process = known?.state
    if (peer.process && process && process !== peer.process) {
      const level = process === 'running' ? 'info' : 'warn'
      const message = `is ${process}`
      // Its start is known exactly; an end is known from when it was seen.
      const startedAt = peer.process === 'down' ? Date.parse(known?.startedAt ?? '') : Number.NaN
      const when = Number.isNaN(startedAt) ? at : Math.min(at, startedAt)
      lines.push({ at: when, source: peer.name, kind: 'PROCESS', message, level })
    }
    return process === peer.process ? peer : { ...peer, process }
  })
  return append({ ...model, peers }, lines)
}

function onEvents(model: Model, list: readonly ClusterEvent[], fresh: boolean): Model {
  const lines = list.map(
    ({ at, source, kind, message, data }): LogLine => ({
      ...{ at, source, kind, message, level: levelOf(kind, data) },
      ...(data && { data }),
    }),
  )
  let next = append(model, lines)
  if (!fresh) return next
  // In the order in which it happened, whoever told it.
  for (const line of [...lines].sort((left, right) => left.at - right.at)) {
    next = line.data ? onData(next, line, line.data) : next
  }
  return next
}

function levelOf(kind: ClusterEvent['kind'], data: EventData | undefined): LogLine['level'] {
  return kind === 'FAULT' || data?.type === 'no-leader' ? 'warn' : 'info'
}

function onData(model: Model, line: LogLine, data: EventData): Model {
  if (data.type === 'elected') return onElected(model, line, data.term)
  if (data.type !== 'fault') return model
  const { fault, peers, t0, askedAt } = data
  const mark = { at: t0, type: fault, peers, ...(askedAt !== undefined && { askedAt }) }
  const faults = pushed(model.faults, [mark], faultsMax)
  return onFault({ ...model, faults }, mark)
}

/** In order of time: peers are asked one by one, and their events arrive mixed. */
function append(model: Model, lines: readonly LogLine[]): Model {
  if (lines.length === 0) return model
  const last = model.log.at(-1)?.at ?? 0
  const all = [...model.log, ...lines.map(bounded)]
  if (lines.some(line => line.at < last)) all.sort((a, b) => a.at - b.at)
  return { ...model, log: all.slice(-logMax), logSeen: model.logSeen + lines.length }
}

/** What others write may be long, and may hold a whole answer in memory. */
function bounded(line: LogLine): LogLine {
  const { message } = line
  if (message.length <= messageCharsMax) return line
  return { ...line, message: message.slice(0, messageCharsMax) }
}

/**
 * Times of the API are whole seconds: what is told of then may be anywhere in it, and is told as
 * its end, or as heard if that is earlier. 0: not told.
 */
export function secondOf(
  at: number,
  heardAt: number,
): { readonly at: number; readonly coarse: boolean } {
  if (at === 0) return { at: heardAt, coarse: false }
  return { at: Math.min(heardAt, Math.floor(at / 1_000) * 1_000 + 999), coarse: true }
}

function onNodes(model: Model, list: readonly NodeState[]): Model {
  const lines: LogLine[] = []
  for (const node of list) {
    const before = model.nodes.find(known => known.name === node.name)
    if (!before || before.ready === node.ready) continue
    const message = node.ready ? 'Ready' : 'NotReady: no heartbeat'
    const level = node.ready ? 'info' : 'warn'
    const { at, coarse } = secondOf(node.readyAt, model.now)
    lines.push({ at, coarse, source: node.name, kind: 'NODE', message, level })
  }
  return append({ ...model, nodes: list }, lines)
}

/** Once a second: rates are differences against the second before. */
function sample(model: Model): Model {
  const { baseline, now } = model
  if (baseline && now - baseline.at < sampleMs) return model
  const leader = leaderOf(model)
  const report = leader?.report
  if (!report) return model
  const done = Object.fromEntries(
    report.controlPlane.components.map(component => [component.name, component.done]),
  )
  const next = { at: now, leader: leader.name, revision: report.revision, done }
  if (!baseline) return { ...model, baseline: next }
  const seconds = (now - baseline.at) / 1000
  const same = baseline.leader === leader.name
  const rates = Object.fromEntries(
    Object.entries(done).map(([name, value]) => [
      name,
      same ? Math.max(0, value - (baseline.done[name] ?? 0)) / seconds : 0,
    ]),
  )
  const writesPerSecond = Math.max(0, report.revision - baseline.revision) / seconds
  const one = {
    at: now,
    writesPerSecond,
    fsyncMs: report.fsyncMs.p50,
    commitMs: report.commitMs.p50,
    rates,
  }
  return { ...model, baseline: next, samples: pushed(model.samples, [one], samplesMax) }
}
