// The last step of `npm run build`: each program of dist/src and dist/tui with everything it
// imports, in a few files of dist/bundle. A peer would otherwise look up and read a thousand modules
// in each of its two threads before it can vote: 1.2 s of CPU a thread instead of 0.4.
import { chmodSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const from = join(root, 'dist')
const to = join(root, 'dist', 'bundle')

/** What is started by its file's name: a process or a thread. Looked for beside its starter. */
const programs = {
  main: 'src/main.js',
  tui: 'tui/main.js',
  'consensus-thread': 'src/peer/consensus-thread.js',
  'decode-thread': 'src/apiserver/http/decode-thread.js',
  'bcrypt-worker': 'src/etcd/auth/bcrypt-worker.js',
  'probe-thread': 'src/probe/probe-thread.js',
  shim: 'src/kubelet/runtime/process/shim.js',
  webserver: 'src/kubelet/runtime/process/webserver.js',
}

/** Packages with native code, or that are there on some machines only. */
const external = [
  '@lydell/node-pty',
  'bufferutil',
  'msgpackr-extract',
  'react-devtools-core',
  'utf-8-validate',
]

const input = Object.entries(programs).map(([name, file]) => [name, join(from, file)])
const bundle = await rolldown({
  input: Object.fromEntries(input),
  platform: 'node',
  external,
  logLevel: 'warn',
})
rmSync(to, { recursive: true, force: true })
await bundle.write({ dir: to, format: 'esm', chunkFileNames: '[name]-[hash].js', sourcemap: true })
// `bin` of package.json: npx runs it as it is.
chmodSync(join(to, 'main.js'), 0o755)
