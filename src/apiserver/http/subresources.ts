import type { ApiResponse } from '../../api/http.ts'
import { cloneJson } from '../../api/json.ts'
import type { Binding, Eviction, Pod } from '../../api/objects.ts'
import { toServed, toStored } from '../../api/resources/convert.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import {
  badRequest,
  conflict,
  methodNotAllowed,
  pathNotFound,
  plainError,
  success,
} from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import type { Attributes } from '../filters/attributes.ts'
import { apiTime } from '../registry/metadata.ts'
import type { Part } from '../registry/update.ts'
import { readLog } from '../streams/log.ts'
import { readObject } from './body.ts'
import { changeOf, optionsOf } from './change.ts'
import { type Parts, writeOptionsOf } from './context.ts'
import { fieldManagerOf, trackerOf } from './field-manager.ts'
import { formatFor, objectResponse } from './object-response.ts'
import { checkDeleteOptions } from './options.ts'
import { jsonResponse } from './respond.ts'
import { scale } from './scale.ts'
import { checkIdentity, expectedOf, type Target } from './target.ts'
import { warningHeaders } from './warnings.ts'

type Serve = (
  parts: Parts,
  attributes: Attributes,
  target: Target,
  verb: string,
) => Promise<ApiResponse>

const servers: Record<string, Serve> = {
  status: (parts, attributes, target, verb) =>
    updatePart(parts, attributes, target, verb, 'status', asIs),
  approval: (parts, attributes, target, verb) =>
    updatePart(parts, attributes, target, verb, 'status', asIs),
  finalize: (parts, attributes, target, verb) =>
    updatePart(parts, attributes, target, verb, 'system', keepButFinalizers),
  ephemeralcontainers: (parts, attributes, target, verb) =>
    updatePart(parts, attributes, target, verb, 'system', keepButEphemeral),
  resize: (parts, attributes, target, verb) =>
    updatePart(parts, attributes, target, verb, 'system', keepButResources),
  scale,
  binding: bind,
  eviction: evict,
  log: readLog,
}

/** Runs a verb on a part of an object. @throws StatusError */
export function serveSubresource(
  parts: Parts,
  attributes: Attributes,
  target: Target,
  verb: string,
): Promise<ApiResponse> {
  const { row, route } = target
  const known = row.subresources.find(one => one.name === route.subresource)
  const serve = servers[route.subresource]
  if (known === undefined) throw pathNotFound()
  if (serve === undefined) throw badRequest('Upgrade request required')
  if (!known.verbs.includes(verb)) throw methodNotAllowed()
  return serve(parts, attributes, target, verb)
}

/** What an update of a part takes from the client's object. */
type Pick = (next: KubeObject, current: KubeObject) => KubeObject

const asIs: Pick = next => next

const keepButFinalizers: Pick = (next, current) => ({
  ...current,
  metadata: { ...current.metadata, resourceVersion: next.metadata.resourceVersion },
  spec: { ...current.spec, finalizers: next.spec?.finalizers ?? [] },
})

const keepButEphemeral: Pick = (next, current) => ({
  ...current,
  metadata: { ...current.metadata, resourceVersion: next.metadata.resourceVersion },
  spec: { ...current.spec, ephemeralContainers: next.spec?.ephemeralContainers },
})

/** Containers that came, went or moved are left to the rules, which refuse them. */
const keepButResources: Pick = (next, current) => {
  const [{ spec: now }, { spec: was }] = [next as Pod, current as Pod]
  const names = ({ containers, initContainers = [] }: Pod['spec']) =>
    [...(containers ?? []), {}, ...initContainers]
      .map(one => ('name' in one ? one.name : ''))
      .join()
  if (!now || names(now) !== names(was)) return next
  const sizes = (list: Pod['spec']['containers'], sized: Pod['spec']['containers']) =>
    list.map((one, index) => {
      const { resources, resizePolicy } = sized[index] ?? one
      return { ...one, resources, resizePolicy }
    })
  const { containers, initContainers } = was
  const inits =
    initContainers && now.initContainers
      ? { initContainers: sizes(initContainers, now.initContainers) }
      : {}
  return {
    ...current,
    metadata: { ...current.metadata, resourceVersion: next.metadata.resourceVersion },
    spec: { ...was, containers: sizes(containers, now.containers), ...inits },
  }
}

async function updatePart(
  parts: Parts,
  attributes: Attributes,
  target: Target,
  verb: string,
  part: Part,
  pick: Pick,
): Promise<ApiResponse> {
  const { row, served, route } = target
  const { namespace, name, subresource } = route
  // Before anything is done, as for the object itself.
  formatFor(attributes, target)
  if (verb === 'get') {
    const entry = await parts.reader.get(row, namespace, name)
    return objectResponse(parts, attributes, target, entry, 200)
  }
  const prepared = await changeOf(parts, attributes, expectedOf(target), verb, () =>
    fieldManagerOf(parts, attributes, target),
  )
  const change = (current: KubeObject) => {
    // Who takes the client's object as it is needs no second copy of what was there.
    const before = pick === asIs ? current : cloneJson(current)
    const next = prepared.apply(toServed(served, before))
    checkIdentity(row, next, route)
    return pick(toStored(row, served, next), current)
  }
  const track = prepared.isApply ? undefined : trackerOf(parts, attributes, target)
  const writes = {
    ...writeOptionsOf(attributes, optionsOf(verb)),
    ...(track === undefined ? {} : { track }),
  }
  const update = { part, subresource, change }
  const entry = await parts.registry.update(row, namespace, name, update, writes)
  const headers = warningHeaders([...prepared.warnings, ...writes.warnings])
  return objectResponse(parts, attributes, target, entry, 200, headers)
}

/** Source: kubernetes pkg/registry/core/pod/storage/storage.go BindingREST. */
export async function bind(
  parts: Parts,
  attributes: Attributes,
  target: Target,
): Promise<ApiResponse> {
  const { row, route } = target
  const { object } = await readObject(parts.decoder, attributes.request, {
    apiVersion: 'v1',
    kind: 'Binding',
  })
  const binding = object as Binding
  const name = route.name || (binding.metadata.name ?? '')
  const node = binding.target?.name
  if (!node) throw plainError('target.name: Required value')
  const change = (current: KubeObject) =>
    assign(row, current as Pod, binding, node, apiTime(parts.clock.wall()))
  await parts.registry.update(
    row,
    route.namespace,
    name,
    { part: 'binding', subresource: 'binding', change },
    writeOptionsOf(attributes, 'CreateOptions'),
  )
  const { details: _none, ...done } = success({})
  return jsonResponse(201, { ...done, code: 201 })
}

function assign(row: ResourceRow, pod: Pod, binding: Binding, node: string, now: string): Pod {
  const name = pod.metadata.name ?? ''
  const { uid, resourceVersion } = binding.metadata
  if (uid && uid !== pod.metadata.uid) {
    throw conflict(
      row,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`,
    )
  }
  if (pod.metadata.deletionTimestamp) {
    throw conflict(
      { group: '', resource: 'pods/binding' },
      name,
      `pod ${name} is being deleted, cannot be assigned to a host`,
    )
  }
  if (pod.spec.nodeName) {
    throw conflict(
      { group: '', resource: 'pods/binding' },
      name,
      `pod ${name} is already assigned to node "${pod.spec.nodeName}"`,
    )
  }
  if (pod.spec.schedulingGates?.length) {
    throw conflict(
      { group: '', resource: 'pods/binding' },
      name,
      `pod ${name} has non-empty .spec.schedulingGates`,
    )
  }
  pod.metadata.annotations = { ...pod.metadata.annotations, ...binding.metadata.annotations }
  if (Object.keys(pod.metadata.annotations).length === 0) delete pod.metadata.annotations
  const others = (pod.status?.conditions ?? []).filter(one => one.type !== 'PodScheduled')
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: now,
  } as const
  const metadata = { ...pod.metadata, resourceVersion }
  return {
    ...pod,
    metadata,
    spec: { ...pod.spec, nodeName: node },
    status: { ...pod.status, conditions: [...others, scheduled] },
  }
}

/** Evicts at once: there are no disruption budgets yet. */
async function evict(
  parts: Parts,
  attributes: Attributes,
  { row, route }: Target,
): Promise<ApiResponse> {
  const { object } = await readObject(parts.decoder, attributes.request, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
  })
  const options = (object as Eviction).deleteOptions ?? {}
  checkDeleteOptions(options)
  await parts.registry.delete(
    row,
    route.namespace,
    route.name,
    options,
    writeOptionsOf(attributes, 'DeleteOptions', options.dryRun),
  )
  const { details: _none, ...done } = success({})
  return jsonResponse(201, { ...done, code: 201 })
}
