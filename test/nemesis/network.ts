import { spawnSync } from 'node:child_process'
import type { NemesisCluster } from './cluster.ts'

/** Whether the network is our own, to be broken: then `missing` is undefined. */
export interface Netns {
  readonly missing: string | undefined
}

/** Set for the program that runs inside; see main.ts. */
export const netnsVariable = 'QUORATE_NEMESIS_NETNS'

/** Preferences of our rules; the local table moves behind them. */
const cutPreference = 10
const localPreference = 1_000

/**
 * Prepares the network namespace that this process stands in, if it is one of its own. Cuts are
 * policy routing rules by port, which lead into a black hole: the kernel needs no module for them,
 * as it would for tc netem.
 */
export function prepareNetwork(): Netns {
  if (process.env[netnsVariable] !== '1') {
    return { missing: 'a network namespace is needed (root, unshare and ip)' }
  }
  const rules = [
    ['rule', 'add', 'pref', String(localPreference), 'lookup', 'local'],
    ['rule', 'del', 'pref', '0'],
  ]
  for (const words of rules) {
    const error = ip(...words)
    if (error !== undefined) return { missing: `policy routing does not work here: ${error}` }
  }
  return { missing: undefined }
}

/**
 * From now on the mesh packets that `name` sends (`out`), or that are sent to it (`in`), are lost;
 * the other way they pass. Returns what heals it.
 */
export async function cutOneWay(
  cluster: NemesisCluster,
  name: string,
  direction: 'in' | 'out',
): Promise<() => void> {
  const { peers } = cluster.prepared.config
  const own = peers.find(peer => peer.name === name)!.mesh.port
  const others = peers.filter(peer => peer.name !== name).map(({ mesh }) => mesh.port)
  const pid = (await cluster.views()).find(view => view.name === name)?.pid
  const [from, to] = direction === 'out' ? ['sport', 'dport'] : ['dport', 'sport']
  // What the peer accepted, and what it dialled.
  const cuts = [[from, String(own)]]
  for (const { local, remote } of connectionsOf(pid ?? -1)) {
    if (others.includes(remote)) cuts.push([from, String(local), to, String(remote)])
  }
  for (const cut of cuts) {
    must('rule', 'add', 'pref', String(cutPreference), 'ipproto', 'tcp', ...cut, 'blackhole')
  }
  return () => {
    while (ip('rule', 'del', 'pref', String(cutPreference)) === undefined);
  }
}

/** Nothing passes between anybody, clients neither. */
export async function blackout(hold: () => Promise<void>): Promise<void> {
  must('link', 'set', 'lo', 'down')
  try {
    await hold()
  } finally {
    must('link', 'set', 'lo', 'up')
  }
}

/** TCP connections of a process: its own port and the other side's. */
function connectionsOf(pid: number): { readonly local: number; readonly remote: number }[] {
  const { stdout } = spawnSync('ss', ['-Htnp', 'state', 'established'], { encoding: 'utf8' })
  return (stdout ?? '').split('\n').flatMap(line => {
    if (!line.includes(`pid=${pid},`)) return []
    const [local, remote] = [...line.matchAll(/:(\d+)\s/g)].map(([, port]) => Number(port))
    return local === undefined || remote === undefined ? [] : [{ local, remote }]
  })
}

/** Returns the complaint. */
function ip(...words: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync('ip', words, { encoding: 'utf8' })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}

function must(...words: readonly string[]): void {
  const error = ip(...words)
  if (error !== undefined) throw new Error(`ip ${words.join(' ')}: ${error}`)
}
