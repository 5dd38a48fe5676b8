import type { PeerConfig } from '../config/types.ts'
import type { MeshMember } from '../p2p/types.ts'
import type { MemberRecord } from '../store/member-types.ts'
import type { Roster } from '../store/roster.ts'
import type { LiveMember } from './live.ts'

/** Removed members that are still dialled, so that they learn of it. */
const removedToldMax = 8

/**
 * Who may be in the mesh: the members this machine's files name, as the replicated records say
 * them, those that joined since, and masters that were introduced before their record has come. A
 * record without a peer ID has not started yet. The last removed ones are still connected, so that
 * they can be told; their frames are not decoded (store/senders.ts). One peer ID is one member: a
 * removed one's does not take the place of a living one's.
 */
export function meshMembers(
  files: readonly MeshMember[],
  { records, removed }: Pick<Roster, 'records' | 'removed'>,
  introduced: readonly MemberRecord[] = [],
): { readonly mesh: LiveMember[]; readonly live: LiveMember[] } {
  const gone = new Set(removed.map(({ id }) => id))
  const live = new Map<string, LiveMember>()
  for (const member of files) if (!gone.has(member.id)) live.set(member.id, member)
  for (const record of [...introduced, ...records]) {
    const known = live.get(record.id)
    const member = gone.has(record.id) ? undefined : memberOf(record)
    // The files say who is a worker where the record has nothing of it.
    if (member !== undefined) live.set(record.id, { role: known?.role, ...member })
  }
  const taken = new Set([...live.values()].map(({ peerId }) => peerId))
  const told = removed.slice(-removedToldMax).flatMap(record => {
    const member = memberOf(record)
    return member === undefined || taken.has(member.peerId)
      ? []
      : [{ ...member, role: 'removed' as const }]
  })
  return { mesh: [...live.values(), ...told], live: [...live.values()] }
}

function memberOf(record: MemberRecord): LiveMember | undefined {
  const { id, name, peerId, peerUrls, storeId, peer } = record
  const [url] = peerUrls
  if (peerId === '' || url === undefined) return undefined
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const member = { id, name, peerId, host, port: Number(port) }
  // Only a master has a disk for the store, and says so in its record.
  if (peer === undefined) return storeId === '' ? member : { ...member, role: 'master' }
  const { roles } = peer as PeerConfig
  const role = roles.includes('control-plane') ? ('master' as const) : ('worker' as const)
  return { ...member, role, peer: peer as PeerConfig }
}
