/** An event as a watcher got it. */
export interface SeenEvent {
  readonly type: 'put' | 'delete'
  readonly key: string
  readonly value: string
  /** Revision of the change, also of a deletion. */
  readonly revision: number
  readonly prev?: { readonly value: string; readonly modRevision: number }
}

/** What happened to a watcher, in its order. */
export type WatchEntry =
  /** It (re)subscribed, somewhere. */
  | { readonly type: 'begin'; readonly endpoint: string; readonly startRevision: number }
  | { readonly type: 'events'; readonly events: readonly SeenEvent[]; readonly fragment: boolean }
  | { readonly type: 'compacted'; readonly revision: number }

export interface WatchRecord {
  readonly name: string
  readonly prevKv: boolean
  readonly entries: readonly WatchEntry[]
  /** Everything up to this revision should have come. */
  readonly until: number
}

/** A write of a client. `value` undefined: a deletion. */
export interface KnownWrite {
  readonly key: string
  readonly value: string | undefined
  /** Undefined: without an answer. */
  readonly revision: number | undefined
}

const problemsMax = 10

/**
 * Watchers against each other and against the clients' writes. Each must have, from its first
 * revision to `until`, what all of them together have seen: in order, once, whole revisions; only
 * what a compaction took, and was said to have taken, may be missing. Every acknowledged write is
 * an event of its revision, every put is somebody's write, and none appears twice.
 * `mayDelete`: keys that go by themselves, as those of leases.
 */
export function checkWatches(
  records: readonly WatchRecord[],
  writes: readonly KnownWrite[],
  mayDelete: (key: string) => boolean,
): string[] {
  const problems: string[] = []
  const history = new Map<number, Map<string, SeenEvent>>()
  for (const record of records) problems.push(...collect(record, history))
  const previous = previousOf(history)
  for (const record of records) problems.push(...missing(record, history))
  for (const record of records) {
    if (record.prevKv) problems.push(...wrongPrevious(record, previous))
  }
  problems.push(...checkWrites(records, writes, history, mayDelete))
  return problems.slice(0, problemsMax)
}

/** Adds what one has seen to what all have; complains of its order, and of contradictions. */
function collect(
  { name, entries }: WatchRecord,
  history: Map<number, Map<string, SeenEvent>>,
): string[] {
  const problems: string[] = []
  let next = 0
  let isOpen = false
  let last = 0
  for (const entry of entries) {
    if (entry.type === 'begin') next = entry.startRevision
    if (entry.type === 'compacted' && entry.revision <= next) {
      problems.push(`${name}: ${next} was refused as compacted below ${entry.revision}`)
    }
    if (entry.type !== 'events') {
      isOpen = false
      continue
    }
    const batch = new Set<string>()
    for (const event of entry.events) {
      const { revision, key } = event
      // A revision may go on in the next response only where that was announced.
      const floor = isOpen ? last : Math.max(next, last + (batch.size === 0 ? 1 : 0))
      if (revision < floor) problems.push(`${name}: ${key} at ${revision} came after ${last}`)
      if (batch.has(`${revision} ${key}`)) problems.push(`${name}: ${key} at ${revision} twice`)
      batch.add(`${revision} ${key}`)
      last = Math.max(last, revision)
      const changes = history.get(revision) ?? new Map<string, SeenEvent>()
      history.set(revision, changes)
      const known = changes.get(key) ?? event
      if (known.type !== event.type || known.value !== event.value) {
        problems.push(`${name}: ${key} at ${revision} is ${event.value}, not ${known.value}`)
      }
      changes.set(key, known)
    }
    isOpen = entry.fragment
  }
  return problems
}

/** For each change: the value that was there before, and its revision. */
function previousOf(
  history: ReadonlyMap<number, ReadonlyMap<string, SeenEvent>>,
): Map<string, SeenEvent | undefined> {
  const previous = new Map<string, SeenEvent | undefined>()
  const latest = new Map<string, SeenEvent>()
  for (const revision of [...history.keys()].sort((left, right) => left - right)) {
    for (const event of history.get(revision)!.values()) {
      previous.set(`${revision} ${event.key}`, latest.get(event.key))
      latest.set(event.key, event)
    }
  }
  return previous
}

/** What others have seen and this one has not, where it should have. */
function missing(
  { name, entries, until }: WatchRecord,
  history: ReadonlyMap<number, ReadonlyMap<string, SeenEvent>>,
): string[] {
  const seen = new Set<string>()
  const gaps: { readonly from: number; readonly to: number }[] = []
  let next = entries.find(entry => entry.type === 'begin')?.startRevision ?? 0
  const first = next
  for (const entry of entries) {
    if (entry.type === 'begin') next = Math.max(next, entry.startRevision)
    if (entry.type === 'compacted') gaps.push({ from: next, to: entry.revision })
    if (entry.type !== 'events') continue
    for (const { revision, key } of entry.events) {
      seen.add(`${revision} ${key}`)
      next = Math.max(next, revision + 1)
    }
  }
  const isGap = (revision: number) => gaps.some(({ from, to }) => revision >= from && revision < to)
  const problems: string[] = []
  for (const [revision, changes] of history) {
    if (revision < first || revision > until || isGap(revision)) continue
    for (const key of changes.keys()) {
      if (!seen.has(`${revision} ${key}`)) problems.push(`${name}: lacks ${key} at ${revision}`)
    }
  }
  return problems
}

function wrongPrevious(
  { name, entries }: WatchRecord,
  previous: ReadonlyMap<string, SeenEvent | undefined>,
): string[] {
  return entries.flatMap(entry => {
    if (entry.type !== 'events') return []
    return entry.events.flatMap(({ key, revision, prev }) => {
      const before = previous.get(`${revision} ${key}`)
      const was = before?.type === 'put' ? before : undefined
      // Compacted: what was there before may not be known any more.
      if (prev === undefined || (prev.value === was?.value && prev.modRevision === was.revision)) {
        return []
      }
      const text = was === undefined ? 'nothing' : `${was.value} at ${was.revision}`
      return [`${name}: before ${key} at ${revision} was ${text}, not ${prev.value}`]
    })
  })
}

function checkWrites(
  records: readonly WatchRecord[],
  writes: readonly KnownWrite[],
  history: ReadonlyMap<number, ReadonlyMap<string, SeenEvent>>,
  mayDelete: (key: string) => boolean,
): string[] {
  const problems: string[] = []
  const until = Math.max(0, ...records.map(record => record.until))
  const values = new Map<string, KnownWrite>()
  const deletions = new Set<string>()
  for (const write of writes) {
    const { key, value, revision } = write
    if (value === undefined) deletions.add(key)
    else values.set(`${key} ${value}`, write)
    if (revision === undefined || revision > until || records.length === 0) continue
    const event = history.get(revision)?.get(key)
    const isThere = event && (value === undefined ? event.type === 'delete' : event.value === value)
    if (!isThere) problems.push(`${key} = ${value} was acknowledged at ${revision}: no event of it`)
  }
  const appeared = new Map<string, number>()
  for (const [revision, changes] of history) {
    for (const { type, key, value } of changes.values()) {
      if (type === 'delete') {
        if (!deletions.has(key) && !mayDelete(key)) problems.push(`nobody deleted ${key}`)
        continue
      }
      const name = `${key} ${value}`
      const write = values.get(name)
      if (write === undefined) problems.push(`nobody wrote ${key} = ${value} (at ${revision})`)
      const before = appeared.get(name)
      if (before !== undefined) problems.push(`${name} was applied at ${before} and ${revision}`)
      appeared.set(name, revision)
    }
  }
  return problems
}
