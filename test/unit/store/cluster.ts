import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createPrng } from '../../../src/kernel/prng.ts'
import type { Channel, MemberId } from '../../../src/p2p/types.ts'
import { type OpenReplicaOptions, openReplica } from '../../../src/store/open.ts'
import type { Replica } from '../../../src/store/replica.ts'
import type { TxnRequest } from '../../../src/store/types.ts'

type OnFrame = (from: MemberId, frame: Uint8Array) => void

/** Channels between members of one process: in order, a frame a turn, cut per pair on demand. */
export class MemoryNetwork {
  readonly #members = new Map<MemberId, { onFrame: OnFrame; onLost: (peer: MemberId) => void }>()
  readonly #cut = new Set<string>()

  channel(id: MemberId): Channel {
    const member = { onFrame: (() => {}) as OnFrame, onLost: (_peer: MemberId) => {} }
    this.#members.set(id, member)
    return {
      send: (to, frame) => {
        const copy = new Uint8Array(frame)
        setImmediate(() => {
          if (this.#cut.has(`${id} ${to}`) || this.#members.get(id) !== member) return
          this.#members.get(to)?.onFrame(id, copy)
        })
      },
      queuedBytes: () => 0,
      onFrame: listener => {
        member.onFrame = listener
      },
      onPeerLost: listener => {
        member.onLost = listener
      },
      onPeerUp: () => {},
    }
  }

  /** The process of `id` is dead: everybody is told, as the mesh would. */
  kill(id: MemberId): void {
    this.#members.delete(id)
    for (const member of this.#members.values()) member.onLost(id)
  }

  /** Cuts or heals both directions between `id` and everybody else. */
  isolate(id: MemberId, cut: boolean): void {
    for (const other of this.#members.keys()) {
      for (const pair of [`${id} ${other}`, `${other} ${id}`]) {
        if (cut) this.#cut.add(pair)
        else this.#cut.delete(pair)
      }
    }
  }
}

/** Replicas on real disks of this machine and a memory network. */
export class TestCluster {
  readonly network = new MemoryNetwork()
  readonly replicas = new Map<MemberId, Replica>()
  readonly #directory = mkdtempSync(path.join(tmpdir(), 'quorate-store-'))
  readonly #initial: { id: string; name: string }[]
  readonly #options: Partial<OpenReplicaOptions>

  constructor(initial: readonly string[], options: Partial<OpenReplicaOptions> = {}) {
    this.#initial = initial.map(id => ({ id, name: id }))
    this.#options = options
  }

  async open(
    id: MemberId,
    joining = false,
    options: Partial<OpenReplicaOptions> = {},
  ): Promise<Replica> {
    const replica = await openReplica({
      id,
      members: joining ? [] : this.#initial,
      others: this.#initial.map(member => member.id).filter(other => other !== id),
      self: { name: id },
      newStoreId: randomUUID,
      dataDir: path.join(this.#directory, id),
      channel: this.network.channel(id),
      clock: systemClock,
      prng: createPrng(id.charCodeAt(0)),
      logger: silentLogger,
      walSegmentBytes: 1 << 20,
      ...this.#options,
      timings: { electionMsMin: 150, electionMsMax: 300, ...this.#options.timings },
      ...options,
    })
    this.replicas.set(id, replica)
    await replica.start()
    return replica
  }

  async openAll(): Promise<void> {
    for (const { id } of this.#initial) await this.open(id)
  }

  async stop(id: MemberId): Promise<void> {
    this.network.kill(id)
    await this.replicas.get(id)?.stop()
    this.replicas.delete(id)
  }

  /** The disk of a stopped member is lost. */
  wipe(id: MemberId): void {
    rmSync(path.join(this.#directory, id), { recursive: true })
  }

  async close(): Promise<void> {
    for (const replica of this.replicas.values()) await replica.stop()
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 9 })
  }

  /** The member that is established as leader. */
  leader(): Promise<Replica> {
    return until('a leader', () => {
      for (const replica of this.replicas.values()) {
        if (isLeading(replica)) return replica
      }
      return undefined
    })
  }

  follower(): Replica {
    for (const replica of this.replicas.values()) if (!isLeading(replica)) return replica
    throw new Error('no follower')
  }
}

export function isLeading(replica: Replica): boolean {
  let leading = false
  replica.onLeadership(leadership => {
    leading = leadership.leading
  })()
  return leading
}

/** Polls until `check` gives something, ten seconds at most. */
export async function until<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const found = await check()
    if (found !== undefined && found !== false) return found
    if (Date.now() > deadline) throw new Error(`no ${what} within 10 s`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

export function put(key: string, value = key, lease?: number): TxnRequest {
  const op = { type: 'put' as const, key, value: Buffer.from(value), lease }
  return { compares: [], success: [op], failure: [] }
}

/** Adds one to a counter if it still is `from`. */
export function increment(key: string, from: number): TxnRequest {
  const operand = Buffer.from(String(from))
  const missing = { key, target: 'version', op: '=', operand: 0 } as const
  const equal = { key, target: 'value', op: '=', operand } as const
  return { ...put(key, String(from + 1)), compares: [from === 0 ? missing : equal] }
}

export async function read(replica: Replica, key: string): Promise<string | undefined> {
  const result = await replica.range({ type: 'range', key })
  if (!result.ok) throw new Error(result.message)
  const kv = result.range.kvs[0]
  return kv && Buffer.from(kv.value).toString()
}
