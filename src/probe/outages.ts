import { type Acknowledgement, measureOutage, type Outage, type Stall } from './outage.ts'

/** An outage with the name of what began it. */
export interface NamedOutage extends Outage {
  readonly id: string
}

/** Acknowledgements that are kept: a quarter of an hour of a steady load. */
const acksMax = 100_000
const stallsMax = 10_000
/** Outages whose figure may still be asked for. */
const outagesMax = 100
/** A gap that nobody announced is one from here on. */
const unannouncedMs = 500
const unannounced = 'gap-'

interface Watched {
  readonly id: string
  readonly t0: number
  result: Outage | undefined
}

/**
 * Outages as one client sees them: those that it is told of, and gaps that nobody announced. A
 * closed one is measured once and keeps its figure. Pure but for what it remembers.
 */
export class Outages {
  #acks: Acknowledgement[] = []
  #stalls: Stall[] = []
  readonly #watched = new Map<string, Watched>()
  #lastAt: number | undefined
  /** What was before is forgotten. */
  #knownFrom = Number.NEGATIVE_INFINITY

  acknowledged(ack: Acknowledgement): void {
    const gap = this.#lastAt === undefined ? 0 : ack.at - this.#lastAt
    if (gap >= unannouncedMs) this.#onGap(this.#lastAt!, ack.at)
    this.#lastAt = ack.at
    this.#acks.push(ack)
    if (this.#acks.length > acksMax) this.#acks = this.#halved(this.#acks)
  }

  stalled(stall: Stall): void {
    this.#stalls.push(stall)
    if (this.#stalls.length > stallsMax) this.#stalls = this.#halved(this.#stalls)
  }

  /**
   * Something happened at `t0` that may cost writes. Told twice, it is the same. Told late, it
   * takes the place of the gap that nobody had announced until then.
   */
  event(id: string, t0: number): void {
    if (this.#watched.has(id)) return
    for (const { id: other, t0: from, result } of [...this.#watched.values()]) {
      if (!other.startsWith(unannounced) || t0 < from) continue
      const { nextAt } = result ?? this.#measure(from, Math.max(from, this.#lastAt ?? from))
      if (nextAt === undefined || t0 <= nextAt) this.#watched.delete(other)
    }
    this.#watched.set(id, { id, t0, result: undefined })
    for (const oldest of this.#watched.keys()) {
      if (this.#watched.size <= outagesMax) break
      this.#watched.delete(oldest)
    }
  }

  /** All that are known, oldest first. */
  at(now: number): NamedOutage[] {
    if (this.#lastAt !== undefined && now - this.#lastAt >= unannouncedMs) {
      this.#onGap(this.#lastAt, now)
    }
    return [...this.#watched.values()]
      .map(watched => {
        const outage = watched.result ?? this.#measure(watched.t0, now)
        if (outage.state !== 'open') watched.result = outage
        return { ...outage, id: watched.id }
      })
      .sort((left, right) => left.t0 - right.t0)
  }

  #measure(t0: number, now: number): Outage {
    const outage = measureOutage(this.#acks, t0, now, this.#stalls)
    const isForgotten = (outage.lastAt ?? t0) < this.#knownFrom
    return isForgotten ? { ...outage, state: 'void' } : outage
  }

  #halved<T extends { readonly at: number }>(list: readonly T[]): T[] {
    const kept = list.slice(-list.length / 2)
    this.#knownFrom = Math.max(this.#knownFrom, kept[0]?.at ?? 0)
    return kept
  }

  /** Unless an event lies in it, or has not ended when it begins: then the gap is that event's. */
  #onGap(from: number, to: number): void {
    const isKnown = [...this.#watched.values()].some(({ t0, result }) => {
      if (t0 > from) return t0 <= to
      return !result && measureOutage(this.#acks, t0, from).state === 'open'
    })
    if (!isKnown) this.event(`${unannounced}${Math.round(from)}`, from)
  }
}
