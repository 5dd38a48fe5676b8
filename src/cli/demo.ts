import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openCluster } from '../supervisor/prepare.ts'
import { summarize, tableOf } from './demo-figures.ts'
import { DemoRun } from './demo-run.ts'
import { down } from './down.ts'
import type { CliParts } from './types.ts'
import { up } from './up.ts'

export interface DemoOptions {
  readonly kills: number
  readonly peers: number
  readonly json?: boolean
  readonly data?: string
  readonly portBase?: number
  readonly config?: string
}

/**
 * `quorate demo`: the high-availability demonstration, unattended. Brings up a cluster of its own,
 * or uses the running one of `--data`; kills leaders under load, cuts one off, heals; prints the
 * figures. Exit code 1 when an acknowledged write was lost or done twice.
 */
export async function demo(options: DemoOptions, parts: CliParts): Promise<void> {
  const own = options.data === undefined
  const data = own ? mkdtempSync(join(tmpdir(), 'quorate-demo-')) : resolve(options.data ?? '')
  const say = (text: string) => {
    if (!options.json) process.stdout.write(`${text}\n`)
  }
  try {
    if (own) await bringUp(data, options, parts)
    const run = new DemoRun(openCluster(data), say)
    const { events, verdict, report } = await run.perform(options.kills)
    const result = summarize(events, report, verdict)
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : tableOf(result, report))
    process.exitCode = verdict.ok && report.reads.failed === 0 ? 0 : 1
  } finally {
    if (own) {
      await down({ data, purge: true }, parts)
      rmSync(data, { recursive: true, force: true })
    }
  }
}

function bringUp(data: string, options: DemoOptions, parts: CliParts): Promise<void> {
  return up(
    {
      data,
      config: options.config ?? 'cluster.config.json',
      peers: options.peers,
      portBase: options.portBase,
      detach: true,
      timeout: 60,
      tui: false,
      logLevel: 'info',
    },
    parts,
  )
}
