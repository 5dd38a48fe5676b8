import { resolve } from 'node:path'
import type { PreparedCluster } from '../supervisor/prepare.ts'
import { openCluster, prepareCluster } from '../supervisor/prepare.ts'
import type { DiskSnapshotSummary, SnapshotSummary } from '../supervisor/types.ts'
import { type CliParts, UsageError } from './types.ts'
import { type ConfigFlags, needsEmbedded, wantedConfig } from './wanted.ts'

/** How often progress is said. */
const progressMs = 1_000

/** `quorate snapshot save FILE`, of the running cluster or of a stopped peer's disk. */
export async function save(
  file: string,
  options: { readonly data: string; readonly json?: boolean; readonly fromDisk?: string },
  parts: CliParts,
): Promise<void> {
  const cluster = openCluster(resolve(options.data))
  needsEmbedded(cluster, 'snapshot save', 'etcdctl snapshot save')
  if (options.fromDisk !== undefined) {
    const { peers } = cluster.config
    if (!peers.some(({ name }) => name === options.fromDisk)) {
      const names = peers.map(({ name }) => name).join(', ')
      throw new UsageError(`--from-disk: no peer "${options.fromDisk}"; there are ${names}`)
    }
    const summary = await parts.saveFromDisk(cluster, options.fromDisk, resolve(file))
    print(summary, 'saved', options.json)
    if (!options.json) printDisk(options.fromDisk, summary)
    return
  }
  let saidAt = performance.now()
  const summary = await parts.saveSnapshot(cluster, resolve(file), bytes => {
    if (performance.now() - saidAt < progressMs) return
    saidAt = performance.now()
    process.stderr.write(`${megabytes(bytes)} ...\n`)
  })
  print(summary, 'saved', options.json)
}

/** `quorate snapshot status FILE`: of ours or of a real etcd. */
export async function status(
  file: string,
  options: { readonly json?: boolean; readonly skipHashCheck?: boolean },
  parts: CliParts,
): Promise<void> {
  print(await parts.snapshotStatus(resolve(file), options.skipHashCheck), 'whole', options.json)
}

/** `quorate snapshot restore FILE`: the stores of a new cluster; start it with `up`. */
export async function restore(
  file: string,
  options: ConfigFlags & { readonly json?: boolean; readonly skipHashCheck?: boolean },
  parts: CliParts,
): Promise<void> {
  const data = resolve(options.data)
  const config = wantedConfig(data, options)
  needsEmbedded({ config }, 'snapshot restore', 'etcdctl snapshot restore')
  // The file first: a data folder that was begun for nothing would be in the way.
  await parts.snapshotStatus(resolve(file), options.skipHashCheck)
  const cluster: PreparedCluster = await prepareCluster(data, config, parts.ensureIdentity)
  const summary = await parts.restoreSnapshot(cluster, resolve(file), options.skipHashCheck)
  print(summary, `restored into ${options.data}`, options.json)
  if (!options.json) process.stdout.write(`start it with: quorate up --data ${options.data}\n`)
}

function print(summary: SnapshotSummary, what: string, json = false): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(summary)}\n`)
    return
  }
  const { file, bytes, revision, rows, leases, hash } = summary
  process.stdout.write(
    `${file}: ${what}\n` +
      `revision ${revision}, ${rows} versions of keys, ${leases} leases, ` +
      `${megabytes(bytes)}, hash ${hash}\n`,
  )
}

function printDisk(peer: string, summary: DiskSnapshotSummary): void {
  const { appliedIndex, committed, lastIndex, stoppedBy } = summary
  const unsure = Math.max(0, appliedIndex - committed)
  process.stdout.write(
    `${peer}'s log up to entry ${appliedIndex} of ${lastIndex}` +
      `${unsure > 0 ? `; the last ${unsure} are not known to be committed` : ''}\n` +
      `${stoppedBy === undefined ? '' : `it ends there: ${stoppedBy}\n`}` +
      'of several peers take the one whose log is longest\n',
  )
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
