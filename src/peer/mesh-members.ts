import type { PeerConfig } from '../config/types.ts'
import type { MeshMember } from '../p2p/types.ts'
import type { MemberRecord, Roster } from '../store/roster.ts'
import type { LiveMember } from './live.ts'

/** Removed members that are still dialled, so that they learn of it. */
const removedToldMax = 8

/**
 * Who may be in the mesh: the members this machine's files name, as the replicated records say
 * them, and those that joined since. A record without a peer ID has not started yet. Removed ones
 * stay: they have to be told, and nothing else of theirs is heard.
 */
export function meshMembers(
  files: readonly MeshMember[],
  { records, removed }: Pick<Roster, 'records' | 'removed'>,
): { readonly mesh: LiveMember[]; readonly live: LiveMember[] } {
  const gone = new Set(removed.map(({ id }) => id))
  const live = new Map<string, LiveMember>()
  for (const member of files) if (!gone.has(member.id)) live.set(member.id, member)
  for (const record of records) {
    const member = memberOf(record)
    if (member !== undefined) live.set(record.id, member)
  }
  const told = removed.slice(-removedToldMax).flatMap(record => memberOf(record) ?? [])
  return { mesh: [...live.values(), ...told], live: [...live.values()] }
}

function memberOf({ id, name, peerId, peerUrls, peer }: MemberRecord): LiveMember | undefined {
  const [url] = peerUrls
  if (peerId === '' || url === undefined) return undefined
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const member = { id, name, peerId, host, port: Number(port) }
  return peer === undefined ? member : { ...member, peer: peer as PeerConfig }
}
