import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { createPrng, type Prng } from '../../src/kernel/prng.ts'
import { buildHelper } from './build.ts'
import { type Case, type Outcome, runOurs, type Step } from './ours.ts'
import { kinds, randomObject } from './random.ts'

/**
 * The same objects, updates and applies for upstream's field manager and for ours: what both say of
 * owners, and what an apply makes of an object, must be equal.
 *
 *     fieldmanagement [--cases N] [--seed N] [--show N]
 */
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1500' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    show: { type: 'string', default: '3' },
  },
})

const managers = ['a', 'b', 'kubectl']
const nothing: ReadonlySet<unknown> = new Set([undefined, '', 0, false, '0'])

process.exitCode = main()

function main(): number {
  const prng = createPrng(Number(values.seed))
  const cases = Array.from({ length: Number(values.cases) }, () => randomCase(prng))
  const theirs = runTheirs(cases)
  const wrong = cases.flatMap((given, index) => {
    const differs = firstDifference(given, theirs[index] ?? [])
    return differs === undefined ? [] : [differs]
  })
  for (const text of wrong.slice(0, Number(values.show))) process.stdout.write(`${text}\n\n`)
  process.stdout.write(
    `${cases.length - wrong.length} of ${cases.length} cases are equal (seed ${values.seed})\n`,
  )
  return wrong.length === 0 ? 0 : 1
}

function randomCase(random: Prng): Case {
  const [apiVersion, kind] = kinds[random.below(kinds.length)] as (typeof kinds)[number]
  const one = <T>(all: readonly T[]): T => all[random.below(all.length)] as T
  const steps: Step[] = Array.from({ length: 2 + random.below(5) }, () => ({
    op: one(['update', 'apply', 'apply'] as const),
    manager: one(managers),
    force: random.chance(0.4),
    object: randomObject(random, apiVersion, kind),
  }))
  const reset = random.chance(0.5) ? ['status'] : []
  return { apiVersion, kind, subresource: one(['', '', 'status']), reset, steps }
}

function runTheirs(all: readonly Case[]): Outcome[][] {
  const input = all.map(each => `${JSON.stringify(each)}\n`).join('')
  const ran = spawnSync(buildHelper(), { input, encoding: 'utf8', maxBuffer: 1 << 30 })
  if (ran.status !== 0) throw new Error(`upstream's program failed: ${ran.stderr}`)
  const lines = ran.stdout.trim().split('\n')
  return lines.map(line => (JSON.parse(line) as { steps: Outcome[] }).steps)
}

function firstDifference(given: Case, theirs: readonly Outcome[]): string | undefined {
  const ours = runOurs(given)
  for (const [index, outcome] of ours.entries()) {
    const lines = differences(canonical(theirs[index]), canonical(outcome), '')
    if (lines.length === 0) continue
    const writes = given.steps.slice(0, index + 1).map(step => JSON.stringify(step))
    return [`${given.apiVersion} ${given.kind} reset ${given.reset}`, ...writes, ...lines].join(
      '\n',
    )
  }
  return undefined
}

/** What can't be told from nothing once it is stored is nothing; managers have names. */
function canonical(outcome: Outcome = {}): unknown {
  if (outcome.error !== undefined) return outcome.error.split('\n').sort().join(' ')
  const { managedFields = [], ...metadata } = outcome.object?.metadata ?? {}
  const managers = (managedFields as Record<string, unknown>[]).map(entry => [
    `${entry.manager} ${entry.operation} ${entry.subresource}`,
    entry.fieldsV1,
  ])
  return {
    object: withoutNothing({ ...outcome.object, metadata }),
    managers: Object.fromEntries(managers),
  }
}

function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(item => withoutNothing(item) ?? null)
  if (typeof value !== 'object' || value === null) return value === null ? undefined : value
  const entries = Object.entries(value)
    .filter(([name]) => name !== 'creationTimestamp')
    .map(([name, item]) => [name, withoutNothing(item)] as const)
    .filter(([, item]) => !(nothing.has(item) || (Array.isArray(item) && item.length === 0)))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** Lines of `path theirs ours`. */
function differences(theirs: unknown, ours: unknown, path: string): string[] {
  if (JSON.stringify(theirs) === JSON.stringify(ours)) return []
  const areObjects = [theirs, ours].every(one => typeof one === 'object' && one !== null)
  if (!areObjects) return [`  ${path}: ${JSON.stringify(theirs)}, ours ${JSON.stringify(ours)}`]
  const [left, right] = [theirs, ours] as Record<string, unknown>[]
  const keys = new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})])
  return [...keys].flatMap(key => differences(left?.[key], right?.[key], `${path} ${key}`))
}
