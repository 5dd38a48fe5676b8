import type { PeerReport } from '../../src/admin/types.ts'

/** What one peer was known to say from `at` on; absent: it does not answer. */
export interface Heard {
  readonly at: number
  readonly peer: string
  readonly report?: Pick<PeerReport, 'id' | 'role' | 'term' | 'leader' | 'voters' | 'alarms'>
}

/** Evidence that a dashboard may use as well, each with its time; all in order of time. */
export interface Evidence {
  readonly heard: readonly Heard[]
  /** When writes of the witness were acknowledged. */
  readonly acks: readonly number[]
}

/** A write that was acknowledged so recently is evidence that writes are. */
const writeMs = 1_000
/**
 * A dashboard goes by its own writers, and they may have been served this much sooner or later than
 * the witness was: as long as a write takes on a busy machine. So near to `writeMs` both are right.
 */
const apartMs = 150

/**
 * The words that were right at some moment of `[from, to]`, by what the peers said of themselves.
 * A rule of its own: it shares nothing with the dashboard's.
 */
export function wordsWithin(evidence: Evidence, from: number, to: number): Set<string> {
  const { heard } = evidence
  const now = new Map<string, Heard>()
  let next = 0
  for (; next < heard.length && heard[next]!.at <= from; next++) {
    now.set(heard[next]!.peer, heard[next]!)
  }
  const words = new Set(wordsAt(now, evidence.acks, from))
  for (; next < heard.length && heard[next]!.at <= to; next++) {
    now.set(heard[next]!.peer, heard[next]!)
    for (const word of wordsAt(now, evidence.acks, heard[next]!.at)) words.add(word)
  }
  for (const word of wordsAt(now, evidence.acks, to)) words.add(word)
  return words
}

function wordsAt(
  now: ReadonlyMap<string, Heard>,
  acks: readonly number[],
  at: number,
): readonly string[] {
  const masters = [...now.values()].flatMap(({ peer, report }) =>
    report && report.role !== 'worker' ? [{ peer, ...report }] : [],
  )
  const leader = masters
    .filter(({ role }) => role === 'leader')
    .sort((left, right) => right.term - left.term)[0]
  const voters = leader?.voters ?? masters[0]?.voters ?? []
  const majority = Math.floor(voters.length / 2) + 1
  const follow = masters.filter(
    ({ id, term, leader: theirs }) =>
      voters.includes(id) && term === leader?.term && theirs === leader.peer,
  )
  if (masters.length === 0) return ['CONNECTING', 'UNKNOWN']
  const word = (isWritten: boolean): string => {
    if (follow.length >= majority) {
      const hasAlarm = masters.some(({ alarms }) => alarms.length > 0)
      return hasAlarm || !isWritten ? 'READ-ONLY' : 'WRITABLE'
    }
    if (isWritten) return 'WRITABLE'
    if (masters.length >= majority) return 'ELECTING'
    return masters.every(({ leader: theirs }) => theirs === null) ? 'NO QUORUM' : 'UNKNOWN'
  }
  return [writeMs - apartMs, writeMs + apartMs].map(ms => word(hasWithin(acks, at - ms, at)))
}

/** Whether one of these, which are in order, lies in `(from, to]`. */
function hasWithin(times: readonly number[], from: number, to: number): boolean {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! <= from) low = middle + 1
    else high = middle
  }
  return low < times.length && times[low]! <= to
}
