import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { helpers } from './conformance/suite.ts'
import { lacksGo } from './fieldmanagement/build.ts'
import { lacksRecording } from './oracle/recording.ts'
import { isBuilt } from './programs/build.ts'
import { otherNode, otherNodes } from './support/other-node.ts'

/**
 * `npm test`: every stage that this machine can run, cheap ones first, and one closing line
 * `N passed, N failed, N skipped`. `npm test -- unit e2e` runs only those stages.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
const node = process.execPath
const bin = (name: string) => join(root, 'node_modules', ...name.split('/'))
const results = mkdtempSync(join(tmpdir(), 'quorate-test-'))

interface Counts {
  passed: number
  failed: number
  skipped: number
}

interface Stage {
  readonly name: string
  /** What the machine must have; absent commands skip the stage, with how to get them. */
  readonly needs?: readonly string[]
  /** Debian's names for them, where they are not the same. */
  readonly packages?: readonly string[]
  /** Why this machine can't run it, and what to do; undefined: it can. */
  readonly lacks?: () => string | undefined
  readonly run: () => Promise<Counts>
}

const notBuilt = "upstream's programs are not built: npm run upstream (Go 1.25, ten minutes)"

const stages: readonly Stage[] = [
  { name: 'types', run: () => command(bin('typescript/bin/tsc'), ['--noEmit', '-p', root]) },
  { name: 'lint', run: () => command(bin('@biomejs/biome/bin/biome'), ['check', '.']) },
  { name: 'layers', run: () => vitest('layers', ['test/unit/layers.test.ts']) },
  {
    name: 'unit',
    run: () => vitest('unit', ['test/unit', 'test/tui'], ['test/unit/layers.test.ts']),
  },
  { name: 'golden', run: () => vitest('golden', ['test/golden']) },
  { name: 'sim', run: () => command(join(root, 'dist/test/sim/main.js'), ['--seeds', '200']) },
  { name: 'fuzz', run: () => vitest('fuzz', ['test/fuzz']) },
  { name: 'mutations', run: () => command(join(root, 'dist/test/sim/mutations.js'), []) },
  { name: 'contract', run: () => vitest('contract', ['test/contract']) },
  { name: 'e2e', needs: ['curl'], run: () => vitest('e2e', ['test/e2e'], ['test/e2e/real']) },
  {
    name: 'etcd',
    needs: ['etcd', 'etcdctl'],
    packages: ['etcd-server', 'etcd-client'],
    run: () => vitest('etcd', ['test/e2e/real/etcd', 'test/e2e/real/external-etcd']),
  },
  { name: 'haproxy', needs: ['haproxy'], run: () => vitest('haproxy', ['test/e2e/real/haproxy']) },
  {
    name: 'tmux',
    needs: ['tmux'],
    run: () => vitest('tmux', ['test/e2e/real/tmux', 'test/e2e/real/dashboards']),
  },
  {
    name: 'oracle',
    lacks: lacksRecording,
    run: () => command(join(root, 'dist/test/oracle/main.js'), ['--ratchet']),
  },
  {
    name: 'fieldmanagement',
    lacks: lacksGo,
    run: () => command(join(root, 'dist/test/fieldmanagement/main.js'), ['--seed', '1']),
  },
  {
    name: 'conformance',
    lacks: () => (isBuilt([...helpers, 'e2e.test']) ? undefined : notBuilt),
    run: () =>
      command(join(root, 'dist/test/conformance/main.js'), ['--ratchet', '--minutes', '15']),
  },
  ...otherNodes.map(onOtherNode),
]

const wanted = process.argv.slice(2)
const total: Counts = { passed: 0, failed: 0, skipped: 0 }
const failedStages: string[] = []
for (const stage of stages) {
  if (wanted.length > 0 && !wanted.includes(stage.name)) continue
  const lack = stage.lacks?.()
  if (lack !== undefined) {
    say(`-- ${stage.name}: skipped, ${lack}`)
    total.skipped++
    continue
  }
  const missing = (stage.needs ?? []).filter(name => !installed(name))
  if (missing.length > 0) {
    const list = missing.join(', ')
    const packages = (stage.packages ?? missing).join(' ')
    say(`-- ${stage.name}: skipped, ${list} is not here (Debian: apt-get install ${packages})`)
    total.skipped++
    continue
  }
  const began = performance.now()
  say(`-- ${stage.name}`)
  const counts = await stage.run()
  total.passed += counts.passed
  total.failed += counts.failed
  total.skipped += counts.skipped
  if (counts.failed > 0) failedStages.push(stage.name)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  say(`-- ${stage.name}: ${counts.passed} passed, ${counts.failed} failed in ${seconds} s`)
}
rmSync(results, { recursive: true, force: true })
if (failedStages.length > 0) say(`failed stages: ${failedStages.join(', ')}`)
say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0

/** A program that is one check: its exit code is the verdict. */
async function command(file: string, args: readonly string[]): Promise<Counts> {
  const code = await start([file, ...args])
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }
}

/** What does not depend on other programs, and one real start, on another version of Node. */
function onOtherNode(major: number): Stage {
  const folders = ['test/unit', 'test/tui', 'test/e2e/operating.test.ts']
  let file: string | undefined
  return {
    name: `node-${major}`,
    lacks() {
      file = otherNode(root, major)
      return file ? undefined : `Node ${major} can't be had here (npm registry: node@${major})`
    },
    run: () => vitest(`node-${major}`, folders, ['test/unit/layers.test.ts'], file),
  }
}

/**
 * Tests in folders; a run that ends without a result, or without a test, counts as one failure.
 * `program`: the Node that runs them, and whatever they start.
 */
async function vitest(
  name: string,
  folders: readonly string[],
  exclude: readonly string[] = [],
  program = node,
): Promise<Counts> {
  const file = join(results, `${name}.json`)
  const options = ['--config', join(root, 'test/vitest.config.ts')]
  const args = [
    ...[bin('vitest/vitest.mjs'), 'run', ...options],
    ...folders,
    ...exclude.flatMap(path => ['--exclude', `${path}**`]),
    // Clusters of real processes share two cores: one at a time.
    ...(folders.some(folder => folder.startsWith('test/e2e')) ? ['--no-file-parallelism'] : []),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]
  const code = await start(args, program)
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as {
      numPassedTests: number
      numFailedTests: number
      numPendingTests: number
    }
    const { numPassedTests: passed, numFailedTests: broken } = report
    // A stage that ran nothing is not one that passed.
    const failed = broken + (broken === 0 && (code !== 0 || passed === 0) ? 1 : 0)
    return { passed: report.numPassedTests, failed, skipped: report.numPendingTests }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

function start(args: readonly string[], program = node): Promise<number> {
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  return new Promise(resolve => child.once('exit', code => resolve(code ?? 1)))
}

function installed(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
