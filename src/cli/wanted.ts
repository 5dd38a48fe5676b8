import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import type { ClusterConfig } from '../config/types.ts'
import { UsageError } from './types.ts'

/** The flags that choose a configuration and change it. */
export interface ConfigFlags {
  readonly data: string
  readonly config?: string
  readonly peers?: number
  readonly workers?: number
  readonly portBase?: number
  readonly runtime?: string
  readonly proxyMode?: string
}

/** File and flags together. @throws UsageError, ConfigError */
export function wantedConfig(data: string, options: ConfigFlags): ClusterConfig {
  const inForce = resolve(data, 'cluster.config.json')
  const file = options.config ?? (existsSync(inForce) ? inForce : 'cluster.config.json')
  const overrides = {
    peers: options.peers,
    workers: options.workers,
    portBase: options.portBase,
    runtime: options.runtime,
    proxyMode: options.proxyMode,
  }
  const shown = relative(process.cwd(), file) || file
  if (!existsSync(file)) {
    throw new UsageError(`${shown}: no such file; give another with --config FILE`)
  }
  const config = loadConfig(file, overrides)
  if (config.runtime === 'cri') {
    throw new UsageError('runtime: "cri" is not built yet; use "process" or "simulated"')
  }
  if (config.proxyMode !== 'userspace') {
    throw new UsageError(`proxyMode: "${config.proxyMode}" is not built yet; use "userspace"`)
  }
  checkDatastoreFiles(config)
  return config
}

/** @throws UsageError naming the key: before anything is started. */
function checkDatastoreFiles({ datastore }: ClusterConfig): void {
  if (datastore.driver === 'embedded') return
  for (const key of ['ca', 'cert', 'key'] as const) {
    const file = datastore[key]
    if (file !== undefined && !existsSync(file)) {
      throw new UsageError(`datastore.${key}: ${file}: no such file`)
    }
  }
}

/** Verbs that only the embedded store has. @throws UsageError saying who has them instead. */
export function needsEmbedded(
  { config }: { readonly config: ClusterConfig },
  verb: string,
  instead: string,
): void {
  const { datastore } = config
  if (datastore.driver === 'embedded') return
  throw new UsageError(
    `${verb}: the state of this cluster is in an external etcd ` +
      `(${datastore.endpoints.join(', ')}); use ${instead} with: eval "$(npx quorate env)"`,
  )
}
