import type { ResourceRegistry, ServedResource } from '../../api/resources/registry.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { priorityOf } from './priorities.ts'
import { reviews } from './reviews.ts'

/**
 * Groups with stored resources and those that only have reviews, each with its versions, in the
 * order of their priorities.
 */
export function versionsByGroup(
  resources: ResourceRegistry,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map(resources.groupVersions())
  for (const { group, version } of reviews) if (!groups.has(group)) groups.set(group, [version])
  const rank = (group: string) => priorityOf(group, '').groupPriorityMinimum
  const ordered = [...groups].sort(([a], [b]) => rank(b) - rank(a) || byText(a, b))
  return new Map(ordered)
}

/** What a group version has, by name. */
export function resourcesIn(
  resources: ResourceRegistry,
  group: string,
  version: string,
): readonly ServedResource[] {
  return [...resources.servedIn(group, version)].sort((a, b) =>
    byText(a.row.resource, b.row.resource),
  )
}

export function subresourcesOf(row: ResourceRow): ResourceRow['subresources'] {
  return [...row.subresources].sort((a, b) => byText(a.name, b.name))
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
