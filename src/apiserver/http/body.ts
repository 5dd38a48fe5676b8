import { parseDocument } from 'yaml'
import type { ApiRequest } from '../../api/http.ts'
import type { DeleteOptions } from '../../api/objects.ts'
import { isRecord } from '../../api/patch/merge.ts'
import { DecodeError, decodeAs } from '../../api/schema/decode.ts'
import { duplicateFields } from '../../api/schema/duplicates.ts'
import { openApiNameOf, typeByName } from '../../api/schema/lookup.ts'
import { decodeProtobuf, ProtobufError } from '../../api/schema/protobuf.ts'
import { badRequest, unsupportedMediaType } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'

/** What a body must be. */
export interface Expected {
  readonly apiVersion: string
  readonly kind: string
}

/** A decoded body with what the client is to be warned of. */
export interface Decoded {
  readonly object: KubeObject
  readonly warnings: readonly string[]
}

const jsonType = 'application/json'
const yamlType = 'application/yaml'
const protobufType = 'application/vnd.kubernetes.protobuf'

/** The media type of a request's body, without parameters; JSON when it says nothing. */
export function contentTypeOf(request: ApiRequest): string {
  const header = request.headers['content-type'] ?? ''
  return header.split(';')[0]?.trim().toLowerCase() || jsonType
}

/**
 * Reads an object of the expected kind. Unknown and repeated fields are refused, reported or
 * ignored as `fieldValidation` says; without it they are reported, as upstream.
 * @throws StatusError 400, 415
 */
export function readObject(request: ApiRequest, expected: Expected): Decoded {
  const type = contentTypeOf(request)
  const problems: string[] = []
  const mode = request.query.get('fieldValidation') || 'Warn'
  const raw = parseBody(request, type, mode, problems, expected)
  if (!isRecord(raw))
    throw badRequest(
      `couldn't get version/kind; json parse error: ${expected.kind} must be an object`,
    )
  checkKind(raw, expected)
  const object = decodeObject(raw, expected, problems)
  return { object, warnings: judgeProblems(problems, mode, expected) }
}

/** Turns problems into a refusal or into warnings. @throws StatusError 400 */
export function judgeProblems(
  problems: readonly string[],
  mode: string,
  expected: Expected,
): string[] {
  if (problems.length === 0 || mode === 'Ignore') return []
  if (mode === 'Strict') {
    throw badRequest(`${headOf(expected)}strict decoding error: ${problems.join(', ')}`)
  }
  return [...problems]
}

/** Decodes JSON by the schema; unknown fields are added to `problems`. @throws StatusError 400 */
export function decodeObject(raw: unknown, expected: Expected, problems: string[]): KubeObject {
  const type = typeByName(openApiNameOf(expected.apiVersion, expected.kind))
  const unknown: string[] = []
  try {
    const object = (type === undefined ? raw : decodeAs(type, raw, unknown)) as KubeObject
    for (const path of unknown) problems.push(`unknown field "${path}"`)
    object.metadata ??= {}
    object.apiVersion = expected.apiVersion
    object.kind = expected.kind
    return object
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(headOf(expected) + error.message)
    throw error
  }
}

function headOf({ apiVersion, kind }: Expected): string {
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  return `${kind} in version "${version}" cannot be handled as a ${kind}: `
}

function checkKind(raw: Record<string, unknown>, expected: Expected): void {
  const { apiVersion, kind } = raw
  if (apiVersion && apiVersion !== expected.apiVersion) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API ` +
        `version (${expected.apiVersion})`,
    )
  }
  if (kind && kind !== expected.kind) {
    throw badRequest(
      `${kind} in version "${String(apiVersion ?? expected.apiVersion)}" cannot be ` +
        `handled as a ${expected.kind}: converting (${kind}) to (${expected.kind}): ` +
        'unknown conversion',
    )
  }
}

function parseBody(
  request: ApiRequest,
  type: string,
  mode: string,
  problems: string[],
  expected: Expected,
): unknown {
  const body = request.body ?? new Uint8Array()
  if (type === protobufType) {
    try {
      return decodeProtobuf(body)
    } catch (error) {
      if (error instanceof ProtobufError) throw badRequest(headOf(expected) + error.message)
      throw error
    }
  }
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  if (type === jsonType) {
    const value = parseJson(text)
    if (mode !== 'Ignore') {
      for (const path of duplicateFields(text)) problems.push(`duplicate field "${path}"`)
    }
    return value
  }
  if (type === yamlType) return parseYaml(text, problems)
  throw unsupportedMediaType([jsonType, yamlType, protobufType])
}

/** @throws StatusError 400 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw badRequest(`couldn't get version/kind; json parse error: ${why}`)
  }
}

/** @throws StatusError 400 */
export function parseYaml(text: string, problems: string[]): unknown {
  const document = parseDocument(text, { uniqueKeys: false })
  const [error] = document.errors
  if (error !== undefined) throw badRequest(`error converting YAML to JSON: yaml: ${error.message}`)
  for (const repeated of parseDocument(text).errors) {
    problems.push(`yaml: ${repeated.message.split('\n')[0]}`)
  }
  return document.toJS()
}

/** The options of a DELETE: body and query together. @throws StatusError 400 */
export function readDeleteOptions(request: ApiRequest): DeleteOptions {
  const expected = { apiVersion: 'v1', kind: 'DeleteOptions' }
  let options: DeleteOptions = {}
  if (request.body !== undefined && request.body.length > 0) {
    const raw = parseBody(request, contentTypeOf(request), 'Ignore', [], expected)
    if (isRecord(raw)) options = decodeObject(raw, expected, []) as DeleteOptions
  }
  const { query } = request
  const grace = query.get('gracePeriodSeconds')
  const policy = query.get('propagationPolicy') as DeleteOptions['propagationPolicy']
  const orphan = query.get('orphanDependents')
  return {
    ...options,
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(policy ? { propagationPolicy: policy } : {}),
    ...(orphan === null ? {} : { orphanDependents: orphan === 'true' }),
  }
}
