import { spawn } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename } from 'node:path'
import type { DataLayout } from '../config/layout.ts'
import { sleep } from '../kernel/clock.ts'

/** A process that `up` started, as it stands in run/<name>.json. */
export interface RunRecord {
  readonly name: string
  readonly pid: number
  /**
   * Kernel start time of the pid: a pid that was given to another program must not be signalled.
   */
  readonly startTicks: string
  readonly startedAt: string
  readonly args: readonly string[]
}

export type ProcessState = 'running' | 'paused' | 'down'

/** Starts `node <args>` in its own session, output appended to its log, and records it. */
export function startProcess(layout: DataLayout, name: string, args: readonly string[]): RunRecord {
  mkdirSync(layout.run, { recursive: true, mode: 0o700 })
  mkdirSync(layout.logs, { recursive: true, mode: 0o700 })
  const log = openSync(layout.logFile(name), 'a', 0o600)
  try {
    const child = spawn(process.execPath, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, NODE_ENV: 'production' },
    })
    if (child.pid === undefined) throw new Error(`${name}: node can't be started`)
    child.on('error', () => {})
    child.unref()
    return recordProcess(layout, name, child.pid, args)
  } finally {
    closeSync(log)
  }
}

/** Records a process that is running already, such as the supervisor itself. */
export function recordProcess(
  layout: DataLayout,
  name: string,
  pid: number,
  args: readonly string[],
): RunRecord {
  mkdirSync(layout.run, { recursive: true, mode: 0o700 })
  const record: RunRecord = {
    name,
    pid,
    startTicks: procStat(pid)?.startTicks ?? '',
    startedAt: new Date().toISOString(),
    args,
  }
  writeFileSync(layout.runFile(name), `${JSON.stringify(record)}\n`, { mode: 0o600 })
  return record
}

/** Everything that `up` recorded here, dead or alive. */
export function readRunRecords(layout: DataLayout): RunRecord[] {
  let files: string[]
  try {
    files = readdirSync(layout.run).filter(file => file.endsWith('.json'))
  } catch {
    return []
  }
  return files.sort().flatMap(file => {
    const record = readRunRecord(layout, basename(file, '.json'))
    return record ? [record] : []
  })
}

export function readRunRecord(layout: DataLayout, name: string): RunRecord | undefined {
  try {
    return JSON.parse(readFileSync(layout.runFile(name), 'utf8')) as RunRecord
  } catch {
    return undefined
  }
}

export function removeRunRecord(layout: DataLayout, name: string): void {
  rmSync(layout.runFile(name), { force: true })
}

/** What the kernel says of a recorded process. */
export function processState(record: RunRecord): ProcessState {
  const stat = procStat(record.pid)
  if (!stat) return procfs ? 'down' : signalWorks(record.pid) ? 'running' : 'down'
  if (stat.startTicks !== record.startTicks || 'ZX'.includes(stat.state)) return 'down'
  return 'Tt'.includes(stat.state) ? 'paused' : 'running'
}

/** Signals a recorded process, never another one with its pid. Returns whether it was there. */
export function signalProcess(record: RunRecord, signal: NodeJS.Signals): boolean {
  if (processState(record) === 'down') return false
  try {
    process.kill(record.pid, signal)
    return true
  } catch {
    return false
  }
}

/** Waits until the process is gone. Returns false when it is still there after `timeoutMs`. */
export async function waitForExit(record: RunRecord, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (performance.now() < deadline) {
    if (processState(record) === 'down') return true
    await sleep(20)
  }
  return processState(record) === 'down'
}

const procfs = process.platform === 'linux'

/** State letter and start time. Source: proc(5), /proc/pid/stat fields 3 and 22. */
function procStat(pid: number): { state: string; startTicks: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', startTicks: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

function signalWorks(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
