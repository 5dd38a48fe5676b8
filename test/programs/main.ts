import { dirname } from 'node:path'
import { buildPrograms, lacksUpstream, programFile } from './build.ts'
import { programs } from './recipe.ts'

/**
 * `npm run upstream`: builds the real programs that tests and benchmarks compare with, at the
 * versions that test/upstream names, and says where they are. Nothing of the product needs them.
 */
const names = programs.map(({ name }) => name)
const say = (text: string) => void process.stderr.write(`upstream: ${text}\n`)

const lack = lacksUpstream(names)
if (lack !== undefined) {
  say(lack)
  process.exit(2)
}
try {
  await buildPrograms(names, say)
  process.stdout.write(`${dirname(programFile('e2e.test'))}\n`)
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
