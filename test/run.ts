import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

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
  readonly run: () => Promise<Counts>
}

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
  { name: 'tmux', needs: ['tmux'], run: () => vitest('tmux', ['test/e2e/real/tmux']) },
]

const wanted = process.argv.slice(2)
const total: Counts = { passed: 0, failed: 0, skipped: 0 }
const failedStages: string[] = []
for (const stage of stages) {
  if (wanted.length > 0 && !wanted.includes(stage.name)) continue
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

/** Tests in folders; a run that ends without a result counts as one failure. */
async function vitest(
  name: string,
  folders: readonly string[],
  exclude: readonly string[] = [],
): Promise<Counts> {
  const file = join(results, `${name}.json`)
  const code = await start([
    bin('vitest/vitest.mjs'),
    'run',
    '--config',
    join(root, 'test/vitest.config.ts'),
    ...folders,
    ...exclude.flatMap(path => ['--exclude', `${path}**`]),
    // Clusters of real processes share two cores: one at a time.
    ...(folders.some(folder => folder.startsWith('test/e2e')) ? ['--no-file-parallelism'] : []),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ])
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

function start(args: readonly string[]): Promise<number> {
  const child = spawn(node, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  return new Promise(resolve => child.once('exit', code => resolve(code ?? 1)))
}

function installed(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
