import { resolve } from 'node:path'
import type { AdminClient } from '../admin/client.ts'
import type { MemberReport } from '../admin/types.ts'
import { kinds } from '../api/kinds.ts'
import { formatAddress } from '../config/ports.ts'
import { must } from '../kernel/assert.ts'
import { sleep } from '../kernel/clock.ts'
import { errorMessage } from '../kernel/result.ts'
import { tokenSecretName } from '../supervisor/join-tokens.ts'
import { PeerClients } from '../supervisor/peers.ts'
import { forgetPeer, openCluster, type PreparedCluster } from '../supervisor/prepare.ts'
import {
  readRunRecord,
  removeRunRecord,
  startProcess,
  waitForExit,
} from '../supervisor/processes.ts'
import { wantedProcesses } from '../supervisor/supervisor.ts'
import type { JoinOptions } from '../supervisor/types.ts'
import { adminClient, issueToken } from './token.ts'
import { type CliParts, UsageError } from './types.ts'
import { needsEmbedded } from './wanted.ts'

/** A token that `member add` makes for itself. */
const tokenTtlSeconds = 300
const exitTimeoutMs = 15_000
const retryMs = 300

interface DataOption {
  readonly data: string
}

/** `quorate member list`. */
export async function listMembers(options: DataOption & { readonly json?: boolean }) {
  const members = await withCluster(options, ({ clients }) => anyMaster(clients, c => c.members()))
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ members })}\n`)
    return
  }
  const rows = [['ID', 'NAME', 'ROLE', 'LEADER', 'MESH', 'ETCD']]
  for (const { id, name, role, isLeader, mesh, etcd } of members) {
    rows.push([id, name || '(not started)', role, isLeader ? '*' : '', mesh, etcd])
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column]!))
    process.stdout.write(`${cells.join('   ').trimEnd()}\n`)
  }
}

/** `quorate member add NAME`: a further peer on this machine, from its keys to its vote. */
export async function addMember(
  name: string,
  options: DataOption &
    Pick<JoinOptions, 'roles' | 'addresses'> & { readonly learner: boolean; timeout?: number },
  parts: CliParts,
): Promise<void> {
  const data = resolve(options.data)
  const cluster = openCluster(data)
  needsEmbedded(cluster, 'member add', 'cluster.config.json for peers, and etcdctl member')
  const { roles, addresses } = options
  const isMaster = roles.includes('control-plane')
  const { client, close } = adminClient(cluster)
  let id: string
  try {
    const token = await issueToken(client, cluster, tokenTtlSeconds, isMaster)
    const servers = [`https://${formatAddress(cluster.config.loadBalancer)}`]
    const joining = {
      servers,
      token: token.text,
      name,
      roles,
      addresses,
      labels: {},
      data,
    }
    const joined = await parts
      .joinCluster(joining)
      .finally(() =>
        client.delete(kinds.secrets, 'kube-system', tokenSecretName(token.id)).catch(() => {}),
      )
    id = joined.id
  } finally {
    close()
  }
  const now = openCluster(data)
  const args = must(wantedProcesses(now, parts.mainFile, 'info').get(name), name)
  startProcess(now.layout, name, args)
  say(`${name}: member ${id} ${isMaster ? 'as a learner' : 'as a worker'}, started`)
  const wanted = !isMaster ? 'worker' : options.learner ? 'learner' : 'voter'
  await waitUntilMember(now, name, id, wanted, (options.timeout ?? 60) * 1_000)
  say(`${name}: ${wanted}`)
}

/** `quorate member promote`. */
export async function promoteMember(nameOrId: string, options: DataOption): Promise<void> {
  await withCluster(options, async ({ clients }) => {
    const member = await find(clients, nameOrId)
    await anyMaster(clients, client => client.promoteMember(member.id))
    say(`${member.name || member.id}: voter`)
  })
}

/** `quorate member remove`: for ever. The process on this machine, if there is one, ends itself. */
export async function removeMember(nameOrId: string, options: DataOption): Promise<void> {
  await withCluster(options, async ({ cluster, clients }) => {
    const member = await find(clients, nameOrId)
    await anyMaster(clients, client => client.removeMember(member.id), member.name)
    say(`${member.name || member.id}: removed from the cluster`)
    const { layout } = cluster
    const record = readRunRecord(layout, member.name)
    if (record !== undefined) {
      const ended = await waitForExit(record, exitTimeoutMs)
      if (!ended) say(`${member.name}: its process ${record.pid} is still there`)
      else removeRunRecord(layout, member.name)
    }
    forgetPeer(cluster, member.name)
    say(`its node stays until: kubectl delete node ${member.name}`)
  })
}

async function waitUntilMember(
  cluster: PreparedCluster,
  name: string,
  id: string,
  wanted: MemberReport['role'],
  timeoutMs: number,
): Promise<void> {
  const clients = new PeerClients(cluster)
  const deadline = performance.now() + timeoutMs
  let last = 'it does not answer yet'
  try {
    while (performance.now() < deadline) {
      try {
        const report = await clients.get(name).status()
        const members = await anyMaster(clients, client => client.members())
        const self = members.find(member => member.id === id)
        if (report.ready && self?.role === wanted && (wanted === 'worker' || self.name)) return
        if (wanted === 'voter' && self?.name) {
          await anyMaster(clients, client => client.promoteMember(id))
        }
      } catch (error) {
        last = errorMessage(error)
      }
      await sleep(retryMs)
    }
  } finally {
    clients.close()
  }
  const log = cluster.layout.logFile(name)
  throw new UsageError(`${name} is no ${wanted} after ${timeoutMs / 1_000} s: ${last}; see ${log}`)
}

async function find(clients: PeerClients, nameOrId: string): Promise<MemberReport> {
  const members = await anyMaster(clients, client => client.members())
  const found = members.find(({ id, name }) => id === nameOrId || name === nameOrId)
  if (found) return found
  const known = members.map(({ id, name }) => name || id).join(', ')
  throw new UsageError(`no member "${nameOrId}"; there are ${known}`)
}

/** Asks one master after the other, `last` at the end; the last error counts. */
async function anyMaster<T>(
  clients: PeerClients,
  ask: (client: AdminClient) => Promise<T>,
  last?: string,
): Promise<T> {
  const views = await clients.views()
  const masters = views.filter(({ role }) => ['leader', 'follower'].includes(role))
  masters.sort((a, b) => Number(a.name === last) - Number(b.name === last))
  let problem: unknown = new UsageError('no master answers; see: quorate status', 3)
  for (const { name } of masters) {
    try {
      return await ask(clients.get(name))
    } catch (error) {
      problem = error
      // A refusal is an answer: the others would say the same.
      if (errorMessage(error).startsWith('etcdserver: ')) break
    }
  }
  throw problem
}

async function withCluster<T>(
  options: DataOption,
  run: (parts: { cluster: PreparedCluster; clients: PeerClients }) => Promise<T>,
): Promise<T> {
  const cluster = openCluster(resolve(options.data))
  needsEmbedded(cluster, 'member', 'etcdctl member')
  const clients = new PeerClients(cluster)
  try {
    return await run({ cluster, clients })
  } finally {
    clients.close()
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
