import { must } from '../kernel/assert.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import type { MvccOptions } from '../mvcc/mvcc.ts'
import type { Channel } from '../p2p/types.ts'
import type { Core } from '../raft/core.ts'
import type { Input, MemberId } from '../raft/types.ts'
import type { Disk } from '../wal/disk.ts'
import { removeOldSnapshots, SnapshotWriter } from '../wal/snapshot.ts'
import type { SnapshotAck, SnapshotSliceMessage } from './frames.ts'
import type { Machine } from './machine.ts'
import { limits } from './options.ts'
import type { Host } from './proposer.ts'
import {
  freezeSnapshot,
  type SnapshotPoint,
  SnapshotReceiver,
  SnapshotSender,
  SnapshotUnreadableError,
} from './snapshots.ts'

/** What the snapshotter needs of the replica beside Host. */
export interface SnapshotHost extends Host {
  readonly disk: Disk
  readonly channel: Channel
  readonly logger: Logger
  readonly mvccOptions: MvccOptions | undefined
  machine(): Machine
  /** Index and term of the last applied entry, and the membership there. */
  point(): SnapshotPoint
  input(input: Input): void
  /** Runs a callback in a later turn. */
  defer(callback: () => void): void
  /** A snapshot at `index` is on the disk. */
  onTaken(index: number): void
  /** A snapshot of the leader can not be written. */
  onDiskFailed(error: unknown): void
}

/** After a snapshot that could not be written, the next attempt waits this long. */
const failurePauseMs = 30_000

/** Takes snapshots of this member, sends them to followers, receives them from a leader. */
export class Snapshotter {
  readonly #host: SnapshotHost
  readonly #senders = new Map<MemberId, SnapshotSender>()
  #receiver: SnapshotReceiver | undefined
  #received: SnapshotReceiver | undefined
  #taking: SnapshotWriter | undefined
  #lastId = 0
  #failedAt = Number.NEGATIVE_INFINITY

  constructor(host: SnapshotHost) {
    this.#host = host
  }

  /** No snapshot is being taken, and the last attempt has not failed just now. */
  isFree(now: number): boolean {
    return this.#taking === undefined && now - this.#failedAt >= failurePauseMs
  }

  /** Writes a snapshot of this moment, a slice a turn. */
  take(): void {
    const point = this.#host.point()
    let slices: Generator<Uint8Array>
    let writer: SnapshotWriter
    const attempt = (step: () => void) => () => {
      try {
        step()
      } catch (error) {
        this.#onFailed(error)
      }
    }
    const next = attempt(() => {
      if (this.#taking !== writer) return
      const slice = slices.next()
      if (!slice.done) {
        writer.write(slice.value)
        writer.whenReady(() => this.#host.defer(next))
        return
      }
      writer.finish(error => {
        if (this.#taking !== writer) return
        if (error !== undefined) this.#onFailed(error)
        else this.#onTaken(point.index)
      })
    })
    attempt(() => {
      slices = freezeSnapshot(point, this.#host.machine())
      writer = new SnapshotWriter(this.#host.disk, point.index, point.term)
      this.#taking = writer
      this.#host.defer(next)
    })()
  }

  #onTaken(index: number): void {
    removeOldSnapshots(this.#host.disk)
    this.#taking = undefined
    this.#host.onTaken(index)
  }

  /** Without a snapshot the log only grows: a full disk shows there, and then ends this member. */
  #onFailed(error: unknown): void {
    const { logger, clock } = this.#host
    logger.error('the snapshot can not be written', { error: errorMessage(error) })
    this.#failedAt = clock.now()
    this.#taking?.abandon()
    this.#taking = undefined
  }

  /** Leader: `to` needs a snapshot. */
  send(to: MemberId): void {
    const { core, clock, logger } = this.#host
    const point = this.#host.point()
    // Unique over restarts too: an answer to a former life's transfer must not count.
    const id = core.term * 2 ** 20 + (++this.#lastId % 2 ** 20)
    logger.info('sending a snapshot', { to, index: point.index })
    try {
      const slices = freezeSnapshot(point, this.#host.machine())
      this.#senders.set(to, new SnapshotSender(id, to, point.index, slices, clock.now()))
    } catch (error) {
      logger.error('the snapshot can not be sent', { to, error: errorMessage(error) })
      this.#host.input({ type: 'snapshot-sent', to, index: point.index, ok: false })
      return
    }
    this.#pump(to)
  }

  onAck(from: MemberId, ack: SnapshotAck): void {
    const sender = this.#senders.get(from)
    if (sender === undefined || sender.id !== ack.id) return
    const known = sender.onAck(ack, this.#host.clock.now())
    if (!known || sender.finished) this.#end(sender, known)
    else this.#pump(from)
  }

  /** Follower: a slice has come. */
  onSlice(from: MemberId, slice: SnapshotSliceMessage): void {
    const { core, disk, mvccOptions } = this.#host
    if (slice.term < core.term || !mayLead(core, from, slice.term)) return
    if (slice.n === 0 && this.#receiver?.id !== slice.id) {
      this.#receiver?.abandon()
      this.#receiver = new SnapshotReceiver(from, slice.id, disk, mvccOptions)
    }
    const receiver = this.#receiver
    if (receiver === undefined || receiver.id !== slice.id) {
      if (this.#received?.id === slice.id) this.#ack(from, slice.id, this.#received.next)
      else this.#ack(from, slice.id, -1)
      return
    }
    const { defer, onDiskFailed } = this.#host
    try {
      if (!receiver.add(slice)) {
        this.#ack(from, slice.id, receiver.next)
        return
      }
    } catch (error) {
      if (!(error instanceof SnapshotUnreadableError)) throw error
      this.#refuse(receiver, error)
      return
    }
    receiver.finish(defer, error => {
      if (error instanceof SnapshotUnreadableError) this.#refuse(receiver, error)
      else if (error !== undefined) onDiskFailed(error)
      else this.#complete(receiver, slice.term)
      this.#ack(from, slice.id, receiver.next)
    })
  }

  /** What the leader sends is no snapshot: it has to begin again, and this member goes on. */
  #refuse(receiver: SnapshotReceiver, error: SnapshotUnreadableError): void {
    const { from, id } = receiver
    this.#host.logger.error('a received snapshot is refused', { from, error: error.message })
    receiver.abandon()
    if (this.#receiver === receiver) this.#receiver = undefined
    this.#ack(from, id, -1)
  }

  /** The state machine of the snapshot that the core has accepted at `index`. */
  takeReceived(index: number): Machine {
    const reader = must(this.#received, 'a snapshot').reader
    const point = must(reader.point, 'a snapshot point')
    if (point.index !== index) throw new Error(`snapshot ${point.index} is not ${index}`)
    removeOldSnapshots(this.#host.disk)
    return reader.machine
  }

  tick(): void {
    const now = this.#host.clock.now()
    for (const sender of this.#senders.values()) {
      if (sender.isStalled(now)) this.#end(sender, false)
      else this.#pump(sender.to)
    }
  }

  /** This member leads no more: what it sends has no value. */
  stopSending(): void {
    this.#senders.clear()
  }

  stop(): void {
    this.stopSending()
    this.#receiver?.abandon()
    this.#receiver = undefined
    this.#taking?.abandon()
    this.#taking = undefined
  }

  #pump(to: MemberId): void {
    const { channel, clock, core, logger, timings } = this.#host
    const sender = this.#senders.get(to)
    if (sender === undefined || channel.queuedBytes(to) > limits.channelBytesMax) return
    try {
      for (const s of sender.pump(core.term, clock.now(), timings)) this.#host.post(to, { s })
    } catch (error) {
      logger.error('the snapshot can not be sent', { to, error: errorMessage(error) })
      this.#end(sender, false)
    }
  }

  #end(sender: SnapshotSender, ok: boolean): void {
    const { to, index } = sender
    this.#senders.delete(to)
    this.#host.logger.info('snapshot sent', { to, index, ok })
    this.#host.input({ type: 'snapshot-sent', to, index, ok })
  }

  #ack(to: MemberId, id: number, next: number): void {
    this.#host.post(to, { a: { id, next } })
  }

  #complete(receiver: SnapshotReceiver, term: number): void {
    this.#receiver = undefined
    this.#received = receiver
    // The snapshot being taken is older than this one, and must not become the newest file.
    this.#taking?.abandon()
    this.#taking = undefined
    const { index, term: snapshotTerm, membership } = receiver.reader.point!
    const { from } = receiver
    const to = this.#host.core.id
    const type = 'snapshot' as const
    const message = { type, from, to, term, index, snapshotTerm, membership }
    this.#host.input({ type: 'message', message })
  }
}

/** There is one leader in a term: nobody else's snapshot takes the place of its. */
function mayLead({ term, leader }: Core, from: MemberId, claimed: number): boolean {
  return claimed > term || leader === null || leader === from
}
