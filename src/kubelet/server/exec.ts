import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Status } from '../../api/objects.ts'
import { errorMessage } from '../../kernel/result.ts'
import type { ExecRequest, ExecSession } from '../runtime/types.ts'

/** Channels of `*.channel.k8s.io`. Source: k8s.io/apimachinery remotecommand constants. */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** Output that a slow client may leave unread before the program is held up. */
const unreadBytesMax = 1024 * 1024

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const

const server = new WebSocketServer({
  noServer: true,
  maxPayload: 16 * 1024 * 1024,
  handleProtocols: offered => protocols.find(each => offered.has(each)) ?? false,
})

/** Serves exec on an upgraded connection: WebSocket with v5 or v4 of channel.k8s.io. */
export function execOverWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  start: () => Promise<ExecSession>,
): void {
  server.handleUpgrade(request, socket, head, client => {
    void serveExec(client, start)
  })
}

async function serveExec(client: WebSocket, start: () => Promise<ExecSession>): Promise<void> {
  const send = (channel: number, data: Buffer | string) => {
    if (client.readyState !== client.OPEN) return
    client.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)]))
  }
  const early: Buffer[] = []
  const keepEarly = (data: Buffer) => early.push(data)
  client.on('message', keepEarly)
  client.on('error', () => client.terminate())
  try {
    const session = await start()
    client.off('message', keepEarly)
    client.on('message', (data: Buffer) => receive(session, data))
    for (const data of early) receive(session, data)
    client.once('close', () => session.kill())
    forward(client, session.stdout, data => send(channels.stdout, data))
    if (session.stderr) forward(client, session.stderr, data => send(channels.stderr, data))
    send(channels.error, JSON.stringify(exitStatus(await session.exit)))
  } catch (error) {
    send(channels.error, JSON.stringify(failureStatus(error)))
  }
  client.close(1000)
}

function receive(session: ExecSession, data: Buffer): void {
  const payload = data.subarray(1)
  if (data[0] === channels.stdin) session.stdin?.write(payload)
  else if (data[0] === channels.close && payload[0] === channels.stdin) session.stdin?.end()
  else if (data[0] === channels.resize) {
    try {
      const { Width, Height } = JSON.parse(payload.toString('utf8'))
      session.resize(Width, Height)
    } catch {
      // A size that can't be read is as good as none.
    }
  }
}

/** Copies a stream to the client; it waits while the client is slow. */
function forward(
  client: WebSocket,
  stream: NodeJS.ReadableStream,
  send: (data: Buffer) => void,
): void {
  stream.on('data', (data: Buffer | string) => {
    send(Buffer.from(data as Buffer))
    if (client.bufferedAmount < unreadBytesMax) return
    stream.pause()
    const timer = setInterval(() => {
      if (client.bufferedAmount >= unreadBytesMax && client.readyState === client.OPEN) return
      clearInterval(timer)
      stream.resume()
    }, 20)
  })
}

/** Source: k8s.io/apiserver remotecommand, kubelet ServeExec. */
export function exitStatus(exitCode: number): Status {
  const base = { apiVersion: 'v1', kind: 'Status', metadata: {} } as const
  if (exitCode === 0) return { ...base, status: 'Success' } as Status
  return {
    ...base,
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: error executing command, exit code ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  } as unknown as Status
}

function failureStatus(error: unknown): Status {
  const message = `Internal error occurred: error executing command in container: ${errorMessage(error)}`
  return {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    reason: 'InternalError',
    message,
    details: { causes: [{ message: errorMessage(error) }] },
    code: 500,
  }
}

/** The command of an exec request, from its query. */
export function execRequest(query: URLSearchParams): ExecRequest {
  const isSet = (...names: string[]) => names.some(name => /^(1|true)$/.test(query.get(name) ?? ''))
  return {
    command: query.getAll('command'),
    tty: isSet('tty'),
    stdin: isSet('stdin', 'input'),
  }
}
