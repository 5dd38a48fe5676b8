import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import { errorMessage } from '../kernel/result.ts'
import { ConfigError } from './errors.ts'
import { defaultAddress, loadBalancerAddress, type portBlocks, supervisorAddress } from './ports.ts'
import { addressPattern, type ClusterFile, clusterSchema, profiles } from './schema.ts'
import type { Address, ClusterConfig, DatastoreConfig, PeerConfig } from './types.ts'

/** What the command line may change about the file. */
export interface ConfigOverrides {
  /** Masters: the file's first N, more are made after the pattern of the first. */
  readonly peers?: number
  /** Additional worker-only peers. */
  readonly workers?: number
  /** All addresses are derived from it; addresses in the file no longer count. */
  readonly portBase?: number
  readonly runtime?: string
  readonly proxyMode?: string
}

/** Reads and completes a configuration file. @throws ConfigError */
export function loadConfig(file: string, overrides: ConfigOverrides = {}): ClusterConfig {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`${file}: can't be read: ${errorMessage(error)}`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ConfigError(`${file}: not JSON: ${errorMessage(error)}`)
  }
  return parseConfig(file, value, overrides)
}

/** Validates a parsed file; `file` is only for messages. @throws ConfigError */
export function parseConfig(
  file: string,
  value: unknown,
  overrides: ConfigOverrides = {},
): ClusterConfig {
  const parsed = clusterSchema.safeParse(withOverrides(value, overrides))
  if (!parsed.success) throw new ConfigError(formatIssues(file, value, parsed.error.issues))
  const config = complete(parsed.data, dirname(resolve(file)))
  const problem = crossCheck(config)
  if (problem) throw new ConfigError(`${file}: ${problem}`)
  return config
}

function withOverrides(value: unknown, overrides: ConfigOverrides): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const file = { ...(value as Record<string, unknown>) }
  if (overrides.runtime) file.runtime = overrides.runtime
  if (overrides.proxyMode) file.proxyMode = overrides.proxyMode
  if (Array.isArray(file.peers)) file.peers = resized(file.peers, overrides)
  if (overrides.portBase !== undefined) {
    file.portBase = overrides.portBase
    delete file.loadBalancer
    delete file.supervisor
    if (Array.isArray(file.peers)) file.peers = file.peers.map(withoutAddresses)
  }
  return file
}

function resized(peers: readonly unknown[], overrides: ConfigOverrides): unknown[] {
  const wanted = overrides.peers ?? peers.length
  const masters = peers.slice(0, wanted)
  for (let n = masters.length + 1; n <= wanted; n++) masters.push({ name: `peer-${n}` })
  const workers = Array.from({ length: overrides.workers ?? 0 }, (_, n) => ({
    name: `worker-${n + 1}`,
    roles: ['worker'],
  }))
  return [...masters, ...workers]
}

function withoutAddresses(peer: unknown): unknown {
  if (typeof peer !== 'object' || peer === null) return peer
  const { mesh: _m, api: _a, etcd: _e, admin: _d, ...rest } = peer as Record<string, unknown>
  return rest
}

/** `folder`: paths in the file are meant from there. */
function complete(file: ClusterFile, folder: string): ClusterConfig {
  const peers: PeerConfig[] = file.peers.map((peer, index) => {
    const { name, roles, labels, taints, capacity, ordinal = index } = peer
    const addressOf = (service: keyof typeof portBlocks) =>
      parseAddress(peer[service]) ?? defaultAddress(service, file.portBase, ordinal)
    return {
      ...{ name, ordinal, roles, labels, taints, capacity },
      mesh: addressOf('mesh'),
      api: addressOf('api'),
      etcd: addressOf('etcd'),
      admin: addressOf('admin'),
    }
  })
  const { portBase, loadBalancer, supervisor, timings, ...rest } = file
  const { heartbeatMs, electionTimeoutMinMs, electionTimeoutMaxMs } = timings
  const base = profiles[timings.profile]
  return {
    ...rest,
    datastore: withPaths(rest.datastore, folder),
    peers,
    timings: {
      ...timings,
      heartbeatMs: heartbeatMs ?? base.heartbeatMs,
      electionTimeoutMinMs: electionTimeoutMinMs ?? base.electionTimeoutMinMs,
      electionTimeoutMaxMs: electionTimeoutMaxMs ?? base.electionTimeoutMaxMs,
    },
    loadBalancer: parseAddress(loadBalancer) ?? loadBalancerAddress(portBase),
    supervisor: parseAddress(supervisor) ?? supervisorAddress(portBase),
  }
}

function withPaths(datastore: DatastoreConfig, folder: string): DatastoreConfig {
  if (datastore.driver === 'embedded') return datastore
  const path = (file: string | undefined) =>
    file === undefined ? undefined : resolve(folder, file)
  const { ca, cert, key } = datastore
  return { ...datastore, ca: path(ca), cert: path(cert), key: path(key) }
}

/** `host:port`, an IPv6 address in brackets; undefined for anything else. */
export function parseAddress(text: string | undefined): Address | undefined {
  const match = text === undefined ? null : addressPattern.exec(text)
  return match ? { host: match[1]!.replace(/^\[|\]$/g, ''), port: Number(match[2]) } : undefined
}

/** Rules over more than one key. Returns the problem, or undefined. */
function crossCheck(config: ClusterConfig): string | undefined {
  const names = new Set<string>()
  const ordinals = new Set<number>()
  const taken = new Map<string, string>()
  const claims: [string, Address][] = [
    ['loadBalancer', config.loadBalancer],
    ['supervisor', config.supervisor],
  ]
  for (const [index, peer] of config.peers.entries()) {
    if (names.has(peer.name)) {
      return `peers[${index}].name: "${peer.name}" is used twice; each peer needs its own name`
    }
    names.add(peer.name)
    if (ordinals.has(peer.ordinal)) {
      return `peers[${index}].ordinal: ${peer.ordinal} is used twice; each peer needs its own`
    }
    ordinals.add(peer.ordinal)
    for (const service of ['mesh', 'api', 'etcd', 'admin'] as const) {
      claims.push([`peers[${index}].${service}`, peer[service]])
    }
  }
  for (const [key, address] of claims) {
    const text = `${address.host}:${address.port}`
    const other = taken.get(text)
    if (other) return `${key}: "${text}" is already the address of ${other}; choose another port`
    taken.set(text, key)
  }
  if (!config.peers.some(peer => peer.roles.includes('control-plane'))) {
    return 'peers: at least one needs the role "control-plane"'
  }
  const unusable = checkDatastore(config.datastore)
  if (unusable) return unusable
  const { electionTimeoutMinMs: min, electionTimeoutMaxMs: max, heartbeatMs } = config.timings
  if (max <= min) {
    return `timings.electionTimeoutMaxMs: ${max} must be above electionTimeoutMinMs (${min})`
  }
  if (min < heartbeatMs * 3) {
    return `timings.electionTimeoutMinMs: ${min} must be at least 3 heartbeats (${heartbeatMs * 3})`
  }
  return undefined
}

/** What must be given together, and what makes no sense with the other. */
function checkDatastore(datastore: DatastoreConfig): string | undefined {
  if (datastore.driver === 'embedded') return undefined
  const { endpoints, ca, cert, key } = datastore
  if ((cert === undefined) !== (key === undefined)) {
    const missing = cert === undefined ? 'cert' : 'key'
    return `datastore.${missing}: missing; a client certificate is a pair of cert and key`
  }
  const schemes = new Set(endpoints.map(url => new URL(url).protocol))
  if (schemes.size > 1) return 'datastore.endpoints: http and https do not go together'
  if (schemes.has('http:') && (ca !== undefined || cert !== undefined)) {
    const given = ca === undefined ? 'cert' : 'ca'
    return `datastore.${given}: certificates need endpoints with https://`
  }
  return undefined
}

function formatIssues(file: string, value: unknown, issues: readonly z.core.$ZodIssue[]): string {
  return issues.map(issue => formatIssue(file, value, issue)).join('\n')
}

function formatIssue(file: string, value: unknown, issue: z.core.$ZodIssue): string {
  const key = issue.path.reduce<string>(
    (path, part) =>
      typeof part === 'number'
        ? `${path}[${part}]`
        : path
          ? `${path}.${String(part)}`
          : String(part),
    '',
  )
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys.map(name => (key ? `${key}.${name}` : name))
    return `${file}: ${unknown.join(', ')}: unknown key; see docs/ARCHITECTURE.md, Configuration`
  }
  const shown = JSON.stringify(valueAt(value, issue.path))
  const allowed = allowedBy(issue)
  if (shown === undefined) return `${file}: ${key}: missing; allowed: ${allowed}`
  return `${file}: ${key || 'the file'}: ${shown.slice(0, 80)} is not allowed; allowed: ${allowed}`
}

function allowedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `one of ${issue.values.join(', ')}`
  return issue.code === 'invalid_type'
    ? issue.message.replace(/^Invalid.*: expected /, '').replace(/, received .*/, '')
    : issue.message
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Record<PropertyKey, unknown>)[part]
  }
  return at
}
