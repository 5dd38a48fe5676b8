import { resolve } from 'node:path'
import type { Fault, FaultDone } from '../admin/types.ts'
import type { DataLayout } from '../config/layout.ts'
import { formatAddress } from '../config/ports.ts'
import type { ClusterConfig } from '../config/types.ts'
import { must } from '../kernel/assert.ts'
import { sleep } from '../kernel/clock.ts'
import { errorMessage } from '../kernel/result.ts'
import { askFault } from '../supervisor/ask.ts'
import { PeerClients } from '../supervisor/peers.ts'
import { openCluster } from '../supervisor/prepare.ts'
import { leaderOf } from '../supervisor/views.ts'
import { UsageError } from './types.ts'

const transferTimeoutMs = 10_000

/** `quorate fault`: the dashboard's faults, for scripts. */
export async function fault(
  type: string,
  targets: readonly string[],
  options: {
    readonly data: string
    readonly delay?: number
    readonly ms?: number
    readonly json?: boolean
  },
): Promise<void> {
  const cluster = openCluster(resolve(options.data))
  const names = targets.flatMap(target => target.split(',')).filter(Boolean)
  const needed = () => {
    if (names.length > 0) return names
    const known = cluster.config.peers.map(peer => peer.name).join(', ')
    throw new UsageError(`fault ${type}: which peer? There are ${known}`)
  }
  /** Of one process, done to each that is named, at the same time. */
  const each = (of: (peer: string) => Fault) =>
    all(needed().map(peer => askFault(cluster, of(peer))))
  const direct = async (told: Fault) => {
    const clients = new PeerClients(cluster)
    try {
      return await all(needed().map(async peer => clients.get(peer).fault(told)))
    } finally {
      clients.close()
    }
  }
  const actions: Readonly<Record<string, () => Promise<FaultDone>>> = {
    kill: () => each(peer => ({ type: 'kill', peer })),
    pause: () => each(peer => ({ type: 'pause', peer })),
    resume: () => each(peer => ({ type: 'resume', peer })),
    restart: () => each(peer => ({ type: 'restart', peer })),
    partition: () => askFault(cluster, { type: 'partition', from: needed() }),
    slow: () => {
      const delayMs = options.delay ?? 100
      return askFault(cluster, { type: 'slow', peers: needed(), delayMs })
    },
    heal: () => {
      if (names.length > 0) throw new UsageError('fault heal: heals all peers; name none')
      return askFault(cluster, { type: 'heal' })
    },
    'block-main': () => direct({ type: 'block-main', ms: options.ms ?? 2_000 }),
    'hold-writes': () => direct({ type: 'hold-writes', hold: true }),
    'release-writes': () => direct({ type: 'hold-writes', hold: false }),
  }
  const action = actions[type]
  if (!action) {
    throw new UsageError(
      `fault ${type}: no such fault; there are ${Object.keys(actions).join(', ')}`,
    )
  }
  const { t0 } = await action()
  const said = `fault ${[type, ...names].join(' ')}: done at ${new Date(t0).toISOString()}`
  const answer = options.json ? JSON.stringify({ fault: type, peers: names, t0 }) : said
  process.stdout.write(`${answer}\n`)
}

/** When the first of them had its effect. @throws Error that says of each what went wrong. */
async function all(calls: readonly Promise<FaultDone>[]): Promise<FaultDone> {
  const results = await Promise.allSettled(calls)
  const failures = results.flatMap(result =>
    result.status === 'rejected' ? [errorMessage(result.reason)] : [],
  )
  if (failures.length > 0) throw new Error(failures.join('; '))
  return { t0: Math.min(...(await Promise.all(calls)).map(({ t0 }) => t0)) }
}

/** `quorate leader transfer [PEER]`: a planned move that costs no failed write. */
export async function transferLeader(
  target: string | undefined,
  options: { readonly data: string },
): Promise<void> {
  const cluster = openCluster(resolve(options.data))
  const clients = new PeerClients(cluster)
  try {
    const views = await clients.views()
    const before = leaderOf(views)
    if (!before) throw new UsageError('there is no leader now; see: quorate status', 3)
    if (target === before.name) {
      process.stdout.write(`${target} leads already\n`)
      return
    }
    if (target) clients.get(target)
    const began = performance.now()
    // Whoever is asked passes it on to the leader, which may run on another machine.
    const asked = views.find(view => view.name === before.name) ?? views.find(view => view.report)
    await clients.get(must(asked, 'a peer that answers').name).transfer(target)
    while (performance.now() - began < transferTimeoutMs) {
      const now = leaderOf(await clients.views())
      if (now && now.name !== before.name) {
        const tookMs = Math.round(performance.now() - began)
        process.stdout.write(`leader: ${before.name} -> ${now.name} in ${tookMs} ms\n`)
        return
      }
      await sleep(20)
    }
    throw new UsageError(`${before.name} still leads after ${transferTimeoutMs / 1000} s`)
  } finally {
    clients.close()
  }
}

/** `quorate env`: for `eval`. */
export function printEnvironment(options: { readonly data: string }): void {
  const { layout, config } = openCluster(resolve(options.data))
  const variables = {
    KUBECONFIG: layout.kubeconfig,
    ...etcdVariables(layout, config),
  }
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) continue
    process.stdout.write(`export ${name}='${value.replace(/'/g, "'\\''")}'\n`)
  }
}

/** Our own etcd API, or the external etcd with what the configuration has of certificates. */
function etcdVariables({ pki }: DataLayout, { peers, datastore }: ClusterConfig) {
  if (datastore.driver === 'etcd') {
    const { endpoints, ca, cert, key } = datastore
    return {
      ETCDCTL_ENDPOINTS: endpoints.join(','),
      ...{ ETCDCTL_CACERT: ca, ETCDCTL_CERT: cert, ETCDCTL_KEY: key },
    }
  }
  const masters = peers.filter(peer => peer.roles.includes('control-plane'))
  return {
    ETCDCTL_ENDPOINTS: masters.map(peer => `https://${formatAddress(peer.etcd)}`).join(','),
    ETCDCTL_CACERT: `${pki}/ca.crt`,
    ETCDCTL_CERT: `${pki}/admin.crt`,
    ETCDCTL_KEY: `${pki}/admin.key`,
  }
}
