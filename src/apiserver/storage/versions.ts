import { apiVersionOf } from '../../api/kinds.ts'
import { toServed } from '../../api/resources/convert.ts'
import type { ResourceRow, ServedVersion } from '../../api/resources/types.ts'
import { encodeAs, headLength } from './codec.ts'
import { type Entry, objectOf } from './entry.ts'

/** Converted entries, for as long as the stored ones are kept. */
const converted = new WeakMap<Entry, Map<ServedVersion, Entry>>()

/**
 * An entry in a version that clients ask for: made once, however many lists and watches want it.
 * That in which it is stored is the entry itself.
 */
export function inVersion(row: ResourceRow, served: ServedVersion, entry: Entry): Entry {
  if (served === row) return entry
  const versions = converted.get(entry) ?? new Map<ServedVersion, Entry>()
  converted.set(entry, versions)
  let found = versions.get(served)
  if (found === undefined) {
    const apiVersion = apiVersionOf(served)
    const bytes = encodeAs(row.kind, apiVersion, toServed(served, objectOf(entry)))
    found = { ...entry, bytes, at: headLength(row.kind, apiVersion) }
    versions.set(served, found)
  }
  return found
}
