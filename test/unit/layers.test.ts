import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'

/**
 * The house of docs/ARCHITECTURE.md as data: which folder may import which. `kernel` is everybody's.
 * A broken rule is fixed in the code, not excepted here.
 */
const layers: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  config: [],
  pki: [],
  api: [],
  raft: [],
  mvcc: [],
  wal: ['raft'],
  p2p: ['config', 'pki'],
  admin: ['api'],
  client: ['api'],
  store: ['raft', 'mvcc', 'wal', 'p2p'],
  probe: ['client', 'admin', 'api'],
  etcd: ['store', 'mvcc', 'pki'],
  apiserver: ['api', 'store', 'pki', 'mvcc'],
  scheduler: ['client', 'api'],
  controllers: ['client', 'api', 'pki'],
  cloud: ['client', 'api'],
  kubelet: ['client', 'api', 'pki'],
  proxy: ['client', 'api', 'pki'],
  dns: ['client', 'api'],
  loadbalancer: ['client', 'api'],
  supervisor: ['config', 'pki', 'admin'],
  cli: ['supervisor', 'client', 'config', 'admin', 'api', 'probe'],
  tui: ['client', 'admin', 'api', 'probe'],
}
/** Composition roots: they wire, and nobody imports them but main. */
const roots = ['peer', 'main']

/** Pure folders take time, randomness and IO as arguments. */
const pure = ['raft', 'mvcc', 'scheduler/framework', 'scheduler/plugins']
const banned =
  /\b(Date\.now|Math\.random|setTimeout|setInterval|setImmediate|process\.env|crypto\.\w+)\b/

const root = new URL('../..', import.meta.url).pathname

interface Source {
  readonly file: string
  readonly text: string
}

function sources(folder: string): Source[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return sources(path)
    if (!/\.tsx?$/.test(entry.name)) return []
    return [{ file: path, text: readFileSync(join(root, path), 'utf8') }]
  })
}

const all = [...sources('src'), ...sources('tui')]

/** `raft` for src/raft/core.ts, `main` for src/main.ts, `tui` for tui/x.tsx. */
function folderOf(file: string): string {
  if (file.startsWith('tui/')) return 'tui'
  return (file.split('/')[1] ?? '').replace(/\.ts$/, '')
}

function imports({ file, text }: Source): { line: number; target: string }[] {
  const found: { line: number; target: string }[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const match = /(?:from|import)\s*\(?\s*'(\.[^']+)'/.exec(line)
    if (!match?.[1]) continue
    found.push({ line: index + 1, target: normalize(join(dirname(file), match[1])) })
  }
  return found
}

test('the tree is read', () => {
  expect(all.length).toBeGreaterThan(100)
})

test('folders import only what their layer allows', () => {
  const broken: string[] = []
  for (const source of all) {
    const from = folderOf(source.file)
    if (roots.includes(from)) continue
    const allowed = layers[from]
    if (!allowed) broken.push(`${source.file}: the folder ${from} is not in the house`)
    for (const { line, target } of imports(source)) {
      const to = folderOf(relative(root, join(root, target)))
      if (to === from || to === 'kernel' || allowed?.includes(to)) continue
      broken.push(`${source.file}:${line} ${from} -> ${to}`)
    }
  }
  expect(broken).toEqual([])
})

/** In the API server only the storage layer knows the store, and whoever wires it to it. */
test('the API server touches the store in its storage layer only', () => {
  const broken = all
    .filter(({ file }) => /^src\/apiserver\/(?!storage\/)[^/]+\//.test(file))
    .flatMap(source => imports(source).map(({ line, target }) => ({ ...source, line, target })))
    .filter(({ target }) => /^src\/(store|mvcc)\//.test(target))
  expect(broken.map(({ file, line }) => `${file}:${line}`)).toEqual([])
})

test('nothing imports itself, over however many files, types or not', () => {
  const left = new Map(all.map(source => [source.file, imports(source).map(one => one.target)]))
  // What imports nothing that is left, or is imported by nothing that is left, is in no circle.
  for (let before = -1; before !== left.size; ) {
    before = left.size
    const imported = new Set([...left.values()].flat())
    for (const [file, targets] of left) {
      if (!(imported.has(file) && targets.some(target => left.has(target)))) left.delete(file)
    }
  }
  expect([...left.keys()]).toEqual([])
})

test('pure folders use no ambient time, randomness or IO', () => {
  const broken: string[] = []
  for (const { file, text } of all) {
    if (!pure.some(folder => file.startsWith(`src/${folder}/`))) continue
    for (const [index, line] of text.split('\n').entries()) {
      if (/^\s*(\*|\/\/|\/\*)/.test(line)) continue
      if (banned.test(line) || /from 'node:(?!buffer)/.test(line)) {
        broken.push(`${file}:${index + 1} ${line.trim()}`)
      }
    }
  }
  expect(broken).toEqual([])
})

test('lines are at most 100 columns, and nothing is exported by default', () => {
  const broken: string[] = []
  for (const { file, text } of all) {
    for (const [index, line] of text.split('\n').entries()) {
      if (line.length > 100 && !/https?:\/\//.test(line)) broken.push(`${file}:${index + 1} long`)
      if (/^export default/.test(line)) broken.push(`${file}:${index + 1} default export`)
    }
  }
  expect(broken).toEqual([])
})
