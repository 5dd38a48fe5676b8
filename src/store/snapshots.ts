import { Packr } from 'msgpackr'
import { errorMessage } from '../kernel/result.ts'
import { count, object } from '../kernel/shape.ts'
import type { MvccOptions } from '../mvcc/mvcc.ts'
import type { Index, MemberId, Membership } from '../raft/types.ts'
import type { Disk } from '../wal/disk.ts'
import { SnapshotWriter } from '../wal/snapshot.ts'
import type { SnapshotAck, SnapshotSliceMessage } from './frames.ts'
import { Machine, type MachineSlice } from './machine.ts'
import { membershipShape } from './member-shape.ts'
import { limits, type Timings } from './options.ts'

/** Which point of the log a snapshot stands for; its first slice, in files and on the wire. */
export interface SnapshotPoint {
  readonly index: Index
  readonly term: number
  readonly membership: Membership
}

const packr = new Packr({ useRecords: true })

/** Slices of 256 changes that a received snapshot is put in order by, in one turn. */
const stepsPerTurn = 8

/** The slices of a snapshot as bytes; a moment's state, read while writes go on. */
export function* packSnapshot(point: SnapshotPoint, machine: Machine): Generator<Uint8Array> {
  const slices = machine.freeze()
  yield packr.pack(point)
  for (const slice of slices) yield packr.pack(slice)
}

/** Slices that are no state: their sender's doing, not the disk's. */
export class SnapshotUnreadableError extends Error {
  override readonly name = 'SnapshotUnreadableError'
}

const pointShape = object({ index: count, term: count, membership: membershipShape })

function pointOf(slice: unknown): SnapshotPoint {
  const wrong = pointShape(slice)
  if (wrong !== undefined) throw new Error(`the snapshot's point: ${wrong}`)
  return slice as SnapshotPoint
}

/** Builds a state machine from packed slices. */
export class SnapshotReader {
  readonly machine: Machine
  point: SnapshotPoint | undefined

  constructor(options?: MvccOptions) {
    this.machine = new Machine(options)
  }

  /** @throws Error for what is no slice. */
  add(data: Uint8Array): void {
    const slice: unknown = packr.unpack(data)
    if (this.point === undefined) this.point = pointOf(slice)
    else this.machine.import(slice as MachineSlice)
  }

  /** All slices are there. */
  done(): void {
    this.machine.importDone()
  }

  /** As done, a slice each time. */
  steps(): Generator<void> {
    return this.machine.importSteps()
  }
}

/** Freezing must come before the first write after it: a generator would run too late. */
export function freezeSnapshot(point: SnapshotPoint, machine: Machine): Generator<Uint8Array> {
  const slices = packSnapshot(point, machine)
  const head = slices.next().value as Uint8Array
  return prepend(head, slices)
}

function* prepend(head: Uint8Array, rest: Generator<Uint8Array>): Generator<Uint8Array> {
  yield head
  yield* rest
}

/**
 * Streams a snapshot to one follower: a window of slices is on its way, the follower says which one
 * it wants next, and what stays unanswered is sent again.
 */
export class SnapshotSender {
  readonly id: number
  readonly to: MemberId
  readonly index: Index
  readonly #slices: Generator<Uint8Array>
  readonly #window: { readonly n: number; readonly data: Uint8Array; readonly last: boolean }[] = []
  #next = 0
  #ahead: IteratorResult<Uint8Array>
  #progressAt: number
  #resendAt: number
  finished = false

  constructor(id: number, to: MemberId, index: Index, slices: Generator<Uint8Array>, now: number) {
    this.id = id
    this.to = to
    this.index = index
    this.#slices = slices
    this.#ahead = slices.next()
    this.#progressAt = now
    this.#resendAt = Number.POSITIVE_INFINITY
  }

  /** Slices to send now. */
  *pump(term: number, now: number, timings: Timings): Generator<SnapshotSliceMessage> {
    while (this.#window.length < limits.snapshotWindow && !this.#ahead.done) {
      const data = this.#ahead.value
      this.#ahead = this.#slices.next()
      const slice = { n: this.#next++, data, last: this.#ahead.done === true }
      this.#window.push(slice)
      this.#resendAt = now + timings.retryMs
      yield { id: this.id, term, ...slice }
    }
    if (now < this.#resendAt) return
    this.#resendAt = now + timings.retryMs
    for (const slice of this.#window) yield { id: this.id, term, ...slice }
  }

  /** False when the follower knows nothing of this transfer: it has to begin again. */
  onAck(ack: SnapshotAck, now: number): boolean {
    const first = this.#window[0]?.n ?? this.#next
    if (ack.next < 0) return false
    // The last slice is acknowledged when the follower has everything in place: that takes a while.
    const isFinishing = this.#ahead.done === true && ack.next === this.#next - 1
    if (ack.next > first || isFinishing) this.#progressAt = now
    while (this.#window.length > 0 && this.#window[0]!.n < ack.next) this.#window.shift()
    this.finished = this.#ahead.done === true && this.#window.length === 0
    return true
  }

  isStalled(now: number): boolean {
    return now - this.#progressAt > limits.snapshotStallMs
  }
}

/** Takes a snapshot from the leader: onto the disk and into a new state machine at once. */
export class SnapshotReceiver {
  readonly from: MemberId
  readonly id: number
  readonly reader: SnapshotReader
  readonly #disk: Disk
  #writer: SnapshotWriter | undefined
  #next = 0
  #isWhole = false

  constructor(from: MemberId, id: number, disk: Disk, options?: MvccOptions) {
    this.from = from
    this.id = id
    this.#disk = disk
    this.reader = new SnapshotReader(options)
  }

  /** The slice wanted. The last one is, until all is in place: see finish. */
  get next(): number {
    return this.#next
  }

  /**
   * Takes the slice if it is the next one. True when it was the last: `finish` is to be called.
   * @throws SnapshotUnreadableError, or what the disk throws
   */
  add(slice: SnapshotSliceMessage): boolean {
    if (slice.n !== this.#next || this.#isWhole) return false
    const { index, term } = readable(() => {
      this.reader.add(slice.data)
      return this.reader.point!
    })
    this.#writer ??= new SnapshotWriter(this.#disk, index, term, 'received')
    this.#writer.write(slice.data)
    this.#isWhole = slice.last
    if (!slice.last) this.#next++
    return slice.last
  }

  /** Puts the state machine in order, a slice a turn, and the file on the disk. */
  finish(defer: (callback: () => void) => void, done: (error?: unknown) => void): void {
    const steps = this.reader.steps()
    const step = () => {
      const writer = this.#writer
      if (writer === undefined) return
      for (let left = stepsPerTurn; left > 0; left--) {
        try {
          if (!readable(() => steps.next()).done) continue
        } catch (error) {
          done(error)
          return
        }
        writer.finish(error => {
          this.#writer = undefined
          this.#next++
          done(error)
        })
        return
      }
      defer(step)
    }
    step()
  }

  abandon(): void {
    this.#writer?.abandon()
    this.#writer = undefined
  }
}

/** @throws SnapshotUnreadableError for whatever `read` throws. */
function readable<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new SnapshotUnreadableError(errorMessage(error), { cause: error })
  }
}
