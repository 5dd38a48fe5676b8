import { builtIn } from './table.ts'
import type { ResourceRow, ServedVersion } from './types.ts'

/** A resource in one of the versions that clients can ask for. */
export interface ServedResource {
  readonly row: ResourceRow
  readonly served: ServedVersion
}

/**
 * The resources that a server has now: those built in, and those that are added while it runs.
 * Routes, discovery, OpenAPI and the watch cache all ask here.
 */
export class ResourceRegistry {
  readonly #rows = new Set<ResourceRow>()
  readonly #byPath = new Map<string, ServedResource>()
  readonly #listeners = new Set<(row: ResourceRow, isThere: boolean) => void>()
  #generation = 0

  constructor(rows: Iterable<ResourceRow> = builtIn) {
    for (const row of rows) this.add(row)
  }

  /** In the order in which they came. */
  get rows(): readonly ResourceRow[] {
    return [...this.#rows]
  }

  /** Another number after each change: for what is made of the rows and kept. */
  get generation(): number {
    return this.#generation
  }

  /** @throws Error when one of its paths, or its place in the store, is taken */
  add(row: ResourceRow): void {
    const paths = versionsOf(row).map(served => pathKey(served.group, served.version, row.resource))
    const taken = paths.find(path => this.#byPath.has(path))
    if (taken !== undefined) throw new Error(`${taken} is served already`)
    if (this.rows.some(other => overlap(other.prefix, row.prefix))) {
      throw new Error(`/registry/${row.prefix}/ holds objects of another resource`)
    }
    for (const [at, served] of versionsOf(row).entries()) {
      this.#byPath.set(paths[at]!, { row, served })
    }
    this.#rows.add(row)
    this.#tell(row, true)
  }

  remove(row: ResourceRow): void {
    if (!this.#rows.delete(row)) return
    for (const { group, version } of versionsOf(row)) {
      this.#byPath.delete(pathKey(group, version, row.resource))
    }
    this.#tell(row, false)
  }

  /** What a path below a group version stands for. */
  find(group: string, version: string, resource: string): ServedResource | undefined {
    return this.#byPath.get(pathKey(group, version, resource))
  }

  /** All that a group version has. */
  servedIn(group: string, version: string): readonly ServedResource[] {
    return [...this.#byPath.values()].filter(
      ({ served }) => served.group === group && served.version === version,
    )
  }

  /** Groups in the order of discovery, core first, each with its versions. */
  groupVersions(): ReadonlyMap<string, readonly string[]> {
    const groups = new Map<string, string[]>()
    for (const { group, version } of [...this.#rows].flatMap(versionsOf)) {
      const versions = groups.get(group) ?? []
      if (!versions.includes(version)) versions.push(version)
      groups.set(group, versions)
    }
    return groups
  }

  /** Hears of every row that comes or goes. */
  onChange(listener: (row: ResourceRow, isThere: boolean) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(row: ResourceRow, isThere: boolean): void {
    this.#generation++
    for (const listener of this.#listeners) listener(row, isThere)
  }
}

/** All versions of a row, that in which it is stored first. */
export function versionsOf(row: ResourceRow): readonly ServedVersion[] {
  return [row, ...row.alsoServed]
}

function overlap(left: string, right: string): boolean {
  return `${left}/`.startsWith(`${right}/`) || `${right}/`.startsWith(`${left}/`)
}

function pathKey(group: string, version: string, resource: string): string {
  return `${group}/${version}/${resource}`
}
