import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../kernel/logger.ts'

/**
 * The version of what log and snapshots hold.
 * - 1: keys, leases, applied proposals; without a file `format`
 * - 2: also the place of each change within its revision, members, alarms, users and roles; of more
 *   leases than one slice of a snapshot has room for, the rest has slices of its own
 */
export const formatVersion = 2

const fileName = 'format'

/**
 * Before a store of an older version is opened, and thereby changed, all of its files are copied
 * beside it: `<dir>.format-1`. Whoever goes back to the older program puts them in place.
 * @throws Error for a store of a newer version: reading it wrong is worse than not starting.
 */
export function upgradeFormat(directory: string, logger: Logger): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = join(directory, fileName)
  const found = formatOf(directory)
  if (found === formatVersion) return
  if (readdirSync(directory).length > 0) {
    const backup = `${directory}.format-${found}`
    logger.info('the store is upgraded; its files are kept', { from: found, backup })
    if (!existsSync(backup)) cpSync(directory, backup, { recursive: true })
  }
  writeFileSync(file, `${formatVersion}\n`, { mode: 0o600 })
}

/**
 * The version of the store in a directory; every known one can be read.
 * @throws Error for a newer one.
 */
export function formatOf(directory: string): number {
  const file = join(directory, fileName)
  const found = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 1
  if (found <= formatVersion) return found
  throw new Error(
    `${directory}: written by a newer version (format ${found}, this one knows ` +
      `${formatVersion}); start it with that version`,
  )
}
