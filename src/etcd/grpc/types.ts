import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { RpcError } from './status.ts'

/** Who calls, as the TLS handshake has proved it. */
export interface Client {
  /** The certificate's common name; empty when it has none. */
  readonly commonName: string
  /** The certificate's organizations. */
  readonly groups: readonly string[]
}

/** What a handler knows of a call besides its messages. */
export interface Call {
  readonly client: Client
  /** A request header, lower case; of several the first. */
  header(name: string): string | undefined
  /** Milliseconds the client still waits, from `grpc-timeout`; undefined: for ever. */
  readonly timeoutMs: number | undefined
  /** Calls once when nobody waits for an answer any more. Returns how to forget it. */
  onOver(listener: () => void): () => void
}

/** A message to be sent: its parts, in order. They must not change any more. */
export type Outgoing = readonly Buffer[]

/** One message in, one out. Rejects with RpcError. */
export interface UnaryMethod {
  readonly kind: 'unary'
  handle(request: Buffer, call: Call): Promise<Outgoing>
}

/** Messages in and out in any order. */
export interface StreamMethod {
  readonly kind: 'stream'
  open(stream: ServerStream, call: Call): StreamHandlers
}

export type Method = UnaryMethod | StreamMethod

/** Methods by path: `/etcdserverpb.KV/Put`. */
export type Methods = ReadonlyMap<string, Method>

/** The server's side of a stream. After `end`, or when the client is gone, nothing happens. */
export interface ServerStream {
  write(message: Outgoing): void
  /** Without an error: OK. */
  end(error?: RpcError): void
  /**
   * True when much of what was written still waits for the client, here or on the connection as a
   * whole: nothing more should be written before `drained`.
   */
  readonly isCongested: boolean
  /** Resolves when little waits any more, or the stream is over. */
  drained(): Promise<void>
  readonly isOver: boolean
}

/** What the server does with the client's side. Handlers must not throw; they end the stream. */
export interface StreamHandlers {
  /** While a returned promise is pending no further message comes: the client is slowed down. */
  onMessage(message: Buffer): void | Promise<void>
  /** The client sends no more. */
  onEnd?(): void
  /** The stream is over, whoever ended it. Called once. */
  onClose?(): void
}

/** PEM texts. Clients must show a certificate of `ca`. */
export interface TlsFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** What a gRPC server is made of, whichever HTTP/2 is below. */
export interface TransportOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly tls: TlsFiles
  readonly methods: Methods
  /**
   * Whether a call comes from somebody who may do anything at all. A stranger's messages must be
   * short, for they are read before he is refused. Absent: everybody does.
   */
  readonly trusts?: (call: Call) => boolean
  /** Takes connections of clients that speak HTTP/1.1. Absent: there are none. */
  readonly onHttp1?: (socket: TLSSocket) => void
  readonly clock: Clock
  readonly logger: Logger
}

/** Bounds of a gRPC server. */
export const limits = {
  connectionsMax: 4_096,
  /** Streams of one connection. Source: etcd's --max-concurrent-streams is without bound. */
  streamsMax: 16_384,
  /** etcd's --max-request-bytes and its grpcOverheadBytes. */
  messageBytesMax: 1.5 * 1024 * 1024 + 512 * 1024,
  headerBytesMax: 16 << 10,
  /** What may wait for a client: of one stream, of a whole connection. Drained is a tenth. */
  queuedBytesMax: { stream: 4 << 20, connection: 64 << 20 },
  /** Messages of a connection that have not come in full. */
  unfinishedBytesMax: 64 << 20,
  /** A message of somebody who may do nothing: enough to say a name and a password. */
  strangerMessageBytesMax: 16 << 10,
  /** What all clients of a server may make it hold: unfinished messages, answers that wait. */
  heldBytesMax: 512 << 20,
  /** What a call takes beside its bytes, and a piece of an answer: about so much, counted. */
  overheadBytes: { call: 1_024, piece: 128 },
  /** A message may come in so many frames, however short they are; in more, only if longer. */
  fragments: { framesMax: 1_024, bytesMin: 64 },
  /** How long a stopping server waits for calls under way. */
  drainMs: 1_000,
} as const

/** grpc-go's text for a message above the limit, which clients and people know. */
export function tooLargeText(bytes: number, bytesMax: number): string {
  return `grpc: received message larger than max (${bytes} vs. ${bytesMax})`
}

export function bytesOf(message: Outgoing): number {
  let bytes = 0
  for (const part of message) bytes += part.length
  return bytes
}
