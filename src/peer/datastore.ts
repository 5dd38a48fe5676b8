import { readFileSync } from 'node:fs'
import { ConfigError } from '../config/errors.ts'
import type { ClusterConfig } from '../config/types.ts'
import { errorMessage } from '../kernel/result.ts'
import type { EtcdLocation } from '../store/etcd/types.ts'

/**
 * Where the external etcd is, with its certificates read; undefined with the embedded store.
 * @throws ConfigError naming the key whose file can't be read.
 */
export function etcdLocation({ datastore }: ClusterConfig): EtcdLocation | undefined {
  if (datastore.driver === 'embedded') return undefined
  const read = (key: 'ca' | 'cert' | 'key') => {
    const file = datastore[key]
    if (file === undefined) return undefined
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      throw new ConfigError(`datastore.${key}: ${file}: can't be read: ${errorMessage(error)}`)
    }
  }
  const { endpoints, prefix } = datastore
  const tls = { ca: read('ca'), cert: read('cert'), key: read('key') }
  return { endpoints, prefix, tls }
}
