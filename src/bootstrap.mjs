// What `npm start`, `npm test` and `npm run VERB` run (the verbs below): plain JavaScript, for before
// the first install there is no compiler. Installs and builds only what is out of date.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const built = join(root, 'dist', '.built')
const minimum = [20, 19]

const [verb = 'build', ...args] = process.argv.slice(2)

checkNode()
install()
build()

const verbs = {
  build: () => process.exit(0),
  start: () => run('dist/bundle/main.js', ['up', ...args]),
  test: () => run('dist/test/run.js', args),
  sim: () => run('dist/test/sim/main.js', args),
  fuzz: () => run('dist/test/fuzz/main.js', args),
  judge: () => run('dist/test/judge/main.js', args),
  bench: () => run('dist/test/bench/main.js', args),
  nemesis: () => run('dist/test/nemesis/main.js', args),
  oracle: () => run('dist/test/oracle/main.js', args),
  upstream: () => run('dist/test/programs/main.js', args),
  conformance: () => run('dist/test/conformance/main.js', args),
}
if (!verbs[verb]) fail(`unknown verb ${verb}; there are ${Object.keys(verbs).join(', ')}`)
verbs[verb]()

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > minimum[0] || (major === minimum[0] && minor >= minimum[1])) return
  fail(`Node ${process.versions.node} is too old: ${minimum.join('.')} or newer is needed`)
}

/**
 * Installs what the lock file names when it is newer than what is there. Not `npm ci`: it refuses
 * a lock file without the optional packages of other platforms, which npm 11 leaves out.
 */
function install() {
  const lock = join(root, 'package-lock.json')
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  say('installing packages ...')
  step('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'])
}

/** tsc, the schema and the bundle, when a source is newer than the last build. */
function build() {
  const stamp = existsSync(built) ? statSync(built).mtimeMs : 0
  if (stamp > 0 && newest(['src', 'tui', 'test', 'tsconfig.json', 'package-lock.json']) <= stamp) {
    return
  }
  say('building ...')
  const began = Date.now()
  step(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root])
  step(process.execPath, [join(root, 'dist', 'src', 'api', 'schema', 'generate.js')])
  step(process.execPath, [join(root, 'src', 'bundle.mjs')])
  mkdirSync(dirname(built), { recursive: true })
  writeFileSync(built, `${new Date(began).toISOString()}\n`)
}

function newest(names) {
  let newestMs = 0
  const visit = path => {
    const stat = statSync(path)
    if (!stat.isDirectory()) newestMs = Math.max(newestMs, stat.mtimeMs)
    else for (const name of readdirSync(path)) visit(join(path, name))
  }
  for (const name of names) if (existsSync(join(root, name))) visit(join(root, name))
  return newestMs
}

function step(command, words) {
  const result = spawnSync(command, words, { cwd: root, stdio: ['ignore', 2, 2] })
  if (result.error) fail(`${command}: ${result.error.message}`)
  if (result.status !== 0) fail(`${command} ${words[0]} failed with code ${result.status}`)
}

/** The verb's own process: signals of the terminal reach it directly, others are passed on. */
function run(file, words) {
  const path = join(root, file)
  if (!existsSync(path)) fail(`${file} was not built`)
  const child = spawn(process.execPath, [path, ...words], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
}

function say(text) {
  process.stderr.write(`quorate: ${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}
