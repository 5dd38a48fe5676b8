import { createPrng } from '../../src/kernel/prng.ts'
import { Core } from '../../src/raft/core.ts'
import { stepAll } from '../../src/raft/step.ts'
import type { Entry, Input, Message, RaftConfig, Ready } from '../../src/raft/types.ts'

/** Small numbers, so that a trace can be followed: an election takes 10 ticks, a heartbeat 2. */
export const traceConfig: RaftConfig = {
  heartbeatTicks: 2,
  electionTicksMin: 10,
  electionTicksMax: 10,
  rankTicks: 2,
  appendBytesMax: 1 << 20,
  inflightMax: 4,
  inflightBytesMax: 1 << 20,
}

interface Node {
  core: Core
  /** What is on its disk. */
  disk: { term: number; vote: string | null; commit: number; entries: Entry[] }
  applied: string[]
}

/** Cores that are driven by hand: no message moves unless the script says so. */
export class TraceCluster {
  readonly nodes = new Map<string, Node>()
  readonly #ids: string[]
  readonly #config: RaftConfig
  readonly #prng = createPrng(1)
  readonly #down = new Set<string>()
  readonly #cut = new Set<string>()
  #inFlight: Message[] = []
  #lines: string[] = []

  constructor(ids: readonly string[], learners: readonly string[], appendBytesMax = 1 << 20) {
    this.#config = { ...traceConfig, appendBytesMax }
    this.#ids = [...ids, ...learners]
    for (const id of this.#ids) {
      const disk: Node['disk'] = { term: 0, vote: null, commit: 0, entries: [] }
      this.nodes.set(id, { core: this.#createCore(id, disk, ids, learners), disk, applied: [] })
    }
  }

  /** What has been said since the last call. */
  takeLines(): string[] {
    const lines = this.#lines
    this.#lines = []
    return lines
  }

  input(id: string, input: Input): void {
    const node = this.nodes.get(id)!
    if (this.#down.has(id)) return
    this.#onReady(id, node, stepAll(node.core, [input], this.#prng))
  }

  /** Delivers what is on its way, and what follows from it, until nothing moves. */
  settle(rounds = 50): void {
    for (let round = 0; round < rounds && this.#inFlight.length > 0; round++) {
      const messages = this.#inFlight
      this.#inFlight = []
      for (const message of messages) this.#deliver(message)
    }
  }

  drop(): void {
    this.#say(`dropped ${this.#inFlight.length}`)
    this.#inFlight = []
  }

  partition(groups: readonly (readonly string[])[]): void {
    this.#cut.clear()
    for (const from of groups) {
      for (const to of groups) {
        if (from === to) continue
        for (const left of from) for (const right of to) this.#cut.add(`${left} ${right}`)
      }
    }
  }

  crash(id: string): void {
    this.#down.add(id)
    this.#inFlight = this.#inFlight.filter(({ from, to }) => from !== id && to !== id)
  }

  restart(id: string): void {
    const node = this.nodes.get(id)!
    this.#down.delete(id)
    node.applied = []
    node.core = this.#createCore(id, node.disk, this.#ids, [])
    this.#say(`${id}: starts at t${node.disk.term} with ${node.disk.entries.length} entries`)
  }

  /** One line for each member. */
  show(): void {
    for (const [id, { core, applied }] of this.nodes) {
      const terms = []
      for (let at = core.log.offset + 1; at <= core.log.last; at++) terms.push(core.log.term(at))
      const log = `offset ${core.log.offset} terms [${terms.join(' ')}]`
      const state = this.#down.has(id) ? 'down' : core.role
      const leader = core.leader ?? '-'
      const data = applied.join('')
      this.#say(
        `${id}: ${state} t${core.term} leader ${leader} ${log} c${core.committed} "${data}"`,
      )
    }
  }

  #createCore(
    id: string,
    disk: Node['disk'],
    voters: readonly string[],
    learners: readonly string[],
  ) {
    const start = {
      ...{ id, config: this.#config, hardState: disk, membership: { voters, learners } },
      ...{ applied: 0, offset: { index: 0, term: 0 }, entries: disk.entries },
    }
    return new Core(start, this.#prng)
  }

  #deliver(message: Message): void {
    if (this.#cut.has(`${message.from} ${message.to}`) || this.#down.has(message.to)) return
    this.input(message.to, { type: 'message', message })
  }

  #onReady(id: string, node: Node, ready: Ready): void {
    const { disk, core } = node
    if (ready.softChanged) {
      this.#say(`${id}: ${core.role} t${core.term} leader ${core.leader ?? '-'}`)
    }
    for (const message of ready.messagesNow) this.#send(message, '')
    if (ready.hardState !== undefined) Object.assign(disk, ready.hardState)
    for (const entry of ready.entries) {
      disk.entries.length = Math.min(disk.entries.length, entry.index - 1)
      disk.entries.push(entry)
    }
    for (const message of ready.messagesAfterSync) this.#send(message, ' after sync')
    if (ready.restored !== undefined) {
      this.#say(`${id}: restored i${ready.restored.index} t${ready.restored.term}`)
    }
    for (const entry of ready.committed) {
      this.#say(`${id}: applies i${entry.index} t${entry.term} ${textOf(entry)}`)
      if (entry.kind === 'command') node.applied.push(textOf(entry))
    }
    for (const read of ready.readStates) this.#say(`${id}: read ${read.id} at ${read.index}`)
    for (const to of ready.snapshotsWanted) this.#say(`${id}: ${to} needs a snapshot`)
    const last = ready.entries.at(-1)
    if (last !== undefined) this.input(id, { type: 'synced', index: last.index, term: last.term })
  }

  #send(message: Message, when: string): void {
    this.#say(`${message.from}->${message.to} ${describe(message)}${when}`)
    this.#inFlight.push(message)
  }

  #say(line: string): void {
    this.#lines.push(line)
  }
}

function textOf(entry: Entry): string {
  return entry.kind === 'noop' ? '-' : Buffer.from(entry.data).toString()
}

function describe(message: Message): string {
  const { term } = message
  switch (message.type) {
    case 'vote': {
      const kind = message.pre ? 'PreVote?' : 'Vote?'
      const force = message.force ? ' forced' : ''
      return `${kind} t${term} last i${message.lastIndex} t${message.lastTerm}${force}`
    }
    case 'vote-answer':
      return `${message.pre ? 'PreVote' : 'Vote'} ${message.granted ? 'yes' : 'no'} t${term}`
    case 'append': {
      const entries = message.entries.map(textOf).join(' ')
      const after = `after i${message.prevIndex} t${message.prevTerm}`
      return `App t${term} ${after} [${entries}] c${message.commit}`
    }
    case 'append-answer':
      if (message.ok) return `Has t${term} i${message.index}`
      return `Refuses t${term} i${message.index} hint i${message.hintIndex} t${message.hintTerm}`
    case 'heartbeat':
      return `Beat t${term} c${message.commit} r${message.round}`
    case 'heartbeat-answer':
      return `BeatOk t${term} r${message.round}`
    case 'commit':
      return `Commit t${term} c${message.commit}`
    case 'snapshot':
      return `Snapshot t${term} i${message.index} t${message.snapshotTerm}`
    case 'timeout-now':
      return `TimeoutNow t${term}`
    case 'read':
      return `Read t${term} ${message.id}`
    case 'read-answer':
      return `ReadAt t${term} ${message.id} i${message.index}`
  }
}
