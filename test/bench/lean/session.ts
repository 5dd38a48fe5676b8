import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Deframer, prefixBytes } from '../../../src/etcd/grpc/deframer.ts'

/** Where a gRPC server listens; PEM texts. Without `tls`: in the clear. */
export interface Target {
  readonly port: number
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string }
}

interface Call {
  /** Cuts what comes into messages: one may be longer than a frame, a frame may hold several. */
  readonly deframer: Deframer
  onMessage(message: Buffer): void
  onEnd(failed: boolean): void
}

const frameTypes = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, window: 8 }
const flags = { endStream: 1, ack: 1, endHeaders: 4 }
const headerBytes = 9
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
/** What we let the server send before we say that we have read it. */
const receiveWindow = 0x7fff_0000

/**
 * A gRPC client that does as little as it can: one connection, header blocks made once, writes of
 * one turn together, no trailers read (a call without a message has failed). It is the same for
 * both systems, so that what is measured is the server.
 */
export class LeanSession {
  readonly #socket: Socket
  readonly #calls = new Map<number, Call>()
  readonly #blocks = new Map<string, Buffer>()
  readonly #authority: string
  #pending: Buffer = Buffer.alloc(0)
  #out: Buffer[] = []
  #waiting: Buffer[] = []
  #window = 65_535
  #lastStream = -1

  private constructor(socket: Socket, authority: string) {
    this.#socket = socket
    this.#authority = authority
    socket.setNoDelay(true)
    socket.on('data', chunk => this.#onData(chunk))
    socket.on('close', () => this.#fail())
    socket.on('error', () => {})
    this.#out.push(preface, settingsFrame(), windowFrame(0, receiveWindow - 65_535))
    this.#flush()
  }

  static open({ port, tls }: Target): Promise<LeanSession> {
    const authority = `127.0.0.1:${port}`
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port }
      const socket: Socket = tls
        ? connectTls({ ...options, ...tls, ALPNProtocols: ['h2'], servername: 'localhost' })
        : connectTcp(options)
      socket.once('error', reject)
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        socket.off('error', reject)
        resolve(new LeanSession(socket, authority))
      })
    })
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  /** One message there, one back; rejects when there is none. */
  unary(path: string, message: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let answer: Buffer | undefined
      this.#open(path, message, true, {
        deframer: new Deframer(messageBytesMax),
        onMessage: body => {
          answer = body
        },
        onEnd: () => (answer === undefined ? reject(failed) : resolve(answer)),
      })
    })
  }

  /** A call whose request goes on, unless `onEnd` waits for its end: messages come until then. */
  stream(
    path: string,
    first: Uint8Array,
    onMessage: (message: Buffer) => void,
    onEnd?: () => void,
  ): void {
    const ends = onEnd !== undefined
    const deframer = new Deframer(messageBytesMax)
    this.#open(path, first, ends, { deframer, onMessage, onEnd: () => onEnd?.() })
  }

  close(): void {
    this.#socket.destroy()
  }

  #open(path: string, message: Uint8Array, ends: boolean, call: Call): void {
    if (!this.isOpen) {
      call.onEnd(true)
      return
    }
    this.#lastStream += 2
    const id = this.#lastStream
    this.#calls.set(id, call)
    const body = Buffer.allocUnsafe(prefixBytes + message.length)
    body[0] = 0
    body.writeUInt32BE(message.length, 1)
    body.set(message, prefixBytes)
    const block = this.#blockOf(path)
    const data = frame(frameTypes.data, ends ? flags.endStream : 0, id, body)
    this.#out.push(frame(frameTypes.headers, flags.endHeaders, id, block))
    if (this.#waiting.length > 0 || this.#window < body.length) this.#waiting.push(data)
    else this.#send(data)
    if (this.#out.length <= 2) process.nextTick(() => this.#flush())
  }

  #send(data: Buffer): void {
    this.#window -= data.length - headerBytes
    this.#out.push(data)
  }

  #flush(): void {
    if (this.#out.length === 0) return
    this.#socket.write(this.#out.length === 1 ? this.#out[0]! : Buffer.concat(this.#out))
    this.#out = []
  }

  #blockOf(path: string): Buffer {
    let block = this.#blocks.get(path)
    if (block !== undefined) return block
    block = Buffer.concat(
      [
        [':method', 'POST'],
        [':scheme', 'https'],
        [':path', path],
        [':authority', this.#authority],
        ['te', 'trailers'],
        ['content-type', 'application/grpc'],
      ].map(([name = '', value = '']) => literal(name, value)),
    )
    this.#blocks.set(path, block)
    return block
  }

  #onData(chunk: Buffer): void {
    const data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    let at = 0
    while (data.length - at >= headerBytes) {
      const length = data.readUIntBE(at, 3)
      const end = at + headerBytes + length
      if (data.length < end) break
      this.#onFrame(
        data[at + 3]!,
        data[at + 4]!,
        data.readUInt32BE(at + 5) & 0x7fff_ffff,
        data.subarray(at + headerBytes, end),
      )
      at = end
    }
    this.#pending = at === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(at))
    this.#flush()
  }

  #onFrame(type: number, flag: number, id: number, payload: Buffer): void {
    const call = this.#calls.get(id)
    if (type === frameTypes.data) {
      if (payload.length > 0 && call !== undefined) deliver(call, payload)
      this.#received += payload.length
      if (this.#received > 1 << 20) {
        this.#out.push(windowFrame(0, this.#received))
        this.#received = 0
      }
    }
    const ends = (type === frameTypes.headers || type === frameTypes.data) && (flag & 1) !== 0
    if (ends || type === frameTypes.reset) this.#end(id, type === frameTypes.reset)
    if (type === frameTypes.settings && (flag & flags.ack) === 0) {
      this.#out.push(frame(frameTypes.settings, flags.ack, 0, Buffer.alloc(0)))
    }
    if (type === frameTypes.ping && (flag & flags.ack) === 0) {
      this.#out.push(frame(frameTypes.ping, flags.ack, 0, payload))
    }
    if (type === frameTypes.window && id === 0) this.#onWindow(payload.readUInt32BE(0))
    if (type === frameTypes.goAway) this.#socket.destroy()
  }

  #received = 0

  #onWindow(more: number): void {
    this.#window += more
    while (this.#waiting.length > 0 && this.#window >= this.#waiting[0]!.length) {
      this.#send(this.#waiting.shift()!)
    }
  }

  #end(id: number, wasReset: boolean): void {
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    call?.onEnd(wasReset)
  }

  #fail(): void {
    for (const id of [...this.#calls.keys()]) this.#end(id, true)
  }
}

const failed = new Error('the call failed')

/** Ranges of a whole store come as one message. */
const messageBytesMax = 1 << 30

function deliver({ deframer, onMessage }: Call, payload: Buffer): void {
  deframer.push(payload)
  for (let body = deframer.take(); body !== undefined; body = deframer.take()) onMessage(body)
  deframer.settle()
}

function frame(type: number, flag: number, id: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flag
  bytes.writeUInt32BE(id, 5)
  bytes.set(payload, headerBytes)
  return bytes
}

function windowFrame(id: number, more: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(more)
  return frame(frameTypes.window, 0, id, payload)
}

/** No push; a stream may send as much as it likes. */
function settingsFrame(): Buffer {
  const payload = Buffer.alloc(12)
  payload.writeUInt16BE(2, 0)
  payload.writeUInt32BE(0, 2)
  payload.writeUInt16BE(4, 6)
  payload.writeUInt32BE(receiveWindow, 8)
  return frame(frameTypes.settings, 0, 0, payload)
}

/** A header field that no table remembers. Source: RFC 7541, 6.2.2. */
function literal(name: string, value: string): Buffer {
  const part = (text: string) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)])
  return Buffer.concat([Buffer.of(0), part(name), part(value)])
}
