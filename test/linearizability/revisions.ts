/** An answer of the store with its revisions. Times in milliseconds of one monotonic clock. */
export interface Answer {
  readonly client: string
  readonly endpoint: string
  readonly call: number
  readonly end: number
  /** `header.revision`. */
  readonly revision: number
  /** A read that may be stale: then only the same member's own order counts. */
  readonly isSerializable?: boolean
  /** It has written: then its revision is the write's own. */
  readonly wrote?: boolean
  /** Keys as it saw them, or wrote them. */
  readonly keys: readonly {
    readonly key: string
    readonly value: string
    readonly modRevision: number
    readonly createRevision: number
    readonly version: number
  }[]
}

/** Longest list of complaints. */
const problemsMax = 10

/**
 * What etcd promises of revisions, whatever the values are:
 * - an answer's revision is at least that of every answer that came before it was asked;
 * - stale reads: at least that of earlier answers of the same member's process;
 * - each write has a revision of its own;
 * - a key's modification revision grows, its version grows by one a write within one creation, and
 *   one modification revision is one value.
 * Returns what does not hold, as text.
 */
export function checkRevisions(answers: readonly Answer[]): string[] {
  return [
    ...backwards(answers, 'linearizable'),
    ...backwards(answers, 'of its client at one member'),
    ...sharedRevisions(answers),
    ...wrongVersions(answers),
  ].slice(0, problemsMax)
}

type Order = 'linearizable' | 'of its client at one member'

/** Answers below what somebody knew before they were asked. */
function backwards(answers: readonly Answer[], order: Order): string[] {
  const problems: string[] = []
  const groups = new Map<string, Answer[]>()
  for (const answer of answers) {
    if (order === 'linearizable' && answer.isSerializable) continue
    const group = order === 'linearizable' ? '' : `${answer.client} ${answer.endpoint}`
    const members = groups.get(group)
    if (members === undefined) groups.set(group, [answer])
    else members.push(answer)
  }
  for (const group of groups.values()) {
    const byEnd = [...group].sort((left, right) => left.end - right.end)
    const byCall = [...group].sort((left, right) => left.call - right.call)
    let known: Answer | undefined
    let at = 0
    for (const answer of byCall) {
      for (; at < byEnd.length && byEnd[at]!.end < answer.call; at++) {
        if (known === undefined || byEnd[at]!.revision > known.revision) known = byEnd[at]
      }
      if (known === undefined || answer.revision >= known.revision) continue
      problems.push(
        `${nameOf(answer)} had revision ${answer.revision}, ` +
          `after ${nameOf(known)} had ${known.revision} (${order})`,
      )
    }
  }
  return problems
}

function sharedRevisions(answers: readonly Answer[]): string[] {
  const problems: string[] = []
  const writers = new Map<number, Answer>()
  for (const answer of answers) {
    if (!answer.wrote) continue
    const other = writers.get(answer.revision)
    if (other !== undefined) {
      problems.push(`${nameOf(answer)} and ${nameOf(other)} share revision ${answer.revision}`)
    }
    writers.set(answer.revision, answer)
  }
  return problems
}

interface Seen {
  readonly value: string
  readonly createRevision: number
  readonly version: number
}

function wrongVersions(answers: readonly Answer[]): string[] {
  const problems: string[] = []
  const keys = new Map<string, Map<number, Seen>>()
  for (const answer of answers) {
    for (const { key, modRevision, ...seen } of answer.keys) {
      const versions = keys.get(key) ?? new Map<number, Seen>()
      keys.set(key, versions)
      const known = versions.get(modRevision) ?? seen
      if (known.value !== seen.value || known.version !== seen.version) {
        problems.push(`${key} at ${modRevision} is ${known.value} and ${seen.value}`)
      }
      if (modRevision > answer.revision) {
        problems.push(`${key} has revision ${modRevision} in an answer of ${answer.revision}`)
      }
      versions.set(modRevision, seen)
    }
  }
  for (const [key, versions] of keys) problems.push(...wrongOrder(key, versions))
  return problems
}

/** Later revisions have later versions, within one creation. */
function wrongOrder(key: string, versions: ReadonlyMap<number, Seen>): string[] {
  const sorted = [...versions].sort(([left], [right]) => left - right)
  return sorted.flatMap(([mod, seen], at) => {
    const [, before] = sorted[at - 1] ?? []
    if (before === undefined) return []
    const sameLife = before.createRevision === seen.createRevision
    const grows = sameLife
      ? seen.version > before.version
      : seen.createRevision > before.createRevision
    return grows ? [] : [`${key} at ${mod} has version ${seen.version} after ${before.version}`]
  })
}

function nameOf({ client, endpoint, call }: Answer): string {
  return `${client} at ${endpoint} (${call.toFixed(1)} ms)`
}
