import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

/** Children that are to end with this process, however it ends. */
const tethered = new Set<ChildProcess>()

/**
 * Starts a program that ends with this process: also when a test throws, a benchmark dies of a bug
 * or somebody presses Ctrl-C. Only a SIGKILL of this process leaves it running.
 */
export function spawnTethered(
  file: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  if (!isTethered) tether()
  const child = spawn(file, [...args], options)
  tethered.add(child)
  child.once('exit', () => tethered.delete(child))
  return child
}

let isTethered = false

function tether(): void {
  isTethered = true
  process.on('exit', endAll)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, onSignal)
}

function endAll(): void {
  for (const child of tethered) child.kill('SIGKILL')
  tethered.clear()
}

/** Ends by the same signal, once there is nothing left behind. */
function onSignal(signal: NodeJS.Signals): void {
  endAll()
  process.kill(process.pid, signal)
}
