import { type FieldManager, trackUpdate } from '../../api/fieldmanagement/field-manager.ts'
import { scaleVersions } from '../../api/fieldmanagement/row-versions.ts'
import {
  ownersAfterScale,
  ownersOfScale,
  replicasPath,
  type ScaleOwners,
} from '../../api/fieldmanagement/scale.ts'
import type { ApiResponse } from '../../api/http.ts'
import { cloneJson } from '../../api/json.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import type { Deployment, Scale } from '../../api/objects.ts'
import { versionsOf } from '../../api/resources/registry.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { selectorOf, selectorOfMap, selectorText } from '../../api/selectors.ts'
import { invalid } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { Causes } from '../../api/validation/causes.ts'
import { nonNegative } from '../../api/validation/rules.ts'
import type { Attributes } from '../filters/attributes.ts'
import { objectOf } from '../storage/entry.ts'
import { changeOf, optionsOf } from './change.ts'
import { type Parts, writeOptionsOf } from './context.ts'
import { decodeObject, type Expected } from './decode.ts'
import { fieldManagerOf } from './field-manager.ts'
import type { PreparedPatch } from './prepared-patch.ts'
import { jsonResponse } from './respond.ts'
import type { Target } from './target.ts'

const scaleKind: Expected = { apiVersion: 'autoscaling/v1', kind: 'Scale' }

/** The number of replicas of an object, whatever its kind. */
export async function scale(
  parts: Parts,
  attributes: Attributes,
  target: Target,
  verb: string,
): Promise<ApiResponse> {
  const { row, route } = target
  const { namespace, name } = route
  if (verb === 'get') {
    const entry = await parts.reader.get(row, namespace, name)
    return jsonResponse(200, scaleOf(row, objectOf(entry)))
  }
  const manager = () => fieldManagerOf(parts, attributes, target, scaleKind.kind, scaleVersions)
  const prepared = await changeOf(parts, attributes, scaleKind, verb, manager)
  const entry = await parts.registry.update(
    row,
    namespace,
    name,
    {
      ...{ part: 'main', subresource: 'scale' },
      change: current => scaled(target, current, prepared, manager),
    },
    writeOptionsOf(attributes, optionsOf(verb)),
  )
  return jsonResponse(200, scaleOf(row, objectOf(entry)))
}

/** Source: kubernetes pkg/registry/apps/deployment/storage/storage.go scaleUpdatedObjectInfo. */
function scaled(
  target: Target,
  current: KubeObject,
  prepared: PreparedPatch,
  manager: () => FieldManager,
): KubeObject {
  const owners = ownersOf(target, current)
  const before = scaleOf(target.row, current)
  const managedFields = ownersOfScale(owners)
  if (managedFields !== undefined) before.metadata.managedFields = managedFields
  const next = decodeObject(prepared.apply(cloneJson(before)), scaleKind, [])
  if (!prepared.isApply) trackUpdate(before, next, manager())
  const { resourceVersion, uid } = next.metadata
  const metadata = { ...current.metadata, resourceVersion, uid }
  const entries = ownersAfterScale(owners, next.metadata.managedFields)
  if (entries === undefined) delete metadata.managedFields
  else metadata.managedFields = entries
  const replicas = next.spec?.replicas ?? 0
  checkScale(target.route.name, replicas)
  const spec = { ...current.spec, replicas }
  return { ...current, metadata, spec }
}

function ownersOf({ row, served }: Target, { metadata }: KubeObject): ScaleOwners {
  return {
    entries: metadata.managedFields,
    apiVersion: apiVersionOf(served),
    replicas: new Map(versionsOf(row).map(version => [apiVersionOf(version), replicasPath])),
  }
}

function scaleOf(row: ResourceRow, object: KubeObject): Scale {
  const { name, namespace, uid, creationTimestamp, resourceVersion } = object.metadata
  const { spec, status } = object as Deployment
  // A ReplicationController is older than selectors that are objects.
  const isMap = row.resource === 'replicationcontrollers'
  const selector = isMap ? selectorOfMap(object.spec?.selector) : selectorOf(spec.selector)
  return {
    ...scaleKind,
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, selector: selectorText(selector) },
  }
}

/** Source: kubernetes pkg/apis/autoscaling/validation ValidateScale. @throws StatusError 422 */
function checkScale(name: string, replicas: number): void {
  const causes = new Causes()
  nonNegative(replicas, 'spec.replicas', causes)
  if (causes.list.length === 0) return
  throw invalid({ group: 'autoscaling', kind: 'Scale' }, name, causes.list)
}
