#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildProgram } from './cli/program.ts'
import { UsageError } from './cli/types.ts'
import { ConfigError } from './config/errors.ts'
import { errorMessage } from './kernel/result.ts'
import { ensureIdentity } from './p2p/identity.ts'
import { printLoadBalancer, runLoadBalancer, runProxy } from './peer/infrastructure.ts'
import { runPeer, stopPods } from './peer/run.ts'

/** argv -> one process of a cluster, or a verb over it. */
async function main(): Promise<void> {
  const packageFile = new URL('../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }
  const program = buildProgram(
    {
      mainFile: fileURLToPath(import.meta.url),
      tuiFile: fileURLToPath(new URL('../tui/main.js', import.meta.url)),
      ensureIdentity,
      stopPods,
      runPeer,
      runLoadBalancer,
      runProxy,
      printLoadBalancer,
    },
    version,
  )
  await program.parseAsync()
}

main().catch((error: unknown) => {
  const known = error instanceof UsageError || error instanceof ConfigError
  const debug = process.env.QUORATE_DEBUG && error instanceof Error ? `\n${error.stack}` : ''
  process.stderr.write(`quorate: ${errorMessage(error)}${debug}\n`)
  process.exitCode = known && error instanceof UsageError ? error.exitCode : 1
})
