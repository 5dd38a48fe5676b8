import type { ResourceRegistry, ServedResource } from '../../api/resources/registry.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { reviews } from './reviews.ts'

/**
 * Upstream's groups in its order of preference, which clients follow when a name is in several;
 * custom groups come behind them. Source: pkg/controlplane/apiserver/aggregator.go, the priorities.
 */
const preferred = [
  ...['apiregistration.k8s.io', 'apps', 'events.k8s.io', 'authentication.k8s.io'],
  ...['authorization.k8s.io', 'autoscaling', 'batch', 'certificates.k8s.io', 'networking.k8s.io'],
  ...['policy', 'rbac.authorization.k8s.io', 'storage.k8s.io', 'admissionregistration.k8s.io'],
  ...['apiextensions.k8s.io', 'scheduling.k8s.io', 'coordination.k8s.io', 'node.k8s.io'],
  ...['discovery.k8s.io', 'resource.k8s.io', 'flowcontrol.apiserver.k8s.io'],
]

/** Groups with stored resources and those that only have reviews, each with its versions. */
export function versionsByGroup(
  resources: ResourceRegistry,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map(resources.groupVersions())
  for (const { group, version } of reviews) if (!groups.has(group)) groups.set(group, [version])
  const place = (group: string) => {
    const at = preferred.indexOf(group)
    return at < 0 ? preferred.length : at
  }
  const ordered = [...groups].sort(
    ([a], [b]) => place(a) - place(b) || (a < b ? -1 : a === b ? 0 : 1),
  )
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
