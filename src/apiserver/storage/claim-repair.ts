import type { Service } from '../../api/objects.ts'
import { services } from '../../api/resources/core.ts'
import { storeKey } from '../../api/resources/table.ts'
import type { KeyValue, Op } from '../../mvcc/types.ts'
import type { Store } from '../../store/types.ts'
import type { WatchCache } from './cache/watch-cache.ts'
import type { Claim } from './claims.ts'
import { type Entry, objectOf } from './entry.ts'
import { storeFailure } from './failures.ts'
import type { Reader } from './reader.ts'

/** Where claims lie, and where earlier versions had them, among upstream's own objects. */
const places = ['/registry/ranges/quorate/addresses/', '/registry/ranges/quorate/nodeports/']
const formerPlaces = ['/registry/ipaddresses/', '/registry/servicenodeports/']

const keysPerTxn = 64

/** What a repair reads and writes. */
export interface RepairParts {
  readonly store: Store
  readonly reader: Reader
  readonly cache: WatchCache
}

/** What a repair has done. */
export interface Repaired {
  /** Claims that a service had not made, though it has what they are for. */
  readonly made: number
  /** Claims of nobody, and those in the places of earlier versions. */
  readonly removed: number
}

/**
 * Makes the claims of services what the services say: those of an earlier version's data folder lie
 * elsewhere, and whoever wrote to the store past the API has made none.
 * Source: kubernetes pkg/registry/core/service/ipallocator/controller/repairip.go.
 * @throws StatusError 503
 */
export async function repairClaims(
  { store, reader, cache }: RepairParts,
  claimsOf: (service: Service) => readonly Claim[],
  fence: number,
): Promise<Repaired> {
  // Claims first: a service that is made meanwhile is known, or its claim has another revision.
  const former = (await Promise.all(formerPlaces.map(prefix => under(store, prefix)))).flat()
  const present = (await Promise.all(places.map(prefix => under(store, prefix)))).flat()
  await reader.freshen(services, '')
  const wanted = new Map<string, Claim>()
  for (const entry of cache.of(services).list(storeKey(services))) {
    for (const claim of claimsOf(serviceOf(entry))) wanted.set(claim.key, claim)
  }
  const there = new Set(present.map(({ key }) => key))
  const stale = [...former.filter(isClaim), ...present.filter(({ key }) => !wanted.has(key))]
  const missing = [...wanted.values()].filter(({ key }) => !there.has(key))
  const removed = await each(stale, kv =>
    change(store, fence, { key: kv.key, target: 'mod', operand: kv.modRevision }, [
      { type: 'delete', key: kv.key },
    ]),
  )
  const made = await each(missing, ({ key, value }) =>
    change(store, fence, { key, target: 'version', operand: 0 }, [{ type: 'put', key, value }]),
  )
  return { made, removed }
}

function serviceOf(entry: Entry): Service {
  return objectOf(entry) as Service
}

/** Ours say which service they are of, and nothing else; upstream's are objects. */
function isClaim({ value }: KeyValue): boolean {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(value).toString('utf8'))
    return typeof parsed === 'object' && parsed !== null && Object.keys(parsed).join() === 'service'
  } catch {
    return false
  }
}

async function under(store: Store, prefix: string): Promise<readonly KeyValue[]> {
  const rangeEnd = `${prefix.slice(0, -1)}0`
  const read = await store.range({ type: 'range', key: prefix, rangeEnd })
  if (!read.ok) throw storeFailure(read)
  return read.range.kvs
}

/** True when the key was as it was seen. */
async function change(
  store: Store,
  fence: number,
  seen: { readonly key: string; readonly target: 'mod' | 'version'; readonly operand: number },
  success: readonly Op[],
): Promise<boolean> {
  const done = await store.txn(
    { compares: [{ ...seen, op: '=' }], success, failure: [] },
    { fence },
  )
  if (!done.ok) throw storeFailure(done)
  return done.succeeded
}

/** How often `work` did something; so many at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<boolean>): Promise<number> {
  let count = 0
  for (let at = 0; at < items.length; at += keysPerTxn) {
    const done = await Promise.all(items.slice(at, at + keysPerTxn).map(work))
    count += done.filter(Boolean).length
  }
  return count
}
