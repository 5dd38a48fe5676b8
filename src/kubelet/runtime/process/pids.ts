import { readFileSync } from 'node:fs'

/**
 * Start time of a process in clock ticks since boot, '' when it is gone or the system has no
 * /proc. Pid and start time together name one process for good.
 * Source: proc(5), field 22 of /proc/PID/stat.
 */
export function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie has ended; only its parent hasn't asked yet.
    return fields[0] === 'Z' ? '' : (fields[19] ?? '')
  } catch {
    return ''
  }
}

/** True while exactly that process lives. */
export function isAlive(pid: number, pidStart: string): boolean {
  if (pidStart !== '') return processStart(pid) === pidStart
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Sends a signal to the whole group of a process, or to it alone; false when it is gone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal)
      return true
    } catch {
      // The group is gone, or was never made: try the process.
    }
  }
  return false
}

/** Sends a signal to one process; false when it is gone. */
export function signalOne(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
