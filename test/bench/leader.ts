import { statusRequest, statusResponse } from '../../src/store/etcd/rpc/maintenance.ts'
import { LeanSession, type Target } from './lean/session.ts'

/** What a member says of itself. */
export interface MemberStatus {
  readonly id: bigint
  readonly isLeader: boolean
  readonly term: number
  readonly revision: number
  readonly dbBytes: number
}

const statusTimeoutMs = 1_000

/** Undefined when the member does not answer in time. */
export async function statusOf(target: Target): Promise<MemberStatus | undefined> {
  let session: LeanSession | undefined
  const late = new Promise<undefined>(resolve => {
    setTimeout(() => resolve(undefined), statusTimeoutMs).unref()
  })
  const ask = async () => {
    session = await LeanSession.open(target)
    const bytes = await session.unary('/etcdserverpb.Maintenance/Status', statusRequest.encode({}))
    const { header, leader, raftTerm, dbSize } = statusResponse.decode(bytes)
    return {
      id: header?.memberId ?? 0n,
      isLeader: leader !== 0n && leader === header?.memberId,
      term: raftTerm,
      revision: header?.revision ?? 0,
      dbBytes: dbSize,
    }
  }
  try {
    return await Promise.race([ask(), late])
  } catch {
    return undefined
  } finally {
    session?.close()
  }
}

/** The number of the member that says it leads, in the highest term. */
export async function leaderOf(
  targets: readonly Target[],
): Promise<{ readonly n: number } | undefined> {
  const statuses = await Promise.all(targets.map(statusOf))
  let best = -1
  for (const [n, status] of statuses.entries()) {
    if (!status?.isLeader) continue
    if (best < 0 || status.term > statuses[best]!.term) best = n
  }
  return best < 0 ? undefined : { n: best }
}

/** The member's ID, as requests name it. */
export async function memberIdOf(target: Target): Promise<bigint | undefined> {
  return (await statusOf(target))?.id
}
