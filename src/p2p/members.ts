import type { MemberId, MeshMember } from './types.ts'

/** How one list of members differs from the one before. */
export interface MemberChanges {
  /** No members any more, or no longer there: as they were. */
  readonly gone: readonly MeshMember[]
  /** New, or elsewhere: as they are. */
  readonly come: readonly MeshMember[]
}

/** Who may be in the mesh: what was said last. */
export class Members {
  #byId = new Map<MemberId, MeshMember>()
  #byPeerId = new Map<string, MeshMember>()

  constructor(members: readonly MeshMember[]) {
    this.set(members)
  }

  /** A member whose address, peer ID or role is another one has gone and come. */
  set(members: readonly MeshMember[]): MemberChanges {
    const before = this.#byId
    this.#byId = new Map(members.map(member => [member.id, member]))
    this.#byPeerId = new Map(members.map(member => [member.peerId, member]))
    const isSame = (member: MeshMember, other: MeshMember | undefined) =>
      member.peerId === other?.peerId &&
      member.host === other.host &&
      member.port === other.port &&
      member.role === other.role
    return {
      gone: [...before.values()].filter(member => !isSame(member, this.#byId.get(member.id))),
      come: [...this.#byId.values()].filter(member => !isSame(member, before.get(member.id))),
    }
  }

  get list(): readonly MeshMember[] {
    return [...this.#byId.values()]
  }

  get(id: MemberId): MeshMember | undefined {
    return this.#byId.get(id)
  }

  ofPeer(peerId: string): MeshMember | undefined {
    return this.#byPeerId.get(peerId)
  }
}
