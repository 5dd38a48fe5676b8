import { type AdminHandlers, RefusedError } from '../admin/server.ts'
import type { MemberReport } from '../admin/types.ts'
import { formatAddress } from '../config/ports.ts'
import { externalMembers } from '../store/etcd/membership.ts'
import type { Membership, Store, StoreResult } from '../store/types.ts'
import type { LiveCluster } from './live.ts'

export interface MembershipParts {
  readonly store: Store & Membership
  readonly live: LiveCluster
}

/** The part of the admin protocol that is about who belongs to the cluster. */
export function membershipHandlers(parts: MembershipParts | undefined): AdminHandlers {
  if (parts === undefined) return {}
  const { store, live } = parts
  if (live.config.datastore.driver === 'etcd') return refusals
  return {
    'GET /members': async () => ({ members: await memberReports(parts) }),
    'POST /members/remove': async ({ body }) => done(await store.memberRemove(idOf(body))),
    'POST /members/promote': async ({ body }) => done(await store.memberPromote(idOf(body))),
  }
}

function refuse(): Promise<never> {
  return Promise.reject(new RefusedError(externalMembers, 409))
}

const refusals: AdminHandlers = {
  'GET /members': refuse,
  'POST /members/remove': refuse,
  'POST /members/promote': refuse,
}

async function memberReports({ store, live }: MembershipParts): Promise<MemberReport[]> {
  const [{ leader }, members] = await Promise.all([store.status(), store.members()])
  const reports: MemberReport[] = members.map(({ id, name, peerUrls, clientUrls, isLearner }) => ({
    ...{ id, name, isLeader: id === leader },
    role: isLearner ? 'learner' : 'voter',
    mesh: peerUrls.map(addressOf).join(','),
    etcd: clientUrls.map(addressOf).join(','),
  }))
  const known = new Set(members.map(({ id }) => id))
  for (const { id, name, host, port } of live.members) {
    if (known.has(id)) continue
    const mesh = formatAddress({ host, port })
    reports.push({ id, name, role: 'worker', isLeader: false, mesh, etcd: '' })
  }
  return reports
}

function addressOf(url: string): string {
  return url.replace(/^https?:\/\//, '')
}

function idOf(body: unknown): string {
  const id = (body as { id?: unknown } | undefined)?.id
  if (typeof id === 'string' && /^[0-9a-f]{16}$/.test(id)) return id
  throw new RefusedError('id: 16 hex digits, as GET /members has them', 400)
}

function done(result: StoreResult<object>): void {
  if (!result.ok) throw new RefusedError(result.message, 409)
}
