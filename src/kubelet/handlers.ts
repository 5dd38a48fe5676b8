import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import type { Container, Handler, HttpGetAction } from '../api/objects.ts'
import { sleep, systemClock, within } from '../kernel/clock.ts'
import { errorCode, errorMessage } from '../kernel/result.ts'
import type { Runtime, RuntimeContainer } from './runtime/types.ts'

/** What a check or hook came to; `output` is the text of the event. */
export interface HandlerResult {
  readonly ok: boolean
  readonly output: string
}

/** Where a handler acts. */
export interface HandlerTarget {
  readonly runtime: Runtime
  readonly podIp: string
  readonly spec: Container
  readonly container: RuntimeContainer
}

/** Bytes of a probe's output that are kept. Source: prober maxRespBodyLength. */
const outputBytesMax = 10 * 1024

/** Runs a probe or lifecycle action. Never throws. Source: pkg/probe, pkg/kubelet/lifecycle. */
export async function runHandler(
  handler: Handler,
  target: HandlerTarget,
  timeoutMs: number,
): Promise<HandlerResult> {
  try {
    if (handler.exec) return await runExec(handler.exec.command ?? [], target, timeoutMs)
    if (handler.httpGet) return await httpGet(handler.httpGet, target, timeoutMs)
    if (handler.tcpSocket) {
      const host = handler.tcpSocket.host ?? target.podIp
      return await tcpConnect(host, portOf(handler.tcpSocket.port, target), timeoutMs)
    }
    if (handler.sleep) {
      await sleep(handler.sleep.seconds * 1_000)
      return { ok: true, output: '' }
    }
    return { ok: false, output: 'missing or unsupported handler (gRPC is not supported)' }
  } catch (error) {
    return { ok: false, output: errorMessage(error) }
  }
}

/** Number of a port that may be a name; a port that is served elsewhere is found there. */
function portOf(port: number | string, { spec, container }: HandlerTarget): number {
  const named = spec.ports?.find(each => each.name === port)?.containerPort
  const number = named ?? Number(port)
  if (!Number.isInteger(number)) throw new Error(`couldn't find port: ${port}`)
  return container.portMap[number] ?? number
}

async function runExec(
  command: readonly string[],
  { runtime, container }: HandlerTarget,
  timeoutMs: number,
): Promise<HandlerResult> {
  const session = await runtime.exec(container.id, { command, tty: false, stdin: false })
  let output = ''
  const keep = (chunk: Buffer) => {
    if (output.length < outputBytesMax) output += chunk.toString('utf8')
  }
  session.stdout.on('data', keep)
  session.stderr?.on('data', keep)
  const exitCode = await within(session.exit, timeoutMs)
  if (exitCode !== undefined) return { ok: exitCode === 0, output }
  session.kill()
  return { ok: false, output: `command timed out: "${command.join(' ')}" timed out` }
}

function httpGet(
  action: HttpGetAction,
  target: HandlerTarget,
  timeoutMs: number,
): Promise<HandlerResult> {
  const host = action.host ?? target.podIp
  const port = portOf(action.port, target)
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`
  const url = `${scheme}://${host}:${port}${path}`
  const headers: Record<string, string> = { 'user-agent': 'kube-probe/1.35', accept: '*/*' }
  for (const { name, value } of action.httpHeaders ?? []) headers[name.toLowerCase()] = value
  const options = { headers, agent: false, rejectUnauthorized: false }
  return new Promise(resolve => {
    const send = scheme === 'https' ? httpsRequest : httpRequest
    const request = send(url, options, response => {
      const { statusCode = 0 } = response
      response.destroy()
      cancel()
      const ok = statusCode >= 200 && statusCode < 400
      resolve({ ok, output: ok ? '' : `HTTP probe failed with statuscode: ${statusCode}` })
    })
    const cancel = systemClock.after(timeoutMs, () => request.destroy(timeoutError()))
    request.once('error', error => {
      cancel()
      resolve({ ok: false, output: `Get "${url}": ${dialText(error, host, port)}` })
    })
    request.end()
  })
}

function tcpConnect(host: string, port: number, timeoutMs: number): Promise<HandlerResult> {
  return new Promise(resolve => {
    const socket = connect({ host, port })
    const cancel = systemClock.after(timeoutMs, () => socket.destroy(timeoutError()))
    const finish = (result: HandlerResult) => {
      cancel()
      socket.destroy()
      resolve(result)
    }
    socket.once('connect', () => finish({ ok: true, output: '' }))
    socket.once('error', error => finish({ ok: false, output: dialText(error, host, port) }))
  })
}

function timeoutError(): Error {
  return new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')
}

/** Go's words for the commonest failure, because people search for them. */
function dialText(error: Error, host: string, port: number): string {
  if (errorCode(error) !== 'ECONNREFUSED') return error.message
  return `dial tcp ${host}:${port}: connect: connection refused`
}
