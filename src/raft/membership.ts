import type { Entry, Index, MemberId, Membership, MembershipChange } from './types.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A membership as a config entry's data, with the change that it came of. */
export function encodeMembership(membership: Membership, change?: MembershipChange): Uint8Array {
  return encoder.encode(JSON.stringify({ ...membership, change }))
}

/** The membership that a config entry holds. @throws Error when it holds none. */
export function decodeMembership(data: Uint8Array): Membership {
  const { voters, learners } = parse(data)
  if (!isIds(voters) || !isIds(learners)) throw new RangeError('a config entry without members')
  return { voters, learners }
}

/** The change of a config entry; undefined in logs from before it was kept. */
export function decodeChange(data: Uint8Array): MembershipChange | undefined {
  return parse(data).change
}

function parse(data: Uint8Array): Membership & { readonly change?: MembershipChange } {
  return JSON.parse(decoder.decode(data)) as Membership & { readonly change?: MembershipChange }
}

function isIds(ids: unknown): ids is readonly MemberId[] {
  return Array.isArray(ids) && ids.every(id => typeof id === 'string')
}

/** The membership after `change`; undefined when it changes nothing or would leave no voter. */
export function applyChange(
  { voters, learners }: Membership,
  { kind, id }: MembershipChange,
): Membership | undefined {
  const isVoter = voters.includes(id)
  const without = (ids: readonly MemberId[]) => ids.filter(other => other !== id)
  switch (kind) {
    case 'add-learner':
      if (isVoter || learners.includes(id)) return undefined
      return { voters, learners: [...learners, id].sort() }
    case 'add-voter':
      return isVoter ? undefined : { voters: [...voters, id].sort(), learners: without(learners) }
    case 'remove':
      if (isVoter && voters.length === 1) return undefined
      if (!isVoter && !learners.includes(id)) return undefined
      return { voters: without(voters), learners: without(learners) }
  }
}

/**
 * The memberships of the log. The last one counts as soon as it is appended (Raft thesis 4.1); when
 * its entry is replaced, the one before counts again.
 */
export class Memberships {
  #known: { readonly index: Index; readonly membership: Membership }[]

  constructor(index: Index, membership: Membership, entries: readonly Entry[]) {
    this.#known = [{ index, membership }]
    this.append(entries)
  }

  get current(): Membership {
    return this.#known.at(-1)!.membership
  }

  /** The entry of the current one; 0 or the snapshot's index when it came from there. */
  get index(): Index {
    return this.#known.at(-1)!.index
  }

  /** The membership in force at `index`: what a snapshot there has to say. */
  at(index: Index): Membership {
    const found = this.#known.findLast(known => known.index <= index) ?? this.#known[0]!
    return found.membership
  }

  append(entries: readonly Entry[]): void {
    for (const { kind, index, data } of entries) {
      if (kind === 'config') this.#known.push({ index, membership: decodeMembership(data) })
    }
  }

  truncate(from: Index): void {
    while (this.#known.length > 1 && this.#known.at(-1)!.index >= from) this.#known.pop()
  }

  compact(index: Index): void {
    while (this.#known.length > 1 && this.#known[1]!.index <= index) this.#known.shift()
  }

  reset(index: Index, membership: Membership): void {
    this.#known = [{ index, membership }]
  }
}
