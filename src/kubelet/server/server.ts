import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Container, Pod } from '../../api/objects.ts'
import { farewell } from '../../kernel/farewell.ts'
import type { Logger } from '../../kernel/logger.ts'
import { errorMessage } from '../../kernel/result.ts'
import type { Startable } from '../../kernel/startable.ts'
import { parseTarget, type Target } from '../../kernel/target.ts'
import { shouldRestart, viewPod } from '../podview.ts'
import type { Runtime, RuntimeContainer } from '../runtime/types.ts'
import type { KubeletTls } from '../types.ts'
import { attachStatus, execOverSpdy, execOverWebSocket, execRequest, exitStatus } from './exec.ts'
import { type LogOptions, readLog } from './logs.ts'
import { forwardOverSpdy, forwardOverWebSocket, portsOf } from './portforward.ts'
import { upgrade } from './upgrade.ts'

/** What the server serves from. */
export interface KubeletServerOptions {
  readonly host: string
  readonly port: number
  readonly tls: KubeletTls
  readonly runtime: Runtime
  readonly findPod: (namespace: string, name: string) => Pod | undefined
  readonly pods: () => readonly Pod[]
  readonly logger: Logger
}

/** The kubelet's HTTPS API; `port` is known once it has started. */
export interface KubeletServer extends Startable {
  readonly port: number
}

/** Who may ask, besides system:masters: the API server's own names. */
const trustedNames: ReadonlySet<string> = new Set([
  'kube-apiserver',
  'kube-apiserver-kubelet-client',
])

/**
 * Logs, exec and the pods of this node, for the API server. Every caller needs a certificate of the
 * cluster's CA. Source: pkg/kubelet/server/server.go (paths and texts).
 */
export function createKubeletServer(options: KubeletServerOptions): KubeletServer {
  return new HttpsKubeletServer(options)
}

class HttpError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

class HttpsKubeletServer implements KubeletServer {
  readonly #options: KubeletServerOptions
  #server: Server | undefined
  readonly #upgraded = new Set<Duplex>()

  constructor(options: KubeletServerOptions) {
    this.#options = options
  }

  get port(): number {
    const address = this.#server?.address() as AddressInfo | null | undefined
    return address?.port ?? 0
  }

  async start(): Promise<void> {
    const { tls, host, port } = this.#options
    const security = { ...tls, requestCert: true, rejectUnauthorized: true }
    const server = createServer(security, (request, response) => {
      void this.#handle(request, response)
    })
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
    this.#server = server
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#upgraded) socket.destroy()
    if (!server) return
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      authorize(request)
      const { segments, query } = targetOf(request)
      const [verb, ...rest] = segments
      if (verb === 'healthz') response.end('ok')
      else if (verb === 'pods') this.#pods(response)
      else if (verb === 'containerLogs') await this.#logs(rest, query, response)
      else throw new HttpError(404, '404 page not found')
    } catch (error) {
      const code = error instanceof HttpError ? error.code : 500
      if (response.headersSent) response.destroy()
      else response.writeHead(code, { 'content-type': 'text/plain' }).end(errorMessage(error))
    }
  }

  #pods(response: ServerResponse): void {
    response.setHeader('content-type', 'application/json')
    const items = this.#options.pods()
    response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items }))
  }

  async #logs(
    parts: readonly string[],
    query: URLSearchParams,
    response: ServerResponse,
  ): Promise<void> {
    const [namespace = '', name = '', containerName = ''] = parts
    const pod = this.#pod(namespace, name)
    const isPrevious = query.get('previous') === 'true'
    const container = this.#container(pod, containerName, isPrevious)
    const stop = new AbortController()
    response.once('close', () => stop.abort())
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.flushHeaders()
    const { runtime } = this.#options
    const isOver = () =>
      runtime.containers().find(each => each.id === container.id)?.state !== 'running'
    for await (const piece of readLog(container.logPath, logOptions(query), isOver, stop.signal)) {
      if (!response.write(piece) && !stop.signal.aborted) await drained(response, stop.signal)
    }
    response.end()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#upgraded.add(socket)
    socket.once('close', () => this.#upgraded.delete(socket))
    socket.on('error', () => socket.destroy())
    try {
      authorize(request)
      const { segments, query } = targetOf(request)
      const [verb, namespace = '', name = '', container = ''] = segments
      const pod = this.#pod(namespace, name)
      if (verb === 'exec' || verb === 'attach') {
        this.#exec(request, socket, head, pod, container, query, verb)
      } else if (verb === 'portForward') this.#forward(request, socket, head, pod, query)
      else throw new HttpError(404, '404 page not found')
    } catch (error) {
      refuse(socket, error instanceof HttpError ? error.code : 400, errorMessage(error))
    }
  }

  #exec(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    pod: Pod,
    containerName: string,
    query: URLSearchParams,
    verb: 'exec' | 'attach',
  ): void {
    const { id } = this.#container(pod, containerName, false)
    const wanted = execRequest(query)
    const { runtime } = this.#options
    const start = () => (verb === 'exec' ? runtime.exec(id, wanted) : runtime.attach(id))
    upgrade(request, socket, head, 'exec', upgraded => {
      const statusOf = verb === 'exec' ? exitStatus : attachStatus
      if (upgraded.kind === 'websocket') void execOverWebSocket(upgraded.client, start, statusOf)
      else void execOverSpdy(upgraded.session, wanted, start, statusOf)
    })
  }

  #forward(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    pod: Pod,
    query: URLSearchParams,
  ): void {
    const { runtime } = this.#options
    const { sandbox, containers } = viewPod(runtime, pod.metadata.uid ?? '')
    if (!sandbox) throw new HttpError(400, `pod "${pod.metadata.name}" is not running`)
    const portMap = Object.assign({}, ...containers.map(each => each.portMap).reverse())
    const target = { host: sandbox.ip, portOf: (port: number) => portMap[port] ?? port }
    const ports = portsOf(query)
    upgrade(request, socket, head, 'portForward', upgraded => {
      if (upgraded.kind === 'spdy') forwardOverSpdy(upgraded.session, target)
      else forwardOverWebSocket(upgraded.client, ports, target)
    })
  }

  #pod(namespace: string, name: string): Pod {
    const pod = this.#options.findPod(namespace, name)
    if (!pod) throw new HttpError(404, `pod "${name}" not found in namespace "${namespace}"`)
    return pod
  }

  /** The container to read from or to run in, in upstream's words when there is none. */
  #container(pod: Pod, wanted: string, isPrevious: boolean): RuntimeContainer {
    const name = wanted || (pod.spec.containers[0]?.name ?? '')
    const own = this.#options.runtime
      .containers()
      .filter(each => each.podUid === pod.metadata.uid && each.name === name)
      .sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt)
    const spec = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(
      each => each.name === name,
    )
    const container = own[isPrevious ? previousIndex(pod, spec, own[0]) : 0]
    const podName = pod.metadata.name
    if (container) return container
    if (!spec) throw new HttpError(404, `container ${name} not found in pod ${podName}`)
    const text = isPrevious
      ? `previous terminated container "${name}" in pod "${podName}" not found`
      : `container "${name}" in pod "${podName}" is waiting to start: ${waitingReason(pod, name)}`
    throw new HttpError(400, text)
  }
}

/**
 * Which of a container's runs, newest first, is the previous one: one that has ended and waits for
 * its next start is that already, for what is present then is the waiting.
 */
function previousIndex(
  pod: Pod,
  spec: Container | undefined,
  newest: RuntimeContainer | undefined,
): number {
  const hasEnded = newest?.state === 'exited'
  return hasEnded && spec && shouldRestart(pod, spec, newest.exitCode ?? 0) ? 0 : 1
}

function waitingReason(pod: Pod, name: string): string {
  const all = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
  ]
  return all.find(each => each.name === name)?.state?.waiting?.reason ?? 'ContainerCreating'
}

function logOptions(query: URLSearchParams): LogOptions {
  const number = (name: string) => {
    const text = query.get(name)
    return text === null || !/^\d+$/.test(text) ? undefined : Number(text)
  }
  const seconds = number('sinceSeconds')
  const sinceTime = query.get('sinceTime')
  const since = seconds ? Date.now() - seconds * 1_000 : Date.parse(sinceTime ?? '') || undefined
  return {
    follow: query.get('follow') === 'true',
    timestamps: query.get('timestamps') === 'true',
    tailLines: number('tailLines'),
    limitBytes: number('limitBytes'),
    since,
  }
}

/** @throws HttpError when it can't be read. */
function targetOf(request: IncomingMessage): Target {
  const target = parseTarget(request.url ?? '/')
  if (target === undefined) throw new HttpError(400, 'the path can not be read')
  return target
}

/** @throws HttpError unless the certificate is one that may ask. */
function authorize(request: IncomingMessage): void {
  const subject = (request.socket as TLSSocket).getPeerCertificate()?.subject as
    | { CN?: string; O?: string | string[] }
    | undefined
  const groups = [subject?.O ?? []].flat()
  if (groups.includes('system:masters') || trustedNames.has(subject?.CN ?? '')) return
  throw new HttpError(403, `Forbidden (user=${subject?.CN ?? 'unknown'})`)
}

function refuse(socket: Duplex, code: number, message: string): void {
  const head = `HTTP/1.1 ${code} ${code === 404 ? 'Not Found' : 'Error'}`
  const body = Buffer.from(message)
  const lines = [head, 'content-type: text/plain', `content-length: ${body.length}`]
  farewell(socket, `${[...lines, 'connection: close'].join('\r\n')}\r\n\r\n${message}`)
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    response.once('drain', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
