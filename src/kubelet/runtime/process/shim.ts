import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { type Cancel, systemClock } from '../../../kernel/clock.ts'
import { LogFile } from './logfile.ts'
import { processStart, signalGroup, signalOne } from './pids.ts'
import { type Program, runProgram } from './program.ts'
import {
  type ContainerRecord,
  type ShimAnswer,
  type ShimNotice,
  type ShimOutput,
  type ShimRecord,
  type ShimRequest,
  shimFiles,
} from './protocol.ts'
import { type ReadRequest, readRequest } from './request-shape.ts'

/**
 * The process that stands between a pod and the kubelet: `node shim.js <runtime folder> <socket>`.
 * It starts the pod's containers, writes their logs, reaps them and keeps their exit codes on
 * disk. It outlives the kubelet, so that a pod doesn't notice when a peer is killed.
 * Modelled on containerd's shim. It imports little, for there is one of it for each pod.
 */

/** How long the built-in web server may take to tell its ports. */
const portsWaitMs = 3_000

/** Bytes of a termination message. Source: kubelet MaxContainerTerminationMessageLength. */
const terminationMessageBytesMax = 4_096

/** The longest request: a container with its environment. */
const requestCharsMax = 8 << 20

/** Notices that a client may leave unread. */
const unreadBytesMax = 1024 * 1024

interface Running {
  readonly program: Program
  readonly ended: Promise<void>
  cancelKill?: Cancel
  killAt: number
}

class Shim {
  readonly #folder: string
  readonly #socketPath: string
  readonly #containers = new Map<string, ContainerRecord>()
  readonly #running = new Map<string, Running>()
  readonly #clients = new Set<Socket>()
  readonly #attached = new Map<string, Set<Socket>>()

  constructor(folder: string, socketPath: string) {
    this.#folder = folder
    this.#socketPath = socketPath
  }

  serve(onReady: () => void): void {
    rmSync(this.#socketPath, { force: true })
    const server = createServer(socket => this.#accept(socket))
    server.listen(this.#socketPath, () => {
      const { pid } = process
      const record: ShimRecord = { pid, pidStart: processStart(pid), socket: this.#socketPath }
      writeAtomically(join(this.#folder, shimFiles.shim), record)
      onReady()
    })
  }

  #accept(socket: Socket): void {
    this.#clients.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#clients.delete(socket))
    let rest = ''
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const read = readRequest(line)
        if (read === undefined) socket.destroy()
        else void this.#answer(socket, read)
      }
      if (rest.length > requestCharsMax) socket.destroy()
    })
  }

  async #answer(socket: Socket, read: ReadRequest): Promise<void> {
    const { seq } = read
    let answer: ShimAnswer
    try {
      if ('wrong' in read) throw new Error(`no request: ${read.wrong}`)
      await this.#do(read.request, socket)
      answer = { seq, ok: true, containers: [...this.#containers.values()] }
    } catch (error) {
      answer = { seq, ok: false, error: error instanceof Error ? error.message : String(error) }
    }
    socket.write(`${JSON.stringify(answer)}\n`, () => {
      if ('request' in read && read.request.op === 'shutdown') this.#exit()
    })
  }

  async #do(request: ShimRequest, socket: Socket): Promise<void> {
    if (request.op === 'create') {
      this.#containers.set(request.container.id, request.container)
      this.#changed()
    } else if (request.op === 'start') {
      await this.#start(this.#get(request.id))
    } else if (request.op === 'stop') {
      await this.#stop(request.id, request.graceMs)
    } else if (request.op === 'remove') {
      await this.#stop(request.id, 0)
      this.#containers.delete(request.id)
      this.#changed()
    } else if (request.op === 'attach') {
      this.#get(request.id)
      this.#attach(request.id, socket)
    } else if (request.op === 'input') {
      const program = this.#running.get(request.id)?.program
      if (request.data) program?.write(request.data)
      if (request.end) program?.endInput()
      if (request.size) program?.resize(request.size.columns, request.size.rows)
    } else if (request.op === 'shutdown') {
      const all = [...this.#running.keys()]
      await Promise.all(all.map(id => this.#stop(id, request.graceMs)))
    }
  }

  #get(id: string): ContainerRecord {
    const container = this.#containers.get(id)
    if (!container) throw new Error(`no container ${id}`)
    return container
  }

  async #start(container: ContainerRecord): Promise<void> {
    if (container.state !== 'created') return
    const log = new LogFile(container.logPath)
    mkdirSync(dirname(container.terminationLog), { recursive: true })
    const program = await runProgram(container, (stream, text) => {
      log.write(stream, text)
      this.#output(container.id, { output: stream, data: text })
    })
    const ended = program.ended.then(end => {
      log.close()
      if (end.kind === 'error') this.#startFailed(container, end.error)
      else this.#exited(container, end.exitCode)
    })
    this.#running.set(container.id, { program, ended, killAt: Number.POSITIVE_INFINITY })
    if (program.pid !== undefined) {
      container.pid = program.pid
      container.pidStart = processStart(program.pid)
    }
    await program.started
    // Lets a failure be recorded that came with the start.
    await new Promise(resolve => setImmediate(resolve))
    if (container.reason === 'StartError') throw new Error(container.message)
    if (container.portsFile) await this.#awaitPorts(container, container.portsFile, ended)
    if (container.finishedAt !== undefined) return
    container.state = 'running'
    container.startedAt = Date.now()
    this.#changed()
  }

  /** Hands output, or the end, to those who are attached. */
  #output(id: string, notice: ShimOutput): void {
    const sockets = this.#attached.get(id)
    if (!sockets) return
    const line = `${JSON.stringify(notice)}\n`
    for (const socket of sockets) {
      if (socket.writableLength > unreadBytesMax) socket.destroy()
      else socket.write(line)
    }
  }

  #attach(id: string, socket: Socket): void {
    const sockets = this.#attached.get(id) ?? new Set()
    sockets.add(socket)
    this.#attached.set(id, sockets)
    socket.once('close', () => sockets.delete(socket))
  }

  async #awaitPorts(container: ContainerRecord, file: string, ended: Promise<void>): Promise<void> {
    let isOver = false
    void ended.then(() => {
      isOver = true
    })
    const deadline = Date.now() + portsWaitMs
    while (!isOver && !existsSync(file) && Date.now() < deadline) {
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    if (existsSync(file)) container.portMap = JSON.parse(readFileSync(file, 'utf8'))
  }

  #startFailed(container: ContainerRecord, error: Error): void {
    const [program] = container.argv
    const why = 'code' in error && error.code === 'ENOENT' ? missing(container) : error.message
    container.message = `failed to start "${program}": ${why}`
    this.#end(container, 128, 'StartError')
  }

  #exited(container: ContainerRecord, exitCode: number): void {
    // The pod's other processes end with their first one, as in a pid namespace.
    if (container.pid) signalGroup(container.pid, 'SIGKILL')
    const message = readTerminationMessage(container.terminationLog)
    if (message) container.message = message
    this.#end(container, exitCode, exitCode === 0 ? 'Completed' : 'Error')
  }

  #end(container: ContainerRecord, exitCode: number, reason: string): void {
    this.#running.get(container.id)?.cancelKill?.()
    this.#running.delete(container.id)
    this.#output(container.id, { ended: exitCode })
    container.state = 'exited'
    container.startedAt ??= Date.now()
    container.finishedAt = Date.now()
    container.exitCode = exitCode
    container.reason = reason
    this.#changed()
  }

  async #stop(id: string, graceMs: number): Promise<void> {
    const running = this.#running.get(id)
    const pid = running?.program.pid
    if (!running || pid === undefined) return
    const killAt = Date.now() + graceMs
    // TERM is for the first process, which may want its children to go on for a while.
    if (graceMs > 0 && running.killAt === Number.POSITIVE_INFINITY) signalOne(pid, 'SIGTERM')
    if (killAt < running.killAt) {
      running.cancelKill?.()
      running.killAt = killAt
      running.cancelKill = systemClock.after(graceMs, () => signalGroup(pid, 'SIGKILL'))
    }
    await running.ended
  }

  #changed(): void {
    const containers = [...this.#containers.values()]
    writeAtomically(join(this.#folder, shimFiles.state), containers)
    const notice: ShimNotice = { notice: 'changed', containers }
    const line = `${JSON.stringify(notice)}\n`
    for (const client of this.#clients) {
      // A runtime that doesn't read (a paused peer) must not cost memory: it lists when it is back.
      if (client.writableLength > unreadBytesMax) client.destroy()
      else client.write(line)
    }
  }

  #exit(): void {
    rmSync(this.#socketPath, { force: true })
    process.exit(0)
  }
}

function missing(container: ContainerRecord): string {
  if (!existsSync(container.cwd)) return `working directory ${container.cwd} does not exist`
  return 'executable file not found in $PATH of this host (the process runtime has no images)'
}

function readTerminationMessage(file: string): string {
  try {
    return readFileSync(file).subarray(0, terminationMessageBytesMax).toString('utf8')
  } catch {
    return ''
  }
}

function writeAtomically(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, JSON.stringify(value), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

const [folder, socketPath] = process.argv.slice(2)
if (folder && socketPath) {
  // The session's terminal, if any, belongs to somebody else.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined)
  new Shim(folder, socketPath).serve(() => process.stdout.write('ready\n'))
}
