import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { programFile } from '../programs/build.ts'
import type { ProgramName } from '../programs/recipe.ts'
import { root } from '../support/cluster.ts'

/** What a run needs beside the suite itself. */
export const helpers = ['ginkgo', 'kubectl', 'agnhost'] as const satisfies readonly ProgramName[]

export interface SuiteOptions {
  /** Another e2e.test than the one that was built. */
  readonly file?: string
  /** Matches the tests to run. */
  readonly focus: string
  /** Tests that run at the same time, each in a process of its own. */
  readonly procs: number
  /** After it the suite is stopped: what did not end until then has failed. */
  readonly minutesMax: number
  readonly kubeconfig: string
  /** What it prints is kept under this name in `runFolder`. */
  readonly log: string
}

/** What a run leaves: for whoever wants to know why a test failed. */
export const runFolder = join(root, 'dist', 'conformance')

/** Ginkgo stops its processes itself when their time is over; this is for one that does not. */
const stopMsMax = 120_000

/** Process group of the suite that runs: Ginkgo and its processes. */
let group: number | undefined

/** Ends the suite at once, all processes of it. */
export function stopSuite(): void {
  if (group === undefined) return
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It ended by itself just now.
  }
  group = undefined
}

/** Runs tests of the official suite against a cluster and returns what it printed. */
export async function runSuite(options: SuiteOptions): Promise<string> {
  const { file = programFile('e2e.test'), focus, procs, minutesMax, kubeconfig } = options
  mkdirSync(runFolder, { recursive: true })
  const logFile = join(runFolder, options.log)
  const log = openSync(logFile, 'w')
  const args = [
    ...['-v', '--no-color', '--keep-going', '--silence-skips', `--procs=${procs}`],
    // What a process says that a test takes down is else lost.
    '--output-interceptor-mode=none',
    ...[`--timeout=${minutesMax}m`, `--focus=${focus}`, file, '--'],
    ...['--provider=skeleton', `--kubeconfig=${kubeconfig}`, '--dump-logs-on-failure=false'],
    `--kubectl-path=${programFile('kubectl')}`,
  ]
  const child = spawn(programFile('ginkgo'), args, { stdio: ['ignore', log, log], detached: true })
  group = child.pid
  const timer = setTimeout(stopSuite, minutesMax * 60_000 + stopMsMax)
  await new Promise((resolve, reject) => {
    child.once('exit', resolve)
    child.once('error', reject)
  })
  clearTimeout(timer)
  group = undefined
  closeSync(log)
  return readFileSync(logFile, 'utf8')
}
