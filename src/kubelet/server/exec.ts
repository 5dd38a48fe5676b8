import type { WebSocket } from 'ws'
import type { Status } from '../../api/objects.ts'
import { errorMessage } from '../../kernel/result.ts'
import type { ExecRequest, ExecSession } from '../runtime/types.ts'
import { copy, pass, unreadBytesOf } from './flow.ts'
import type { SpdySession, SpdyStream } from './spdy.ts'

/** Channels of `*.channel.k8s.io`. Source: k8s.io/apimachinery remotecommand constants. */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** All streams of an exec over SPDY must be there by then. Source: streamCreationTimeout. */
const streamsTimeoutMs = 30_000

/** How long a client may take to read the last words before the connection is closed. */
const goodbyeMs = 5_000

/** What a client of exec or attach wants, from the query; names differ on both sides of the API. */
export function execRequest(query: URLSearchParams): ExecRequest & { readonly stderr: boolean } {
  const isSet = (...names: string[]) => names.some(name => /^(1|true)$/.test(query.get(name) ?? ''))
  return {
    command: query.getAll('command'),
    tty: isSet('tty'),
    stdin: isSet('stdin', 'input'),
    stderr: isSet('stderr', 'error'),
  }
}

/** Serves exec over WebSocket, v5 or v4 of channel.k8s.io: each message begins with its channel. */
export async function execOverWebSocket(
  client: WebSocket,
  start: () => Promise<ExecSession>,
  statusOf: (exitCode: number) => Status,
): Promise<void> {
  const send = (channel: number, data: Buffer | string) => {
    if (client.readyState !== client.OPEN) return
    client.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)]))
  }
  const unread = () => unreadBytesOf(client)
  // What it had sent already comes all the same.
  const early: Buffer[] = []
  const keepEarly = (data: Buffer) => early.push(data)
  client.on('message', keepEarly)
  client.pause()
  try {
    const session = await start()
    // He may have left meanwhile.
    if (client.readyState === client.CLOSED) session.kill()
    else client.once('close', () => session.kill())
    client.off('message', keepEarly)
    client.resume()
    client.on('message', (data: Buffer) => receive(client, session, data))
    for (const data of early) receive(client, session, data)
    const outputs = [copy(session.stdout, data => send(channels.stdout, data), unread)]
    if (session.stderr) {
      outputs.push(copy(session.stderr, data => send(channels.stderr, data), unread))
    }
    const exitCode = await session.exit
    await Promise.all(outputs)
    send(channels.error, JSON.stringify(statusOf(exitCode)))
  } catch (error) {
    send(channels.error, JSON.stringify(failureStatus(error)))
  }
  // His good-bye is heard, whatever he was kept waiting with.
  client.resume()
  client.close(1000)
}

function receive(client: WebSocket, session: ExecSession, data: Buffer): void {
  const payload = data.subarray(1)
  if (data[0] === channels.stdin && session.stdin) pass(client, session.stdin, payload)
  else if (data[0] === channels.close && payload[0] === channels.stdin) session.stdin?.end()
  else if (data[0] === channels.resize) resize(session, payload.toString('utf8'))
}

/** Serves exec over SPDY: the client opens one stream for each direction, then all begins. */
export async function execOverSpdy(
  connection: SpdySession,
  wanted: ExecRequest & { readonly stderr: boolean },
  start: () => Promise<ExecSession>,
  statusOf: (exitCode: number) => Status,
): Promise<void> {
  const expected = ['error', 'stdout']
  if (wanted.stdin) expected.push('stdin')
  if (wanted.stderr && !wanted.tty) expected.push('stderr')
  if (wanted.tty) expected.push('resize')
  const streams = await collect(connection, expected)
  if (connection.isClosed) return
  const status = (value: Status) => streams.get('error')?.end(JSON.stringify(value))
  try {
    const session = await start()
    connection.onClose(() => session.kill())
    if (session.stdin) streams.get('stdin')?.pipe(session.stdin)
    streams.get('resize')?.on('data', (data: Buffer) => resize(session, data.toString('utf8')))
    const unread = () => connection.unreadBytes()
    const write = (name: string) => (data: Buffer) => void streams.get(name)?.write(data)
    const outputs = [copy(session.stdout, write('stdout'), unread)]
    if (session.stderr) outputs.push(copy(session.stderr, write('stderr'), unread))
    const exitCode = await session.exit
    await Promise.all(outputs)
    status(statusOf(exitCode))
  } catch (error) {
    status(failureStatus(error))
  }
  for (const name of ['stdout', 'stderr']) streams.get(name)?.end()
  // The client closes once it has read the status; closing first could overtake it.
  const timer = setTimeout(() => connection.end(), goodbyeMs)
  connection.onClose(() => clearTimeout(timer))
}

/**
 * The streams that the client opens, by type; those that are missing after a while, or when he has
 * left, stay away.
 */
function collect(
  connection: SpdySession,
  expected: readonly string[],
): Promise<ReadonlyMap<string, SpdyStream>> {
  const streams = new Map<string, SpdyStream>()
  return new Promise(resolve => {
    const finish = () => {
      clearTimeout(timer)
      resolve(streams)
    }
    const timer = setTimeout(finish, streamsTimeoutMs)
    connection.onClose(finish)
    connection.onStream(stream => {
      stream.respond(200, {})
      streams.set(stream.headers.streamtype ?? '', stream)
      if (expected.every(name => streams.has(name))) finish()
    })
  })
}

function resize(session: ExecSession, text: string): void {
  try {
    for (const line of text.trim().split('\n')) {
      const size = sizeOf(JSON.parse(line))
      if (size) session.resize(size.width, size.height)
    }
  } catch {
    // A size that can't be read is as good as none.
  }
}

/** Width and Height in whatever case, as Go reads them. Undefined: not two numbers of 16 bits. */
function sizeOf(value: object): { readonly width: number; readonly height: number } | undefined {
  const fields = new Map(Object.entries(value).map(([key, field]) => [key.toLowerCase(), field]))
  const [width, height] = [fields.get('width'), fields.get('height')]
  const isSize = (field: unknown) => Number.isInteger(field) && Number(field) >>> 16 === 0
  return isSize(width) && isSize(height) ? { width, height } : undefined
}

/** Whoever was attached sees the program's end, and not how it ended. Source: ServeAttach. */
export function attachStatus(): Status {
  return exitStatus(0)
}

/** Source: k8s.io/apiserver remotecommand, kubelet ServeExec. */
export function exitStatus(exitCode: number): Status {
  const base = { apiVersion: 'v1', kind: 'Status', metadata: {} } as const
  if (exitCode === 0) return { ...base, status: 'Success' } as Status
  return {
    ...base,
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message:
      'command terminated with non-zero exit code: ' +
      `error executing command, exit code ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  } as unknown as Status
}

function failureStatus(error: unknown): Status {
  const why = errorMessage(error)
  return {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    reason: 'InternalError',
    message: `Internal error occurred: error executing command in container: ${why}`,
    details: { causes: [{ message: why }] },
    code: 500,
  }
}
