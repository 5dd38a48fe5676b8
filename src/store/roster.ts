import { finish, mixString } from '../mvcc/hash.ts'
import type { AlarmMember, MemberChange, MemberRecord } from './member-types.ts'

/** The replicated state as a snapshot has it. */
export interface RosterExport {
  readonly records: readonly MemberRecord[]
  readonly removed: readonly MemberRecord[]
  readonly alarms: readonly AlarmMember[]
}

/** etcd's texts. Source: etcd api/v3rpc/rpctypes/error.go. */
export const memberTexts = {
  exists: 'etcdserver: member ID already exist',
  urlExists: 'etcdserver: Peer URLs already exists',
  missing: 'etcdserver: member not found',
  nameExists: 'there is a member of this name already',
  peerIdExists: 'this mesh identity is another member already',
  peerIdRemoved: 'this mesh identity is of a member that was removed; make a new one',
  removed: 'etcdserver: the member has been permanently removed from the cluster',
  notLearner: 'etcdserver: can only promote a learner member',
  notReady: 'etcdserver: can only promote a learner member which is in sync with leader',
  tooManyLearners: 'etcdserver: too many learner members in cluster',
  badUrls: 'etcdserver: given member URLs are invalid',
  notEnoughStarted: 'etcdserver: re-configuration failed due to not enough started members',
  unhealthy: 'etcdserver: unhealthy cluster',
  wiped: 'the disk of this member is not the one it joined with',
} as const

/** Who belongs to the store, who was removed for ever, and alarms: replicated state. */
export class Roster {
  readonly #records = new Map<string, MemberRecord>()
  readonly #removed = new Map<string, MemberRecord>()
  #alarms: AlarmMember[] = []
  /** Grows with each change of the records. */
  version = 0

  get records(): readonly MemberRecord[] {
    return [...this.#records.values()]
  }

  get removed(): readonly MemberRecord[] {
    return [...this.#removed.values()]
  }

  get alarms(): readonly AlarmMember[] {
    return this.#alarms
  }

  get(id: string): MemberRecord | undefined {
    return this.#records.get(id)
  }

  isRemoved(id: string): boolean {
    return this.#removed.has(id)
  }

  /** True when writes are refused for want of space. */
  get isFull(): boolean {
    return this.#alarms.some(({ alarm }) => alarm === 'NOSPACE')
  }

  /** Adds or changes a record; returns a refusal. */
  set(id: string, change: MemberChange): string | undefined {
    const refused = this.refusalOf(id, change)
    if (refused !== undefined) return refused
    this.#records.set(id, { ...(this.#records.get(id) ?? emptyRecord(id)), ...change })
    this.version++
    return undefined
  }

  /**
   * Why a record can't be set, or undefined. Names, addresses and mesh identities are one member's,
   * and the identity of a removed member is nobody's any more: who had it still has its key.
   */
  refusalOf(id: string, change: MemberChange): string | undefined {
    const { name, peerUrls, peerId, storeId } = change
    if (this.#removed.has(id)) return memberTexts.removed
    const others = this.records.filter(record => record.id !== id)
    const shares = (record: MemberRecord) => peerUrls?.some(url => record.peerUrls.includes(url))
    if (others.some(shares)) return memberTexts.urlExists
    if (name && others.some(record => record.name === name)) return memberTexts.nameExists
    const isSame = (record: MemberRecord) => !!peerId && record.peerId === peerId
    if (others.some(isSame)) return memberTexts.peerIdExists
    if (this.removed.some(isSame)) return memberTexts.peerIdRemoved
    const old = this.#records.get(id)?.storeId
    return old && storeId && old !== storeId ? memberTexts.wiped : undefined
  }

  /** Removes for ever: the ID never comes back. */
  remove(id: string): string | undefined {
    if (this.#removed.has(id)) return memberTexts.removed
    this.#removed.set(id, this.#records.get(id) ?? emptyRecord(id))
    this.#records.delete(id)
    this.version++
    this.#alarms = this.#alarms.filter(({ memberId }) => memberId !== id)
    return undefined
  }

  /** Raises or disarms (member 0: everybody's); returns what was changed. */
  setAlarm(raised: boolean, { memberId, alarm }: AlarmMember): AlarmMember[] {
    const isMeant = (each: AlarmMember) =>
      each.alarm === alarm && (each.memberId === memberId || /^0+$/.test(memberId))
    const found = this.#alarms.filter(isMeant)
    if (!raised) {
      this.#alarms = this.#alarms.filter(each => !isMeant(each))
      return found
    }
    if (found.length === 0) this.#alarms = [...this.#alarms, { memberId, alarm }]
    return [{ memberId, alarm }]
  }

  export(): RosterExport {
    return { records: this.records, removed: this.removed, alarms: this.#alarms }
  }

  import(state: RosterExport): void {
    for (const record of state.records) this.#records.set(record.id, record)
    for (const record of state.removed) this.#removed.set(record.id, record)
    this.#alarms = [...state.alarms]
  }

  /** Equal on replicas that have applied the same. */
  hash(seed: number): number {
    return finish(mixString(seed, JSON.stringify(this.export())))
  }
}

function emptyRecord(id: string): MemberRecord {
  return { id, name: '', peerId: '', storeId: '', peerUrls: [], clientUrls: [] }
}
