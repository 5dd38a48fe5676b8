import { targets } from './doors.ts'
import { fuzzSeed, knocksPerSeed } from './run.ts'
import type { Target } from './target.ts'

/**
 * Hostile bytes at every door, from seeds.
 *
 *     fuzz [TARGET... | all] [--minutes N] [--from SEED]     for N minutes (1), the targets in turn
 *     fuzz TARGET --seed N                                   one seed again
 *
 * Exit code 1 at the first door that does not hold, with the seed; else what was measured.
 */
function option(name: string): number | undefined {
  const at = process.argv.indexOf(`--${name}`)
  if (at < 0) return undefined
  const value = Number(process.argv[at + 1])
  if (!Number.isFinite(value)) throw new Error(`--${name} needs a number`)
  return value
}

function chosen(): readonly Target[] {
  const words = process.argv.slice(2)
  const end = words.findIndex(word => word.startsWith('--'))
  const names = (end < 0 ? words : words.slice(0, end)).filter(name => name !== 'all')
  const known = targets.map(({ name }) => name)
  const unknown = names.find(name => !known.includes(name))
  if (unknown !== undefined) throw new Error(`no door ${unknown}; there are ${known.join(', ')}`)
  return names.length === 0 ? targets : targets.filter(({ name }) => names.includes(name))
}

async function attempt(target: Target, seed: number): Promise<boolean> {
  try {
    await fuzzSeed(target, seed)
    return true
  } catch (error) {
    console.error(`\n${target.name}, seed ${seed}:`, error)
    if (target.lastWords !== undefined) console.error(target.lastWords())
    console.error(`again: npm run fuzz -- ${target.name} --seed ${seed}`)
    return false
  }
}

async function fuzz(doors: readonly Target[]): Promise<number> {
  const one = option('seed')
  if (one !== undefined) return (await attempt(doors[0]!, one)) ? 0 : 1
  const end = performance.now() + (option('minutes') ?? 1) * 60_000
  const runs = new Map(doors.map(door => [door, 0]))
  for (let seed = option('from') ?? 1; performance.now() < end; seed++) {
    for (const door of doors) {
      if (!(await attempt(door, seed))) return 1
      runs.set(door, runs.get(door)! + 1)
    }
  }
  for (const [door, count] of runs) {
    console.log(`${door.name}: ${count} runs of ${knocksPerSeed} inputs passed`)
    if (door.figures !== undefined) console.log(`  ${door.figures()}`)
  }
  return 0
}

async function main(): Promise<number> {
  const doors = chosen()
  try {
    return await fuzz(doors)
  } finally {
    for (const door of doors) await door.end?.()
  }
}

process.exit(await main())
