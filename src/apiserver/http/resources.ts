import type { ApiResponse } from '../../api/http.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { badRequest, invalid, methodNotAllowed, success } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { Causes } from '../../api/validation/causes.ts'
import type { Attributes } from '../filters/attributes.ts'
import type { Route } from '../filters/request-info.ts'
import { listOptionsOf } from '../registry/list-options.ts'
import { bytesOf, type Entry, objectOf } from '../storage/entry.ts'
import { parseFilter } from '../storage/filter.ts'
import { readObject } from './body.ts'
import { type Parts, writeOptionsOf } from './context.ts'
import type { Expected } from './decode.ts'
import { type Format, type IncludeObject, negotiate, openList, Renderer } from './format.ts'
import { checkFieldValidation, isDryRun, readDeleteOptions } from './options.ts'
import { preparePatch } from './patch.ts'
import { bytesResponse, inFormat, jsonResponse, listBody } from './respond.ts'

/** A request on a stored resource. */
export interface Target {
  readonly row: ResourceRow
  readonly route: Route
}

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

/** Kind and version of a row's bodies. */
export function expectedOf(row: ResourceRow): Expected {
  return { apiVersion: apiVersionOf(row), kind: row.kind }
}

/** Source: apiserver pkg/endpoints/filters/warning.go. */
const warningCharactersMax = 4 * 1024
const oneWarningCharactersMax = 256

/** Warnings of a decoded body as headers. Source: RFC 7234 5.5, code 299. */
export function warningHeaders(warnings: readonly string[]): Record<string, string> {
  if (warnings.length === 0) return {}
  const quote = (text: string) => text.replace(/["\\]/g, '\\$&')
  const total = warnings.reduce((sum, text) => sum + text.length, 0)
  const max = total > warningCharactersMax ? oneWarningCharactersMax : total
  const header = warnings
    // A key may hold what no header can. Source: apimachinery net.NewWarningHeader.
    .filter(text => !/[\u0000-\u001f\u007f]/.test(text))
    .map(text => `299 - "${quote(text.slice(0, max))}"`)
  const kept: string[] = []
  let left = warningCharactersMax
  for (const text of header) {
    left -= text.length
    if (left >= 0) kept.push(text)
  }
  // Headers are bytes: UTF-8 goes out as the characters of its bytes.
  return { warning: Buffer.from(kept.join(', '), 'utf8').toString('latin1') }
}

/** One object as the client wants to see it. */
export function objectResponse(
  parts: Parts,
  attributes: Attributes,
  row: ResourceRow,
  entry: Entry,
  code: number,
  headers: Record<string, string> = {},
): Promise<ApiResponse> {
  const format = negotiate(attributes.request.headers.accept)
  const renderer = rendererOf(parts, attributes, row, format)
  if (format.shape !== 'table') {
    const body = Buffer.concat([renderer.item(entry), newline])
    return inFormat(bytesResponse(code, body, headers), format)
  }
  const rows = [renderer.tableRow(objectOf(entry))]
  const table = renderer.tableOf(rows, String(entry.revision))
  return inFormat(jsonResponse(code, table, headers), format)
}

const newline = Buffer.from('\n')

function rendererOf(
  parts: Parts,
  attributes: Attributes,
  row: ResourceRow,
  format: Format,
): Renderer {
  const include = (attributes.request.query.get('includeObject') || 'Metadata') as IncludeObject
  return new Renderer(row, format, include, parts.clock.wall())
}

async function get(
  parts: Parts,
  attributes: Attributes,
  { row, route }: Target,
): Promise<ApiResponse> {
  const version = attributes.request.query.get('resourceVersion') ?? ''
  const entry = await parts.reader.get(row, route.namespace, route.name, version)
  return objectResponse(parts, attributes, row, entry, 200)
}

async function list(
  parts: Parts,
  attributes: Attributes,
  { row, route }: Target,
): Promise<ApiResponse> {
  const { query, headers } = attributes.request
  const format = negotiate(headers.accept)
  const filter = parseFilter(row, route.namespace, query)
  const page = await parts.reader.list(row, filter, listOptionsOf(query))
  const renderer = rendererOf(parts, attributes, row, format)
  const head = renderer.listHead({
    resourceVersion: String(page.revision),
    ...(page.continueToken === '' ? {} : { continue: page.continueToken }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  })
  const body = listBody(head, page.entries, entry => renderer.item(entry))
  return inFormat({ status: 200, headers: { 'content-type': 'application/json' }, body }, format)
}

async function watch(
  parts: Parts,
  attributes: Attributes,
  { row, route }: Target,
): Promise<ApiResponse> {
  const { query, headers, signal } = attributes.request
  const format = negotiate(headers.accept)
  if (route.name !== '') query.set('fieldSelector', `metadata.name=${route.name}`)
  const filter = parseFilter(row, route.namespace, query)
  const renderer = rendererOf(parts, attributes, row, format)
  const body = await parts.watches.start({ row, filter, query, format, renderer, signal })
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

async function create(
  parts: Parts,
  attributes: Attributes,
  { row, route }: Target,
): Promise<ApiResponse> {
  checkFieldValidation('CreateOptions', attributes.request.query)
  const { object, warnings } = await readObject(parts.decoder, attributes.request, expectedOf(row))
  placeInNamespace(row, object, route.namespace)
  const dryRun = isDryRun('CreateOptions', attributes.request.query.getAll('dryRun'))
  const entry = await parts.registry.create(row, object, writeOptionsOf(attributes, dryRun))
  return objectResponse(parts, attributes, row, entry, 201, warningHeaders(warnings))
}

function placeInNamespace(row: ResourceRow, object: KubeObject, namespace: string): void {
  const { metadata } = object
  if (!row.namespaced) {
    delete metadata.namespace
    return
  }
  const given = metadata.namespace || namespace
  if (namespace !== '' && given !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
  if (given === '') throw badRequest('an empty namespace may not be set during creation')
  metadata.namespace = given
}

/** A PUT's object must be the one of the path. @throws StatusError 400 */
export function checkIdentity(row: ResourceRow, object: KubeObject, route: Route): void {
  const { metadata } = object
  if (!metadata.name) {
    throw badRequest(
      `the name of the object (${route.name} based on URL) was undeterminable: ` +
        'name must be provided',
    )
  }
  if (metadata.name !== route.name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL ` +
        `(${route.name})`,
    )
  }
  if (row.namespaced && metadata.namespace && metadata.namespace !== route.namespace) {
    throw badRequest(
      `the namespace of the object (${metadata.namespace}) does not match the namespace on ` +
        `the request (${route.namespace})`,
    )
  }
}

async function update(
  parts: Parts,
  attributes: Attributes,
  { row, route }: Target,
): Promise<ApiResponse> {
  checkFieldValidation('UpdateOptions', attributes.request.query)
  const { object, warnings } = await readObject(parts.decoder, attributes.request, expectedOf(row))
  checkIdentity(row, object, route)
  const dryRun = isDryRun('UpdateOptions', attributes.request.query.getAll('dryRun'))
  const entry = await parts.registry.update(
    row,
    route.namespace,
    route.name,
    { part: 'main', change: () => structuredClone(object) },
    writeOptionsOf(attributes, dryRun),
  )
  return objectResponse(parts, attributes, row, entry, 200, warningHeaders(warnings))
}

async function patch(
  parts: Parts,
  attributes: Attributes,
  { row, route }: Target,
): Promise<ApiResponse> {
  checkFieldValidation('PatchOptions', attributes.request.query)
  const prepared = await preparePatch(parts.decoder, attributes.request, expectedOf(row))
  const dryRun = isDryRun('PatchOptions', attributes.request.query.getAll('dryRun'))
  const change = (current: KubeObject) =>
    patchedObject(row, route, prepared.apply(current), current.metadata)
  const entry = await parts.registry.update(
    row,
    route.namespace,
    route.name,
    { part: 'main', change },
    writeOptionsOf(attributes, dryRun),
  )
  return objectResponse(parts, attributes, row, entry, 200, warningHeaders(prepared.warnings))
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
    throw invalid(row, route.name, causes.list)
  }
  return object
}

async function remove(
  parts: Parts,
  attributes: Attributes,
  { row, route }: Target,
): Promise<ApiResponse> {
  const options = await readDeleteOptions(parts.decoder, attributes.request)
  const dryRun = isDryRun('DeleteOptions', [
    ...attributes.request.query.getAll('dryRun'),
    ...(options.dryRun ?? []),
  ])
  const { entry, isRemoved } = await parts.registry.delete(
    row,
    route.namespace,
    route.name,
    options,
    writeOptionsOf(attributes, dryRun),
  )
  if (!isRemoved) return objectResponse(parts, attributes, row, entry, 200)
  return jsonResponse(200, deletedStatus(row, entry))
}

function deletedStatus(row: ResourceRow, entry: Entry): unknown {
  const { uid } = objectOf(entry).metadata
  return success({
    name: entry.name,
    ...(row.group === '' ? {} : { group: row.group }),
    kind: row.resource,
    ...(uid ? { uid } : {}),
  })
}

/** Deletions of a collection that run side by side. */
const deletionsAtOnce = 16

async function deletecollection(
  parts: Parts,
  attributes: Attributes,
  { row, route }: Target,
): Promise<ApiResponse> {
  const options = await readDeleteOptions(parts.decoder, attributes.request)
  const dryRun = isDryRun('DeleteOptions', [
    ...attributes.request.query.getAll('dryRun'),
    ...(options.dryRun ?? []),
  ])
  const filter = parseFilter(row, route.namespace, attributes.request.query)
  const page = await parts.reader.list(row, filter, listOptionsOf(attributes.request.query))
  const writes = writeOptionsOf(attributes, dryRun)
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
  const head = openList(`${row.kind}List`, apiVersionOf(row), { metadata }, 'items')
  const body = listBody(head, page.entries, entry => bytesOf(entry))
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

function ignoreNotFound(error: { status?: { code?: number } }): void {
  if (error.status?.code !== 404) throw error
}
