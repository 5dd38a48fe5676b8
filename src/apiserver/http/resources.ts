import type { ApiResponse } from '../../api/http.ts'
import { cloneJson } from '../../api/json.ts'
import { toServed, toStored } from '../../api/resources/convert.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { conflict, invalid, isStatusReason, methodNotAllowed, success } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { Causes } from '../../api/validation/causes.ts'
import type { Attributes } from '../filters/attributes.ts'
import { mustBeAllowed } from '../filters/authorization.ts'
import type { Route } from '../filters/request-info.ts'
import { listOptionsOf } from '../registry/list-options.ts'
import { type Entry, objectOf } from '../storage/entry.ts'
import { parseFilter } from '../storage/filter.ts'
import { readObject } from './body.ts'
import { type Parts, writeOptionsOf } from './context.ts'
import { fieldManagerOf, trackerOf } from './field-manager.ts'
import { plainFormat } from './format.ts'
import { formatFor, objectResponse, rendererOf } from './object-response.ts'
import { checkWriteOptions, readDeleteOptions } from './options.ts'
import { preparePatch } from './patch.ts'
import type { PreparedPatch } from './prepared-patch.ts'
import { protobufList } from './protobuf.ts'
import { inFormat, jsonResponse, listBody } from './respond.ts'
import { checkIdentity, expectedOf, placeInNamespace, type Target } from './target.ts'
import { warningHeaders } from './warnings.ts'

/** Runs a verb on a collection or an object. @throws StatusError */
export async function serveResource(
  parts: Parts,
  attributes: Attributes,
  target: Target,
  verb: string,
): Promise<ApiResponse> {
  const verbs: Record<string, typeof get> = {
    get,
    list,
    watch,
    create,
    update,
    patch,
    delete: remove,
    deletecollection,
  }
  const serve = verbs[verb]
  if (serve === undefined || !isRouted(target, verb)) throw methodNotAllowed()
  // Before anything is done: who can't be answered has changed nothing.
  formatFor(attributes, target)
  return serve(parts, attributes, target)
}

/**
 * Whether a verb is there for such a path. The objects of all namespaces can be read together, but
 * nobody deletes them all with one request.
 * Source: apiserver pkg/endpoints/installer.go, which registers no more for all namespaces.
 */
function isRouted({ row, route }: Target, verb: string): boolean {
  if (!row.verbs.includes(verb)) return false
  if (route.name !== '') return verb !== 'create'
  if (verb === 'update' || verb === 'patch') return false
  return !row.namespaced || route.namespace !== '' || verb === 'list' || verb === 'watch'
}

async function get(parts: Parts, attributes: Attributes, target: Target): Promise<ApiResponse> {
  const { row, route } = target
  const version = attributes.request.query.get('resourceVersion') ?? ''
  const { namespace, name } = route
  const entry = await parts.reader.get(row, namespace, name, version, target.served)
  return objectResponse(parts, attributes, target, entry, 200)
}

async function list(parts: Parts, attributes: Attributes, target: Target): Promise<ApiResponse> {
  const { row, route } = target
  const { query } = attributes.request
  const format = formatFor(attributes, target)
  const filter = parseFilter(row, route.namespace, query)
  const page = await parts.reader.list(row, filter, listOptionsOf(query))
  const renderer = rendererOf(parts, attributes, target, format)
  const metadata = {
    resourceVersion: String(page.revision),
    ...(page.continueToken === '' ? {} : { continue: page.continueToken }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  }
  if (format.encoding === 'protobuf') {
    const bytes = await protobufList(target, format, metadata, page.entries)
    return { status: 200, headers: { 'content-type': format.contentType }, body: bytes }
  }
  const head = renderer.listHead(metadata)
  const body = listBody(head, page.entries, entry => renderer.listItem(entry))
  return inFormat({ status: 200, headers: { 'content-type': 'application/json' }, body }, format)
}

async function watch(parts: Parts, attributes: Attributes, target: Target): Promise<ApiResponse> {
  const { row, route } = target
  const { query, signal } = attributes.request
  const format = formatFor(attributes, target)
  if (route.name !== '') query.set('fieldSelector', `metadata.name=${route.name}`)
  const filter = parseFilter(row, route.namespace, query)
  const renderer = rendererOf(parts, attributes, target, format)
  const body = await parts.watches.start({ row, filter, query, format, renderer, signal })
  const contentType =
    format.encoding === 'protobuf' ? `${format.contentType};stream=watch` : 'application/json'
  return { status: 200, headers: { 'content-type': contentType }, body }
}

async function create(parts: Parts, attributes: Attributes, target: Target): Promise<ApiResponse> {
  const { row, served, route } = target
  checkWriteOptions('CreateOptions', attributes.request.query)
  const { object, warnings } = await readObject(
    parts.decoder,
    attributes.request,
    expectedOf(target),
  )
  placeInNamespace(row, object, route.namespace)
  const track = trackerOf(parts, attributes, target)
  const writes = { ...writeOptionsOf(attributes, 'CreateOptions'), track }
  const entry = await parts.registry.create(row, toStored(row, served, object), writes)
  const headers = warningHeaders([...warnings, ...writes.warnings])
  return objectResponse(parts, attributes, target, entry, 201, headers)
}

async function update(parts: Parts, attributes: Attributes, target: Target): Promise<ApiResponse> {
  const { row, served, route } = target
  checkWriteOptions('UpdateOptions', attributes.request.query)
  const { object, warnings } = await readObject(
    parts.decoder,
    attributes.request,
    expectedOf(target),
  )
  checkIdentity(row, object, route)
  const track = trackerOf(parts, attributes, target)
  const writes = { ...writeOptionsOf(attributes, 'UpdateOptions'), track }
  const stored = () => toStored(row, served, cloneJson(object))
  try {
    const update = { part: 'main', change: stored } as const
    const entry = await parts.registry.update(row, route.namespace, route.name, update, writes)
    const headers = warningHeaders([...warnings, ...writes.warnings])
    return objectResponse(parts, attributes, target, entry, 200, headers)
  } catch (error) {
    if (!row.createOnUpdate || !isStatusReason(error, 'NotFound')) throw error
  }
  mustBeAllowed({ ...attributes, verb: 'create' })
  placeInNamespace(row, object, route.namespace)
  // A version that it would replace is not looked at: there is none.
  delete object.metadata.resourceVersion
  const entry = await parts.registry.create(row, stored(), writes)
  const headers = warningHeaders([...warnings, ...writes.warnings])
  return objectResponse(parts, attributes, target, entry, 201, headers)
}

async function patch(parts: Parts, attributes: Attributes, target: Target): Promise<ApiResponse> {
  const { row, served, route } = target
  const prepared = await preparePatch(parts.decoder, attributes.request, expectedOf(target), () =>
    fieldManagerOf(parts, attributes, target),
  )
  const writes = writeOptionsOf(attributes, 'PatchOptions')
  const change = (current: KubeObject) => {
    const { metadata } = current
    const next = prepared.apply(toServed(served, current))
    return toStored(row, served, patchedObject(row, route, next, metadata))
  }
  const update = (): Promise<Entry> => {
    const track = prepared.isApply ? undefined : trackerOf(parts, attributes, target)
    const options = track === undefined ? writes : { ...writes, track }
    const { namespace, name } = route
    return parts.registry.update(row, namespace, name, { part: 'main', change }, options)
  }
  const { entry, code } = prepared.isApply
    ? await applied(parts, attributes, target, prepared, update)
    : { entry: await update(), code: 200 }
  const warnings = warningHeaders([...prepared.warnings, ...writes.warnings])
  return objectResponse(parts, attributes, target, entry, code, warnings)
}

/** Rounds of an object that comes and goes. */
const appliesMax = 5

/** What is applied and not there is made. Source: handlers/patch.go, forceAllowCreate. */
async function applied(
  parts: Parts,
  attributes: Attributes,
  target: Target,
  prepared: PreparedPatch,
  update: () => Promise<Entry>,
): Promise<{ readonly entry: Entry; readonly code: number }> {
  const { row, served, route } = target
  for (let tries = 1; ; tries++) {
    try {
      return { entry: await update(), code: 200 }
    } catch (error) {
      if (!isStatusReason(error, 'NotFound') || tries === appliesMax) throw error
    }
    const object = prepared.apply({ ...expectedOf(target), metadata: {} })
    placeApplied(target, object)
    mustBeAllowed({ ...attributes, verb: 'create' })
    try {
      const writes = writeOptionsOf(attributes, 'PatchOptions')
      const entry = await parts.registry.create(row, toStored(row, served, object), writes)
      return { entry, code: 201 }
    } catch (error) {
      if (!isStatusReason(error, 'AlreadyExists') || route.name === '') throw error
    }
  }
}

/** @throws StatusError 400, 409 */
function placeApplied({ row, route }: Target, object: KubeObject): void {
  const { uid } = object.metadata
  if (uid) {
    throw conflict(
      row,
      route.name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    )
  }
  placeInNamespace(row, object, route.namespace)
  checkIdentity(row, object, route)
  delete object.metadata.resourceVersion
}

function patchedObject(
  row: ResourceRow,
  route: Route,
  object: KubeObject,
  was: { readonly uid?: string; readonly resourceVersion?: string },
): KubeObject {
  checkIdentity(row, object, route)
  const { uid, resourceVersion = '' } = object.metadata
  // A PUT's uid is a precondition, a patch's is a change; a lost race is told first, as a conflict.
  const lost = resourceVersion !== '' && resourceVersion !== was.resourceVersion
  if (uid && uid !== was.uid && !lost) {
    const causes = new Causes()
    causes.invalid('metadata.uid', uid, 'field is immutable')
    // Twice, as all that is wrong with the metadata of an update.
    throw invalid(row, route.name, [...causes.list, ...causes.list])
  }
  return object
}

async function remove(parts: Parts, attributes: Attributes, target: Target): Promise<ApiResponse> {
  const { row, route } = target
  const options = await readDeleteOptions(parts.decoder, attributes)
  const writes = writeOptionsOf(attributes, 'DeleteOptions', options.dryRun)
  const { entry, isRemoved } = await parts.registry.delete(
    row,
    route.namespace,
    route.name,
    options,
    writes,
  )
  const headers = warningHeaders(writes.warnings)
  if (!isRemoved || row.returnsDeleted) {
    return objectResponse(parts, attributes, target, entry, 200, headers)
  }
  return jsonResponse(200, deletedStatus(target, entry), headers)
}

function deletedStatus({ row, served }: Target, entry: Entry): unknown {
  const { uid } = objectOf(entry).metadata
  return success({
    name: entry.name,
    ...(served.group === '' ? {} : { group: served.group }),
    kind: row.resource,
    ...(uid ? { uid } : {}),
  })
}

/** Deletions of a collection that run side by side. */
const deletionsAtOnce = 16

async function deletecollection(
  parts: Parts,
  attributes: Attributes,
  target: Target,
): Promise<ApiResponse> {
  const { row, route } = target
  const options = await readDeleteOptions(parts.decoder, attributes)
  const writes = writeOptionsOf(attributes, 'DeleteOptions', options.dryRun)
  const filter = parseFilter(row, route.namespace, attributes.request.query)
  const page = await parts.reader.list(row, filter, listOptionsOf(attributes.request.query))
  const queue = [...page.entries]
  const worker = async () => {
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
      await parts.registry
        .delete(row, entry.namespace, entry.name, options, writes)
        .catch(ignoreNotFound)
    }
  }
  await Promise.all(Array.from({ length: deletionsAtOnce }, worker))
  const metadata = { resourceVersion: String(page.revision) }
  const renderer = rendererOf(parts, attributes, target, plainFormat)
  const body = listBody(renderer.listHead(metadata), page.entries, entry =>
    renderer.listItem(entry),
  )
  // Once for all of them.
  const warnings = warningHeaders([...new Set(writes.warnings)])
  const headers = { 'content-type': 'application/json', ...warnings }
  return { status: 200, headers, body }
}

function ignoreNotFound(error: { status?: { code?: number } }): void {
  if (error.status?.code !== 404) throw error
}
