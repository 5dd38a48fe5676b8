import type { ApiRequest, ApiResponse } from '../../api/http.ts'
import type { ResourceRegistry, ServedResource } from '../../api/resources/registry.ts'
import type { Subresource } from '../../api/resources/types.ts'
import { negotiate, parseAccept } from '../http/format.ts'
import { jsonResponse } from '../http/respond.ts'
import { resourcesIn, subresourcesOf, versionsByGroup } from './groups.ts'
import { reviews } from './reviews.ts'

/** Source: discovery/aggregated: v2beta1 is not served any more; who asks falls back. */
const aggregatedVersion = 'v2'

/**
 * The one document that newer clients ask for; the answer's type must say what was asked.
 * Undefined for whoever asks for the plain ones.
 */
export function aggregated(
  resources: ResourceRegistry,
  request: ApiRequest,
  core: boolean,
): ApiResponse | undefined {
  for (const { type, parameters } of parseAccept(request.headers.accept)) {
    const { g, v = '', as } = parameters
    if (type !== 'application/json' && type !== '*/*') continue
    if (as === undefined) return undefined
    if (g !== 'apidiscovery.k8s.io' || as !== 'APIGroupDiscoveryList') continue
    if (v !== aggregatedVersion) continue
    const groups = [...versionsByGroup(resources)].filter(([group]) => (group === '') === core)
    const document = {
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${v}`,
      metadata: {},
      items: groups.map(([group, versions]) => groupOf(resources, group, versions)),
    }
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`
    return jsonResponse(200, document, { 'content-type': contentType, vary: 'Accept' })
  }
  negotiate(request.headers.accept)
  return undefined
}

function groupOf(resources: ResourceRegistry, group: string, versions: readonly string[]): unknown {
  return {
    metadata: group === '' ? {} : { name: group },
    versions: versions.map(version => ({
      version,
      resources: [
        ...resourcesIn(resources, group, version).map(resourceOf),
        ...reviews
          .filter(one => one.group === group && one.version === version)
          .map(one => ({
            resource: one.resource,
            responseKind: kindOf(one.kind),
            scope: 'Cluster',
            singularResource: one.kind.toLowerCase(),
            verbs: ['create'],
          })),
      ],
      freshness: 'Current',
    })),
  }
}

function resourceOf({ row }: ServedResource): unknown {
  return {
    resource: row.resource,
    responseKind: kindOf(row.kind),
    scope: row.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: row.singular,
    verbs: row.verbs,
    ...(row.shortNames.length > 0 ? { shortNames: row.shortNames } : {}),
    ...(row.categories.length > 0 ? { categories: row.categories } : {}),
    ...(row.subresources.length > 0 ? { subresources: subresourcesOf(row).map(subOf) } : {}),
  }
}

function subOf({ name, kind, group, version, verbs }: Subresource): unknown {
  return { subresource: name, responseKind: kindOf(kind, group, version), verbs }
}

/** Without group and version it is of those around it. */
function kindOf(kind: string, group = '', version = ''): unknown {
  return { group, version, kind }
}
