import type { CommitMessage, Message } from '../raft/types.ts'
import { type Frame, packFrame } from './frames.ts'
import { limits } from './options.ts'

/** Frames of Raft messages are closed at this size: the mesh takes none above 16 MiB. */
const raftFrameBytes = 4 * limits.appendBytesMax

/** What has been posted, and the bytes of the entries in it. */
interface Posted {
  readonly frame: Frame
  bytes: number
}

/** What Outgoing needs of the driver. */
export interface OutgoingHost {
  readonly now: () => number
  /** Runs a callback after all that has already arrived. */
  readonly defer: (callback: () => void) => void
  /** Asks for a turn, at whose end everything posted leaves. */
  readonly wake: () => void
  readonly send: (to: string, frame: Uint8Array) => void
}

/** What leaves for the other members: what one turn has for one of them is few frames. */
export class Outgoing {
  /** Milliseconds from a heartbeat to its answer, by member. */
  readonly rtts = new Map<string, number>()
  readonly #host: OutgoingHost
  readonly #posted = new Map<string, Posted[]>()
  /** By receiver: when the heartbeat that is not answered yet was sent. */
  readonly #heartbeats = new Map<string, number>()
  /** By receiver: commit messages that wait for the end of the turn. */
  readonly #notices = new Map<string, CommitMessage>()

  constructor(host: OutgoingHost) {
    this.#host = host
  }

  /** Raft messages of a turn share frames that are not too long; the rest are frames themselves. */
  post(to: string, item: Frame): void {
    const posted = this.#posted.get(to) ?? []
    const last = posted.at(-1)
    const bytes = entryBytesOf(item)
    if (posted.length === 0) this.#posted.set(to, posted)
    if (item.r !== undefined && last?.frame.r !== undefined && hasRoom(last, bytes)) {
      last.frame.r.push(...item.r)
      last.bytes += bytes
    } else posted.push({ frame: item, bytes })
    this.#host.wake()
  }

  /** Posts Raft messages, and flushes. */
  send(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.type === 'commit') {
        this.#holdNotice(message)
        continue
      }
      if (message.type === 'heartbeat' && !this.#heartbeats.has(message.to)) {
        this.#heartbeats.set(message.to, this.#host.now())
      }
      const notice = this.#notices.get(message.to)
      if (notice !== undefined && tellsCommit(message, notice)) this.#notices.delete(message.to)
      this.post(message.to, { r: [message] })
    }
    this.flush()
  }

  flush(): void {
    for (const [to, posted] of this.#posted) {
      for (const { frame } of posted) this.#host.send(to, packFrame(frame))
    }
    this.#posted.clear()
  }

  /** A heartbeat of ours was answered. */
  onHeartbeatAnswer(from: string): void {
    const sentAt = this.#heartbeats.get(from)
    this.#heartbeats.delete(from)
    if (sentAt !== undefined) this.rtts.set(from, this.#host.now() - sentAt)
  }

  /** Another term, another leader: what was measured and held back is void. */
  leaderChanged(): void {
    this.#heartbeats.clear()
    this.#notices.clear()
    this.rtts.clear()
  }

  /**
   * What is committed is told after this turn has answered its callers. The next append, which is
   * often on its way by then, says it as well: under load that saves a frame for each.
   */
  #holdNotice(message: CommitMessage): void {
    if (this.#notices.size === 0) this.#host.defer(() => this.#sendNotices())
    this.#notices.set(message.to, message)
  }

  #sendNotices(): void {
    for (const [to, notice] of this.#notices) this.post(to, { r: [notice] })
    this.#notices.clear()
    this.flush()
  }
}

/** The message says what the held notice says, or more. */
function tellsCommit(message: Message, notice: CommitMessage): boolean {
  return message.type === 'append' && message.commit >= notice.commit
}

function hasRoom({ bytes }: Posted, more: number): boolean {
  return bytes + more <= raftFrameBytes
}

function entryBytesOf({ r = [] }: Frame): number {
  let bytes = 0
  for (const message of r) {
    if (message.type !== 'append') continue
    for (const { data } of message.entries) bytes += data.length
  }
  return bytes
}
