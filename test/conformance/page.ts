import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/cluster.ts'
import { type ClassRow, tableOf } from './results.ts'
import { classes, type TestClass } from './tests.ts'

const file = join(root, 'docs', 'conformance.md')

const head = `# Kubernetes' own conformance suite
Written by \`npm run conformance -- --class NAME --write\`: the suite's own binary, built from
\`test/upstream\`, against a default cluster (three masters that are workers too, process runtime). A
class says what a test needs: \`api\` no container that runs, \`net\` services and webhooks that answer,
\`pods\` containers, \`storage\` volumes in them. What passed has to pass again in each run of
\`npm test\`: \`test/conformance/passes.txt\`. A class that is not listed was not run.

`

/** Writes the rows of the classes that were run, and keeps those of the others. */
export function writePage(version: string, rows: readonly ClassRow[]): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  writeFileSync(file, `${head}Kubernetes ${version}.\n\n${tableOf(merged(before, rows))}\n`)
}

/** Rows of the page, with those in place that are new. */
export function merged(page: string, rows: readonly ClassRow[]): ClassRow[] {
  const known = new Map([...rowsIn(page), ...rows].map(row => [row.class, row]))
  return classes.flatMap(name => known.get(name) ?? [])
}

function rowsIn(page: string): ClassRow[] {
  const isClass = (name: string | undefined): name is TestClass =>
    classes.some(each => each === name)
  return page.split('\n').flatMap(line => {
    const [name, ...counts] = line
      .split('|')
      .map(cell => cell.trim())
      .filter(Boolean)
    const [run = 0, passed = 0, failed = 0, skipped = 0, seconds = 0] = counts.map(Number)
    return isClass(name) ? [{ class: name, run, passed, failed, skipped, seconds }] : []
  })
}
