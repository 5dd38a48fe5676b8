import type { MeshMember } from '../p2p/types.ts'
import type { MemberRecord } from '../store/roster.ts'

/**
 * Who may be in the mesh: the members this machine's files name, as the replicated records say
 * them, and those that joined since. A record without a peer ID has not started yet. Removed ones
 * stay: they have to be told, and nothing else of theirs is heard.
 */
export function meshMembers(
  files: readonly MeshMember[],
  records: readonly MemberRecord[],
): MeshMember[] {
  const members = new Map(files.map(member => [member.id, member]))
  for (const record of records) {
    const member = memberOf(record)
    if (member !== undefined) members.set(record.id, member)
  }
  return [...members.values()]
}

function memberOf({ id, name, peerId, peerUrls }: MemberRecord): MeshMember | undefined {
  const [url] = peerUrls
  if (peerId === '' || url === undefined) return undefined
  const { hostname, port } = new URL(url)
  return { id, name, peerId, host: hostname, port: Number(port) }
}
