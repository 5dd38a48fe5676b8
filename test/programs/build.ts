import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, run } from '../support/cluster.ts'
import {
  buildArguments,
  cacheFolder,
  goNeeded,
  isGoEnough,
  kubernetesVersion,
  type ProgramName,
  programs,
} from './recipe.ts'

/** The Go module that names upstream's programs. */
const module = join(root, 'test', 'upstream')

/** Longest build of one program: the first one of Kubernetes compiles for minutes. */
const buildMsMax = 60 * 60_000

/** Where a program is, whether it was built or not. */
export function programFile(name: ProgramName): string {
  return join(cacheFolder(module), name)
}

export function isBuilt(names: readonly ProgramName[]): boolean {
  return names.every(name => existsSync(programFile(name)))
}

/** Why the programs can't be had here, and what to do; undefined: they are there or can be built. */
export function lacksUpstream(names: readonly ProgramName[]): string | undefined {
  if (isBuilt(names)) return undefined
  // Outside of the module: inside, an old Go answers for the newer one that it would download.
  const go = spawnSync('go', ['env', 'GOVERSION'], { cwd: tmpdir(), encoding: 'utf8' })
  const version = go.error ? undefined : go.stdout.trim()
  if (isGoEnough(version)) return undefined
  const wanted = `${goNeeded.major}.${goNeeded.minor}`
  const found = version ? `only ${version.replace('go', 'Go ')} is here` : 'Go is not here'
  return `${found}: install Go ${wanted} or newer (https://go.dev/dl), then npm run upstream`
}

/**
 * Builds those that are not there yet, one after the other: Go itself uses all cores.
 * @throws Error with Go's words when one can't be built.
 */
export async function buildPrograms(
  names: readonly ProgramName[],
  say: (text: string) => void,
): Promise<void> {
  const version = kubernetesVersion(readFileSync(join(module, 'go.mod'), 'utf8'))
  const wanted = programs.filter(({ name }) => names.includes(name))
  mkdirSync(cacheFolder(module), { recursive: true })
  for (const [index, program] of wanted.entries()) {
    const place = `${index + 1} of ${wanted.length}`
    const file = programFile(program.name)
    if (existsSync(file)) continue
    say(`building ${program.name} (${place}) ...`)
    const began = performance.now()
    // Half a program must not look like one, and two builds must not meet.
    const part = `${file}.${process.pid}`
    const ran = await run('go', buildArguments(program, part, version), {
      cwd: module,
      env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
      timeout: buildMsMax,
    })
    if (ran.code !== 0) throw new Error(`go can't build ${program.name}:\n${ran.err}${ran.out}`)
    renameSync(part, file)
    say(`built ${program.name} in ${((performance.now() - began) / 1_000).toFixed(0)} s`)
  }
}
