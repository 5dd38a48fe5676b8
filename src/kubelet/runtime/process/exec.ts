import { type ChildProcess, spawn } from 'node:child_process'
import { PassThrough, Writable } from 'node:stream'
import type { ExecRequest, ExecSession } from '../types.ts'
import { signalGroup } from './pids.ts'

/** Exit codes of what could not be run. Source: runc, POSIX shells. */
const exitCodes = { notFound: 127, notExecutable: 126 } as const

/** A command in the surroundings of a container. */
export interface ExecConfig extends ExecRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly user?: { readonly uid: number; readonly gid: number }
}

/**
 * Runs a command beside a container's processes, with its folder and environment.
 * @throws Error in the words of runc when there is no such program.
 */
export function execProcess(config: ExecConfig): Promise<ExecSession> {
  return config.tty ? execTerminal(config) : execPipes(config)
}

async function execPipes(config: ExecConfig): Promise<ExecSession> {
  const [program = '', ...args] = config.command
  const child = spawn(program, args, {
    cwd: config.cwd,
    env: config.env,
    ...config.user,
    stdio: [config.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const exit = new Promise<number>(resolve => {
    child.once('close', (code, signal) => resolve(code ?? (signal ? 137 : 0)))
  })
  child.stdin?.on('error', () => undefined)
  await started(child, program)
  return {
    stdin: child.stdin,
    stdout: child.stdout!,
    stderr: child.stderr,
    exit,
    resize: () => undefined,
    kill: () => {
      if (child.pid && child.exitCode === null) signalGroup(child.pid, 'SIGKILL')
    },
  }
}

function started(child: ChildProcess, program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT'
      const why = isMissing ? 'executable file not found in $PATH' : error.message
      const failure = new Error(`exec: "${program}": ${why}: unknown`)
      const exitCode = isMissing ? exitCodes.notFound : exitCodes.notExecutable
      reject(Object.assign(failure, { exitCode }))
    })
  })
}

async function execTerminal(config: ExecConfig): Promise<ExecSession> {
  // Loaded when first needed: a native module, of which few kubelets have a use.
  const { spawn: spawnPty } = await import('@lydell/node-pty')
  const [program = '', ...args] = config.command
  const env = { TERM: 'xterm', ...config.env }
  const { cwd, user } = config
  const terminal = spawnPty(program, args, { cwd, env, cols: 80, rows: 24, ...user })
  const stdout = new PassThrough()
  terminal.onData(text => stdout.write(text))
  const exit = new Promise<number>(resolve => {
    terminal.onExit(({ exitCode, signal }) => {
      stdout.end()
      resolve(signal ? 128 + signal : exitCode)
    })
  })
  const stdin = new Writable({
    write(chunk, _encoding, done) {
      terminal.write(chunk.toString('utf8'))
      done()
    },
    final(done) {
      // End of input on a terminal is the character Ctrl-D.
      terminal.write('\u0004')
      done()
    },
  })
  return {
    stdin: config.stdin ? stdin : null,
    stdout,
    stderr: null,
    exit,
    resize: (columns, rows) => terminal.resize(Math.max(columns, 1), Math.max(rows, 1)),
    kill: () => terminal.kill('SIGKILL'),
  }
}
