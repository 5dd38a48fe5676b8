import { connect, type Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { errorMessage } from '../../kernel/result.ts'
import { copy, pass, unreadBytesOf } from './flow.ts'
import type { SpdySession, SpdyStream } from './spdy.ts'

/** Turns a pod's port into where it is really served. */
export interface ForwardTarget {
  readonly host: string
  portOf(port: number): number
}

/** A data stream waits so long for its error stream. Source: kubelet streamCreationTimeout. */
const pairTimeoutMs = 30_000

/** Connections of one session at a time. */
const pairsMax = 256

interface Pair {
  data?: SpdyStream
  error?: SpdyStream
  readonly timer: NodeJS.Timeout
}

/**
 * Port-forward over SPDY: each connection is a pair of streams with one `requestid`, one for the
 * data and one for what goes wrong. Source: pkg/kubelet cri/streaming/portforward/httpstream.go.
 */
export function forwardOverSpdy(session: SpdySession, target: ForwardTarget): void {
  const pairs = new Map<string, Pair>()
  const pods = new Set<Socket>()
  session.onStream(stream => {
    const { port = '', streamtype = '', requestid = '' } = stream.headers
    stream.respond(200, {})
    const number = portOf(port)
    if (number === undefined || pairs.size >= pairsMax) {
      stream.destroy()
      return
    }
    const pair = pairs.get(requestid) ?? newPair(() => pairs.delete(requestid))
    pairs.set(requestid, pair)
    if (streamtype === 'error') pair.error = stream
    else pair.data = stream
    if (!pair.data || !pair.error) return
    clearTimeout(pair.timer)
    pairs.delete(requestid)
    const pod = forward(pair.data, pair.error, target, number)
    pods.add(pod)
    pod.once('close', () => pods.delete(pod))
  })
  session.onClose(() => {
    for (const pod of pods) pod.destroy()
    for (const { timer } of pairs.values()) clearTimeout(timer)
    pairs.clear()
  })
}

/** A port that a client names, or undefined when it is none: to dial it would throw. */
function portOf(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port > 0 && port < 2 ** 16 ? port : undefined
}

/**
 * The ports that a client of the older port-forward names.
 * @throws Error. Source: pkg/kubelet cri/streaming/portforward/websocket.go.
 */
export function portsOf(query: URLSearchParams): number[] {
  return query
    .getAll('ports')
    .flatMap(each => each.split(','))
    .map(text => {
      const port = portOf(text)
      if (port === undefined) throw new Error(`unable to parse "${text}" as a port`)
      return port
    })
}

function newPair(forget: () => void): Pair {
  const pair: Pair = {
    timer: setTimeout(() => {
      forget()
      pair.data?.destroy()
      pair.error?.destroy()
    }, pairTimeoutMs),
  }
  return pair
}

function forward(data: SpdyStream, error: SpdyStream, target: ForwardTarget, port: number): Socket {
  const pod = dial(target, port)
  pod.once('error', cause => {
    error.end(failureText(target, port, cause))
    data.end()
  })
  pod.once('end', () => error.end())
  data.once('close', () => pod.destroy())
  data.pipe(pod)
  pod.pipe(data)
  return pod
}

/**
 * The older port-forward over WebSocket: two channels a port, data and error; the first two bytes
 * of each channel name the port, little-endian. Source: portforward/websocket.go.
 */
export function forwardOverWebSocket(
  client: WebSocket,
  ports: readonly number[],
  target: ForwardTarget,
): void {
  const pods = ports.map((port, position) => {
    const send = (channel: number, payload: Buffer) => {
      if (client.readyState !== client.OPEN) return
      client.send(Buffer.concat([Buffer.from([channel]), payload]))
    }
    const name = Buffer.alloc(2)
    name.writeUInt16LE(port)
    const [data, error] = [position * 2, position * 2 + 1]
    send(data, name)
    send(error, name)
    const pod = dial(target, port)
    pod.once('end', () => pod.end())
    void copy(
      pod,
      chunk => send(data, chunk),
      () => unreadBytesOf(client),
    )
    pod.once('error', cause => send(error, Buffer.from(failureText(target, port, cause))))
    pod.once('close', () => {
      if (pods.every(each => each.destroyed)) client.close(1000)
    })
    return pod
  })
  client.on('message', (message: Buffer) => {
    const channel = message[0] ?? 0
    const pod = pods[channel / 2]
    if (pod !== undefined) pass(client, pod, message.subarray(1))
  })
  client.once('close', () => {
    for (const pod of pods) pod.destroy()
  })
}

function dial(target: ForwardTarget, port: number): Socket {
  const served = target.portOf(port)
  return connect({ host: target.host, port: served, allowHalfOpen: true })
}

function failureText(target: ForwardTarget, port: number, cause: unknown): string {
  return (
    `error forwarding port ${port} to pod: failed to connect to ${target.host}:` +
    `${target.portOf(port)}: ${errorMessage(cause)}`
  )
}
