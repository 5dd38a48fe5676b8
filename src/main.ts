#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageRoot } from './api/schema/files.ts'
import { buildProgram } from './cli/program.ts'
import { UsageError } from './cli/types.ts'
import { ConfigError } from './config/errors.ts'
import { errorCode, errorMessage } from './kernel/result.ts'

const snapshots = () => import('./peer/snapshot-files.ts')
const infrastructure = () => import('./peer/infrastructure.ts')

/** argv -> one process of a cluster, or a verb over it. */
async function main(): Promise<void> {
  const root = packageRoot()
  const packageFile = readFileSync(join(root, 'package.json'), 'utf8')
  const { version } = JSON.parse(packageFile) as { version: string }
  const program = buildProgram(
    {
      mainFile: fileURLToPath(import.meta.url),
      tuiFile: join(root, 'dist', 'bundle', 'tui.js'),
      ensureIdentity: async file => (await import('./p2p/identity.ts')).ensureIdentity(file),
      stopPods: async data => (await import('./peer/cleanup.ts')).stopPods(data),
      runPeer: async options => (await import('./peer/run.ts')).runPeer(options),
      joinCluster: async options => (await import('./peer/joining.ts')).joinCluster(options),
      saveSnapshot: async (...args) => (await snapshots()).saveSnapshot(...args),
      saveFromDisk: async (...args) =>
        (await import('./peer/snapshot-from-disk.ts')).saveFromDisk(...args),
      snapshotStatus: async (...args) => (await snapshots()).snapshotStatus(...args),
      restoreSnapshot: async (...args) => (await snapshots()).restoreSnapshot(...args),
      runLoadBalancer: async options => (await infrastructure()).runLoadBalancer(options),
      runProxy: async options => (await infrastructure()).runProxy(options),
      printLoadBalancer: async (kind, options) =>
        (await infrastructure()).printLoadBalancer(kind, options),
    },
    version,
  )
  await program.parseAsync()
}

// `quorate status | head`: whoever reads has had enough, and that is no error.
process.stdout.on('error', error => {
  if (errorCode(error) === 'EPIPE') process.exit(0)
  throw error
})

main().catch((error: unknown) => {
  const known = error instanceof UsageError || error instanceof ConfigError
  const debug = process.env.QUORATE_DEBUG && error instanceof Error ? `\n${error.stack}` : ''
  process.stderr.write(`quorate: ${errorMessage(error)}${debug}\n`)
  process.exitCode = known && error instanceof UsageError ? error.exitCode : 1
})
