import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { ContainerRecord } from './protocol.ts'

/** How a program came to its end. */
export type ProgramEnd =
  | { readonly kind: 'exit'; readonly exitCode: number }
  /** It never ran. */
  | { readonly kind: 'error'; readonly error: Error }

/** A running program of a container. Texts are latin1: bytes as they are. */
export interface Program {
  readonly pid: number | undefined
  /** Resolves once it runs, or can't. */
  readonly started: Promise<void>
  readonly ended: Promise<ProgramEnd>
  write(text: string): void
  endInput(): void
  resize(columns: number, rows: number): void
}

type Output = (stream: 'stdout' | 'stderr', text: string) => void

/** Output that comes after a program's end (from its children) is waited for so long. */
const drainMs = 200

/** Starts a container's program as leader of a session of its own, with a terminal if it wants. */
export function runProgram(container: ContainerRecord, onOutput: Output): Promise<Program> {
  return container.tty ? runOnTerminal(container, onOutput) : runOnPipes(container, onOutput)
}

async function runOnPipes(container: ContainerRecord, onOutput: Output): Promise<Program> {
  const [name = '', ...args] = container.argv
  const child = spawn(name, args, {
    cwd: container.cwd,
    env: { ...container.env },
    ...container.user,
    stdio: [container.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
  })
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('latin1')
    child[stream]?.on('data', (text: string) => onOutput(stream, text))
  }
  child.stdin?.on('error', () => undefined)
  const ended = new Promise<ProgramEnd>(resolve => {
    child.once('error', error => resolve({ kind: 'error', error }))
    child.once('exit', (code, signal) => {
      const exitCode = code ?? 128 + (signal ? (constants.signals[signal] ?? 0) : 0)
      void drained(child).then(() => resolve({ kind: 'exit', exitCode }))
    })
  })
  const spawned = new Promise<void>(resolve => child.once('spawn', resolve))
  return {
    pid: child.pid,
    started: Promise.race([spawned, ended.then(() => undefined)]),
    ended,
    write: text => void child.stdin?.write(text, 'latin1'),
    endInput: () => void child.stdin?.end(),
    resize: () => undefined,
  }
}

async function runOnTerminal(container: ContainerRecord, onOutput: Output): Promise<Program> {
  // Loaded only where a pod asks for a terminal: most shims stay small.
  const { spawn: spawnTerminal } = await import('@lydell/node-pty')
  const [name = '', ...args] = container.argv
  const env = { TERM: 'xterm', ...container.env }
  const { cwd, user } = container
  const options = { cwd, env, cols: 80, rows: 24, encoding: 'latin1', ...user }
  const terminal = spawnTerminal(name, args, options)
  terminal.onData(text => onOutput('stdout', text))
  const ended = new Promise<ProgramEnd>(resolve => {
    terminal.onExit(({ exitCode, signal }) =>
      resolve({ kind: 'exit', exitCode: signal ? 128 + signal : exitCode }),
    )
  })
  return {
    pid: terminal.pid,
    started: Promise.resolve(),
    ended,
    write: text => terminal.write(Buffer.from(text, 'latin1').toString('utf8')),
    // End of input on a terminal is the character Ctrl-D.
    endInput: () => terminal.write('\u0004'),
    resize: (columns, rows) => terminal.resize(Math.max(columns, 1), Math.max(rows, 1)),
  }
}

/** Resolves when the pipes are closed; a grandchild that keeps them open is not waited for long. */
function drained(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, drainMs)
    child.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
