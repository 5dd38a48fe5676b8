import type { Index } from './types.ts'

/**
 * What the leader knows of a member.
 * - probe: where the logs agree is not known; one append at a time.
 * - replicate: appends are pipelined, optimistically, up to the inflight limits.
 * - snapshot: waits for the driver to deliver a snapshot.
 * Source: etcd-io/raft tracker/progress.go.
 */
export class Progress {
  state: 'probe' | 'replicate' | 'snapshot' = 'probe'
  match: Index = 0
  next: Index
  /** Probe: an append is on its way. */
  paused = false
  /** An append is to be sent even when it is empty, to find a hole. */
  nudge = true
  /** Heard since the last quorum check. */
  active = true
  /** Core's tick of the last answer. */
  heardTick = 0
  /** The member runs this many ticks late. */
  late = 0
  /** The last ReadIndex round confirmed. */
  round = 0
  /** The member was told this commit index. */
  sentCommit: Index = 0
  #inflight: { readonly last: Index; readonly bytes: number }[] = []
  #inflightBytes = 0

  constructor(next: Index) {
    this.next = next
  }

  probe(next: Index): void {
    this.state = 'probe'
    this.next = Math.max(next, this.match + 1)
    this.paused = false
    this.nudge = true
    this.#clearInflight()
  }

  replicate(): void {
    this.state = 'replicate'
    this.next = this.match + 1
    this.paused = false
    this.#clearInflight()
  }

  waitForSnapshot(): void {
    this.state = 'snapshot'
    this.#clearInflight()
  }

  /** An answer says everything up to `index` is on the member's disk. */
  matched(index: Index): void {
    if (index > this.match) this.match = index
    if (this.next <= index) this.next = index + 1
    let freed = 0
    while (freed < this.#inflight.length && this.#inflight[freed]!.last <= index) {
      this.#inflightBytes -= this.#inflight[freed]!.bytes
      freed++
    }
    if (freed > 0) this.#inflight.splice(0, freed)
    if (this.state === 'probe') this.replicate()
  }

  /** A refusal of `refused`; false when it is an old one. Source: progress.go MaybeDecrTo. */
  refused(refused: Index, hint: Index): boolean {
    if (this.state === 'snapshot') return false
    if (this.state === 'replicate') {
      if (refused <= this.match) return false
      this.probe(this.match + 1)
      return true
    }
    if (this.next - 1 !== refused) return false
    this.probe(Math.min(refused, hint + 1))
    return true
  }

  sent(last: Index, bytes: number): void {
    this.next = last + 1
    this.#inflight.push({ last, bytes })
    this.#inflightBytes += bytes
  }

  isFull(countMax: number, bytesMax: number): boolean {
    return this.#inflight.length >= countMax || this.#inflightBytes >= bytesMax
  }

  #clearInflight(): void {
    this.#inflight = []
    this.#inflightBytes = 0
  }
}
