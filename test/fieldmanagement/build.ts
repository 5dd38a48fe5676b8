import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cacheFolder, goNeeded, isGoEnough } from '../programs/recipe.ts'
import { root } from '../support/cluster.ts'

const module = join(root, 'test', 'upstream')
const buildMsMax = 20 * 60_000

/** Why the comparison can't be made here; undefined: it can. */
export function lacksGo(): string | undefined {
  if (existsSync(helperFile())) return undefined
  const go = spawnSync('go', ['env', 'GOVERSION'], { cwd: tmpdir(), encoding: 'utf8' })
  if (isGoEnough(go.error ? undefined : go.stdout.trim())) return undefined
  return `Go ${goNeeded.major}.${goNeeded.minor} or newer is not here (https://go.dev/dl)`
}

/** Where upstream's program is, once it is built. @throws Error with Go's words */
export function buildHelper(): string {
  const file = helperFile()
  if (existsSync(file)) return file
  mkdirSync(dirname(file), { recursive: true })
  const part = `${file}.${process.pid}`
  const ran = spawnSync(
    'go',
    ['build', '-mod=readonly', '-trimpath', '-o', part, './fieldmanager'],
    {
      cwd: module,
      env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
      encoding: 'utf8',
      timeout: buildMsMax,
    },
  )
  if (ran.status !== 0) throw new Error(`go can't build it:\n${ran.stderr}`)
  renameSync(part, file)
  return file
}

/** Beside the other programs, under a name that changes with what it is made of. */
function helperFile(): string {
  const hash = createHash('sha256')
  for (const name of ['go.mod', 'go.sum', 'fieldmanager/main.go']) {
    hash.update(readFileSync(join(module, name)))
  }
  return join(dirname(cacheFolder(module)), `fieldmanager-${hash.digest('hex').slice(0, 12)}`)
}
