import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  buildArguments,
  cacheFolder,
  isGoEnough,
  kubernetesVersion,
  programs,
} from '../../programs/recipe.ts'
import { root } from '../../support/cluster.ts'

test.each([
  [undefined, false],
  ['', false],
  ['devel', false],
  ['go1.24.9', false],
  ['go1.25', true],
  ['go1.25rc1', true],
  ['go1.26.8', true],
  ['go2.0.1', true],
])('Go %s is enough: %s', (version, enough) => {
  expect(isGoEnough(version)).toBe(enough)
})

test("programs say upstream's version, which go.mod names", () => {
  const version = kubernetesVersion(readFileSync(join(root, 'test/upstream/go.mod'), 'utf8'))
  expect(version).toBe('v1.35.4')
  const words = buildArguments(programs[0], '/cache/x', version)
  expect(words.slice(0, 2)).toEqual(['build', '-mod=readonly'])
  const flags = words.find(word => word.startsWith('-ldflags='))
  expect(flags).toContain('-X k8s.io/component-base/version.gitVersion=v1.35.4')
  expect(flags).toContain('-X k8s.io/client-go/pkg/version.gitMinor=35')
  expect(words.slice(-3)).toEqual(['-o', '/cache/x', programs[0].package])
  expect(() => kubernetesVersion('module x')).toThrow('names no version')
})

test("a suite is a package's tests", () => {
  const suite = programs.find(({ name }) => name === 'e2e.test')!
  expect(buildArguments(suite, 'f', 'v1.2.3').slice(0, 2)).toEqual(['test', '-c'])
})

test('every program is a tool of the module', () => {
  const goMod = readFileSync(join(root, 'test/upstream/go.mod'), 'utf8')
  const tools = /^tool \(\n([^)]*)\)/m.exec(goMod)?.[1]?.trim().split(/\s+/)
  expect(tools?.sort()).toEqual(programs.map(each => each.package).sort())
})

test('the cache folder changes with what the programs are made of', () => {
  const module = mkdtempSync(join(tmpdir(), 'quorate-recipe-'))
  const folderWith = (sums: string) => {
    writeFileSync(join(module, 'go.mod'), 'module x')
    writeFileSync(join(module, 'go.sum'), sums)
    return cacheFolder(module, { XDG_CACHE_HOME: '/cache' })
  }
  const first = folderWith('a')
  expect(first).toMatch(/^\/cache\/quorate\/upstream-[0-9a-f]{12}$/)
  expect(folderWith('b')).not.toBe(first)
  expect(folderWith('a')).toBe(first)
  rmSync(module, { recursive: true })
})
