import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { openCluster } from '../supervisor/prepare.ts'
import { stopProcesses } from '../supervisor/supervisor.ts'
import type { CliParts } from './types.ts'

/** `quorate down`: stops what `up` started; `--purge` also removes the data folder. */
export async function down(
  options: { readonly data: string; readonly purge?: boolean },
  parts: CliParts,
): Promise<void> {
  const data = resolve(options.data)
  const cluster = openCluster(data)
  const stopped = await stopProcesses(cluster)
  const pods = await parts.stopPods(data)
  const processes = stopped.length > 0 ? stopped.join(', ') : 'nothing was running'
  process.stdout.write(`stopped: ${processes}${pods > 0 ? `; ${pods} pods ended` : ''}\n`)
  if (!options.purge) return
  rmSync(data, { recursive: true, force: true })
  process.stdout.write(`removed ${data}\n`)
}
