import type { Cancel, Clock } from '../../src/kernel/clock.ts'
import type { Logger } from '../../src/kernel/logger.ts'
import { createPrng, type Prng } from '../../src/kernel/prng.ts'
import { frameBytesMax } from '../../src/p2p/framing.ts'
import type { Channel } from '../../src/p2p/types.ts'
import { unpackFrame } from '../../src/store/frames.ts'
import { type OpenReplicaOptions, openReplica } from '../../src/store/open.ts'
import type { Replica } from '../../src/store/replica.ts'
import { SimCrash, SimDisk } from './disk.ts'
import type { World } from './world.ts'

/** One life of a member's process: what belongs to an ended one does nothing any more. */
export interface Life {
  readonly number: number
  readonly replica: Replica
}

/** A member: its disk lives on, its process comes and goes. */
export class SimPeer {
  readonly id: string
  disk: SimDisk
  life: Life | undefined
  /** The others have refused it: it never starts again. */
  isGone = false
  /** Its disk was lost since it joined. */
  isWiped = false
  /** The thread is in an fsync or asleep until then: nothing of this member happens before. */
  busyUntil = 0
  /** An fsync takes this long. */
  syncMs = 0.2
  /** This share of fsyncs ends with the process. */
  crashInSyncRatio = 0
  readonly #world: World
  readonly #prng: Prng
  #lives = 0
  /** Time spent in fsyncs of the turn under way. */
  #spent = 0
  #onFrame: (from: string, frame: Uint8Array) => void = () => {}
  #onLost: (peer: string) => void = () => {}

  constructor(world: World, id: string, seed: number) {
    this.#world = world
    this.id = id
    this.#prng = createPrng(seed)
    this.disk = this.#newDisk(seed + 1)
  }

  get isUp(): boolean {
    return this.life !== undefined
  }

  /** Starts the process; it may die again while it starts. */
  async boot(options: Partial<OpenReplicaOptions>, logger: Logger): Promise<void> {
    const number = ++this.#lives
    this.busyUntil = 0
    this.#spent = 0
    try {
      const replica = await openReplica({
        id: this.id,
        members: [],
        disk: this.disk,
        channel: this.#channel(number),
        clock: this.#clock(number),
        prng: this.#prng,
        logger,
        defer: callback => this.plan(number, this.#now(), callback),
        onRefused: () => this.#onRefused(number),
        ...options,
      })
      // It died while it started, of what its disk did beside it.
      if (this.#lives !== number) return
      this.life = { number, replica }
      await replica.start()
    } catch (error) {
      if (!(error instanceof SimCrash)) throw error
      this.crash()
    }
  }

  /** The process dies at once. */
  crash(): void {
    const ended = this.life
    this.life = undefined
    this.#lives++
    this.disk.crash()
    this.#world.onDeath(this, ended)
  }

  /** An empty disk takes the place of this one; only while the process is down. */
  wipe(): void {
    this.isWiped = true
    this.disk = this.#newDisk(this.#prng.below(2 ** 31))
  }

  #newDisk(seed: number): SimDisk {
    const disk = new SimDisk(createPrng(seed))
    disk.onSync = () => this.#onSync()
    disk.background = run => this.#inBackground(disk, run)
    return disk
  }

  /** The disk works on while the thread is busy; the process may die as well as in an fsync. */
  #inBackground(disk: SimDisk, run: () => void): void {
    const number = this.#lives
    const at = this.#world.timeline.now + this.syncMs * (0.5 + 9 * this.#prng.next())
    this.#world.timeline.plan(at, () => {
      if (this.#lives !== number || this.disk !== disk) return
      if (this.#prng.chance(this.crashInSyncRatio)) this.crash()
      else run()
    })
  }

  /** Plans something of life `number`; while the thread is busy, it waits. */
  plan(number: number, at: number, run: () => void): void {
    this.#world.timeline.plan(at, () => {
      if (this.#lives !== number) return
      const { now } = this.#world.timeline
      if (this.busyUntil > now) this.plan(number, this.busyUntil, run)
      else this.#run(run)
    })
  }

  /** A frame arrives, or the loss of a peer is noticed. */
  receive(from: string, frame: Uint8Array): void {
    if (!this.isUp) return
    this.plan(this.#lives, this.#world.timeline.now, () => this.#onFrame(from, frame))
  }

  loses(peer: string): void {
    if (!this.isUp) return
    this.plan(this.#lives, this.#world.timeline.now, () => this.#onLost(peer))
  }

  #onRefused(number: number): void {
    if (this.#lives !== number) return
    this.#world.onRefused(this)
    this.isGone = true
    this.crash()
  }

  #run(run: () => void): void {
    this.#spent = 0
    try {
      run()
      this.busyUntil = Math.max(this.busyUntil, this.#now())
      this.#spent = 0
      this.#world.afterStep(this)
    } catch (error) {
      if (!(error instanceof SimCrash)) throw error
      this.crash()
    }
  }

  #now(): number {
    return this.#world.timeline.now + this.#spent
  }

  #onSync(): void {
    if (this.#prng.chance(this.crashInSyncRatio)) throw new SimCrash()
    this.#spent += this.syncMs * (0.5 + this.#prng.next())
  }

  #clock(number: number): Clock {
    return {
      now: () => this.#now(),
      wall: () => 1e12 + this.#now(),
      after: (ms, callback) => {
        let cancelled = false
        this.plan(number, this.#now() + ms, () => {
          if (!cancelled) callback()
        })
        return () => {
          cancelled = true
        }
      },
      every: (ms, callback) => this.#every(number, ms, callback),
    }
  }

  #every(number: number, ms: number, callback: () => void): Cancel {
    let cancelled = false
    const next = () => {
      if (cancelled) return
      callback()
      this.plan(number, this.#now() + ms, next)
    }
    this.plan(number, this.#now() + ms, next)
    return () => {
      cancelled = true
    }
  }

  #channel(number: number): Channel {
    return {
      send: (to, frame) => {
        if (this.#lives !== number) return
        // The mesh would take no such frame, and nobody would hear of it.
        if (frame.length > frameBytesMax) throw new Error(`a frame of ${frame.length} bytes`)
        this.#world.onSend(this.id, unpackFrame(frame, this.id, to))
        this.#world.deliver(this.id, to, new Uint8Array(frame), this.#now())
      },
      queuedBytes: () => 0,
      onFrame: listener => {
        this.#onFrame = listener
      },
      onPeerLost: listener => {
        this.#onLost = listener
      },
      onPeerUp() {},
    }
  }
}
