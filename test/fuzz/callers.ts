import { connect as connectTcp, type NetConnectOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { Prng } from '../../src/kernel/prng.ts'

/** Connections that are open at one time, and how long one waits for an answer at least. */
const openMax = 24
const patienceMs = 150
/** And to be let in, when the machine is busy. */
const handshakeMs = 3_000
const lookMs = 20
/** Of each answer so much is kept: to be looked at, not to be stored. */
const answerBytesMax = 256 * 1024

/** Where somebody knocks, and as whom; without `tls`: in the clear. */
export interface Caller {
  readonly to: NetConnectOpts
  readonly tls?: ConnectionOptions
}

/** What came back on one connection. */
export interface Heard {
  readonly sent: Buffer
  readonly got: Buffer
}

/**
 * Connections of people who don't behave: bytes in one piece or several, then an end, a reset, or
 * silence. The oldest makes room for the next.
 */
export class Callers {
  /** Until when they may wait. */
  readonly #open = new Map<Socket, number>()
  readonly #onHeard: (heard: Heard) => void
  #freed: () => void = () => {}

  constructor(onHeard: (heard: Heard) => void) {
    this.#onHeard = onHeard
  }

  async call(caller: Caller, bytes: Buffer, prng: Prng): Promise<void> {
    while (this.#open.size >= openMax) await this.#room()
    const manner = prng.next()
    const cut = prng.chance(0.3) ? prng.below(bytes.length + 1) : bytes.length
    const isPlain = caller.tls === undefined && 'port' in caller.to
    const socket = caller.tls
      ? connectTls({ ...(caller.to as object), rejectUnauthorized: false, ...caller.tls })
      : connectTcp(caller.to)
    this.#keep(socket, bytes)
    socket.once(caller.tls ? 'secureConnect' : 'connect', () => {
      this.#open.set(socket, performance.now() + patienceMs)
      socket.write(bytes.subarray(0, cut))
      setImmediate(() => {
        if (manner < 0.05 && isPlain) socket.resetAndDestroy()
        else if (manner < 0.05) socket.destroy()
        else if (manner < 0.2) socket.end(bytes.subarray(cut))
        else socket.write(bytes.subarray(cut))
      })
    })
  }

  /** Ends those that are open, after a moment in which they can be answered. */
  async close(): Promise<void> {
    while (this.#open.size > 0) await this.#room()
  }

  /** Resolves when a connection has ended, or some time is over; whoever has waited enough ends. */
  #room(): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        const now = performance.now()
        for (const [socket, until] of this.#open) if (until < now) socket.destroy()
        resolve()
      }, lookMs)
      this.#freed = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #keep(socket: Socket, sent: Buffer): void {
    this.#open.set(socket, performance.now() + handshakeMs)
    const pieces: Buffer[] = []
    let length = 0
    socket.on('data', (piece: Buffer) => {
      if (length < answerBytesMax) pieces.push(piece)
      length += piece.length
    })
    socket.on('error', () => {})
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#onHeard({ sent, got: Buffer.concat(pieces) })
      this.#freed()
    })
  }
}
