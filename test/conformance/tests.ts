import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/cluster.ts'

/**
 * What a test of the suite needs of a cluster: `api` no container that runs, `net` services and
 * webhooks that answer, `pods` containers, `storage` volumes in them.
 */
export const classes = ['api', 'net', 'pods', 'storage'] as const
export type TestClass = (typeof classes)[number]

export interface SuiteTest {
  /** As the suite's binary prints it. */
  readonly name: string
  readonly class: TestClass
}

const folder = join(root, 'test', 'conformance')
const passesFile = join(folder, 'passes.txt')

/** The conformance tests of the Kubernetes version that test/upstream names. */
export function readTests(): SuiteTest[] {
  const [, ...lines] = readFileSync(join(folder, 'tests.tsv'), 'utf8').trim().split('\n')
  return lines.map(line => {
    const [testClass, name = ''] = line.split('\t')
    return { name, class: testClass as TestClass }
  })
}

/** Names of those that passed once, and therefore have to. */
export function readPasses(): string[] {
  return readFileSync(passesFile, 'utf8').split('\n').filter(Boolean)
}

export function writePasses(names: readonly string[]): void {
  writeFileSync(passesFile, `${[...names].sort().join('\n')}\n`)
}

/** An expression that matches these names of the suite and nothing else of it. */
export function focusOn(names: readonly string[]): string {
  const escaped = names.map(name => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  // Ginkgo puts the suite's own name before a test's.
  return `^[^\\[]*(?:${escaped.join('|')})$`
}
