import { Memberships } from '../raft/membership.ts'
import type { Entry, Membership } from '../raft/types.ts'
import { createReadOnlyDisk } from '../wal/read-only.ts'
import { Wal, WalDamagedError } from '../wal/wal.ts'
import { formatOf } from './format.ts'
import { Machine } from './machine.ts'
import type { ClusterMember } from './member-types.ts'
import { readNewest, type StoredState } from './newest.ts'
import { EntryNotAppliedError } from './not-applied.ts'
import type { SnapshotPoint } from './snapshots.ts'

/** The state of a member that doesn't run, as far as its disk has it and it can be applied. */
export interface StoppedStore {
  readonly machine: Machine
  readonly appliedIndex: number
  readonly term: number
  readonly members: readonly ClusterMember[]
  /** Known to be committed; entries above may never have been acknowledged. */
  readonly committed: number
  /** The last entry of its log. */
  readonly lastIndex: number
  /** Why the state is not that of the last entry: applying the next one threw. */
  readonly failure: EntryNotAppliedError | undefined
}

/**
 * Reads the store of a stopped member without consensus and without changing a byte: the newest
 * snapshot, then every entry of the log up to the first that can't be applied. Entries that are not
 * known to be committed count too: how far a commit was known is written down late, so leaving them
 * out could lose what was acknowledged. The member whose log is longest has all of that.
 * Source: etcdutl snapshot restore of a member's db; etcd --force-new-cluster, which drops them.
 * @throws WalDamagedError, or Error for a directory that holds no store or a newer one.
 */
export function readStoppedStore(directory: string): StoppedStore {
  formatOf(directory)
  const disk = createReadOnlyDisk(directory)
  const { recovered } = Wal.open(disk)
  const load = () => readNewest(disk) ?? emptyState()
  let state = load()
  const entries = entriesAfter(state.point, recovered.entries)
  const failure = replay(state.machine, entries)
  let applied = entries
  if (failure !== undefined) {
    // What a failed entry has left half done is not a state that ever was.
    state = load()
    applied = entries.filter(({ index }) => index < failure.index)
    replay(state.machine, applied)
  }
  const { machine, point } = state
  const { index: appliedIndex, term } = applied.at(-1) ?? point
  const memberships = new Memberships(point.index, point.membership, applied)
  return {
    ...{ machine, failure, appliedIndex, term },
    committed: Math.max(point.index, recovered.hardState.commit),
    lastIndex: entries.at(-1)?.index ?? point.index,
    members: membersOf(machine, memberships.current),
  }
}

function emptyState(): StoredState {
  const membership = { voters: [], learners: [] }
  return { machine: new Machine(), point: { index: 0, term: 0, membership } }
}

/** The entries that a snapshot doesn't hold. */
function entriesAfter({ index }: SnapshotPoint, entries: readonly Entry[]): readonly Entry[] {
  const rest = entries.filter(entry => entry.index > index)
  const first = rest[0]?.index ?? index + 1
  if (first === index + 1) return rest
  throw new WalDamagedError('snapshot', 0, `the log begins at ${first}, it is at ${index}`)
}

function replay(machine: Machine, entries: readonly Entry[]): EntryNotAppliedError | undefined {
  for (const entry of entries) {
    try {
      machine.apply(entry, () => {})
    } catch (error) {
      return new EntryNotAppliedError(entry, error)
    }
  }
  return undefined
}

function membersOf({ roster }: Machine, { learners }: Membership): ClusterMember[] {
  return roster.records.map(({ id, name, peerId, peerUrls, clientUrls }) => {
    return { id, name, peerId, peerUrls, clientUrls, isLearner: learners.includes(id) }
  })
}
