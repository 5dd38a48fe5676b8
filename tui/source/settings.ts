import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AdminTls } from '../../src/admin/client.ts'

/** What the dashboard needs to reach a cluster. */
export interface Settings {
  readonly cluster: string
  readonly tls: AdminTls
  /** Admin addresses, host:port. Empty name: not known yet. */
  readonly peers: readonly { readonly name: string; readonly admin: string }[]
  /** Of the load balancer, host:port; undefined: the first peer's own API. */
  readonly loadBalancer?: string
  /** Absent where no supervisor of this machine is to be asked. */
  readonly supervisor?: string
}

interface ConfigFile {
  readonly name?: string
  readonly peers?: readonly { readonly name?: unknown; readonly admin?: unknown }[]
  readonly loadBalancer?: string
  readonly supervisor?: string
}

/**
 * Reads the data folder that `up` left. `connect` is the admin address of any peer: where the
 * folder's configuration lists it, the whole of that cluster is known; otherwise only this peer is
 * asked, and the folder gives the certificates. @throws Error that says what is missing.
 */
export function readSettings(data: string, connect: string | undefined): Settings {
  const tls = {
    ca: pem(data, 'ca.crt'),
    cert: pem(data, 'admin.crt'),
    key: pem(data, 'admin.key'),
  }
  const file = join(data, 'cluster.config.json')
  const config = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ConfigFile) : {}
  const peers = (config.peers ?? []).map(peer => ({
    name: String(peer.name),
    admin: String(peer.admin),
  }))
  const { name = 'quorate', loadBalancer, supervisor } = config
  if (connect !== undefined && !peers.some(peer => peer.admin === connect)) {
    if (!/^.+:\d+$/.test(connect)) throw new Error(`--connect ${connect}: not host:port`)
    return { cluster: connect, tls, peers: [{ name: '', admin: connect }] }
  }
  if (peers.length === 0) {
    throw new Error(`${file}: no peers; is this the --data of a cluster that ran "up"?`)
  }
  return { cluster: name, tls, peers, loadBalancer, supervisor }
}

function pem(data: string, name: string): string {
  const file = join(data, 'pki', name)
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new Error(`${file}: can't be read; give the folder of a running cluster with --data DIR`)
  }
}
