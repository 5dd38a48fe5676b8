import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/cluster.ts'
import { type Grade, grades, type Tally } from './grade.ts'

/**
 * How many steps of the recording have to be right: in `code` at least, up to their `reason`, and
 * so on; `same` in everything. A change may raise a number and never sinks one.
 */
export type Ratchet = Readonly<Record<Exclude<Grade, 'body'>, number>> & {
  /** Of the recording that it counts: it says nothing about another one. */
  readonly steps: number
}

const file = join(root, 'test', 'oracle', 'ratchet.json')

export function readRatchet(): Ratchet {
  return JSON.parse(readFileSync(file, 'utf8')) as Ratchet
}

export function writeRatchet(ratchet: Ratchet): void {
  writeFileSync(file, `${JSON.stringify(ratchet, null, 2)}\n`)
}

/** Who differs first in a grade is right in all that are looked at before it. */
export function reached(tally: Tally): Ratchet {
  const steps = grades.reduce((sum, grade) => sum + tally[grade], 0)
  let right = steps
  const after = (grade: Grade) => {
    right -= tally[grade]
    return right
  }
  const [code, reason, message] = [after('code'), after('reason'), after('message')]
  const [details, warnings] = [after('details'), after('warnings')]
  return { steps, code, reason, message, details, warnings, same: after('body') }
}

/** What is below the ratchet, in words; none: nothing got worse. */
export function belowRatchet(now: Ratchet, least: Ratchet): string[] {
  if (now.steps !== least.steps) {
    return [`the ratchet is of a recording of ${least.steps} steps, this one has ${now.steps}`]
  }
  const names = Object.keys(least) as (keyof Ratchet)[]
  return names
    .filter(name => now[name] < least[name])
    .map(name => `${name}: ${now[name]} steps are right, ${least[name]} were before`)
}

/** The better of both in each number. */
export function raised(now: Ratchet, least: Ratchet): Ratchet {
  const names = Object.keys(now) as (keyof Ratchet)[]
  const best = names.map(name => [name, Math.max(now[name], least[name])])
  return Object.fromEntries(best) as unknown as Ratchet
}
