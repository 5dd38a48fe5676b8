import { parseJsonExact } from '../../api/json.ts'
import { isRecord } from '../../api/patch/merge.ts'
import { DecodeError, decodeAs } from '../../api/schema/decode.ts'
import { DepthError, duplicateFields } from '../../api/schema/duplicates.ts'
import { openApiNameOf, typeByName, typeOfKind } from '../../api/schema/lookup.ts'
import { decodeProtobuf, ProtobufError } from '../../api/schema/protobuf.ts'
import { badRequest, StatusError, unsupportedMediaType } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { errorMessage } from '../../kernel/result.ts'
import { YamlError, yamlToJson } from './yaml.ts'

/**
 * From a client's bytes to objects: plain functions, for the main thread when the bytes are few,
 * and for a thread of its own when they are many. Whatever the bytes are, what is wrong is a 400.
 */

/** What a body must be. */
export interface Expected {
  readonly apiVersion: string
  readonly kind: string
  /** Another version in which it may come: options are of every group. */
  readonly orVersion?: string
}

/** A body with what is to be made of it. */
export interface DecodeJob {
  readonly body: Uint8Array
  /** The media type, without parameters. */
  readonly type: string
  /** As in the query: Strict, Warn or Ignore. */
  readonly fieldValidation: string
  /** The object's kind; absent for a patch, which has none. */
  readonly expected?: Expected
}

/** A decoded body; `problems` are unknown and repeated fields. */
export interface DecodedBody {
  readonly value: unknown
  readonly problems: readonly string[]
}

export const jsonType = 'application/json'
export const yamlType = 'application/yaml'
export const protobufType = 'application/vnd.kubernetes.protobuf'

/** @throws StatusError 400, 415 */
export function decodeBody(job: DecodeJob): DecodedBody {
  const problems: string[] = []
  const { expected } = job
  if (expected === undefined) return { value: parsePatch(job), problems }
  // Go decodes null into an object that has nothing.
  const raw = parseBody(job, expected, problems) ?? {}
  if (!isRecord(raw)) {
    throw badRequest(
      `couldn't get version/kind; json parse error: ${expected.kind} must be an object`,
    )
  }
  checkKind(raw, expected)
  return { value: decodeObject(raw, expected, problems), problems }
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

/** How the texts about a body begin. */
export function headOf({ apiVersion, kind }: Expected): string {
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  return `${kind} in version "${version}" cannot be handled as a ${kind}: `
}

function checkKind(raw: Record<string, unknown>, expected: Expected): void {
  for (const field of ['apiVersion', 'kind'] as const) {
    const value = raw[field]
    if (value !== undefined && value !== null && typeof value !== 'string') {
      throw badRequest(
        `couldn't get version/kind; json parse error: json: cannot unmarshal ${typeof value} ` +
          `into Go struct field .${field} of type string`,
      )
    }
  }
  const { apiVersion, kind } = raw
  const isExpected = apiVersion === expected.apiVersion || apiVersion === expected.orVersion
  if (apiVersion && !isExpected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API ` +
        `version (${expected.apiVersion})`,
    )
  }
  if (kind && kind !== expected.kind) throw wrongKind(String(kind), expected)
}

/** Source: apimachinery pkg/runtime/error.go, and schemes that name their own place in the code. */
function wrongKind(kind: string, { apiVersion, kind: wanted }: Expected): StatusError {
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  const isKnown = typeOfKind(apiVersion, kind) !== undefined
  const why = isKnown
    ? `converting (${kind}) to (${wanted}): unknown conversion`
    : `no kind "${kind}" is registered for version "${apiVersion}" in scheme ` +
      '"pkg/runtime/scheme.go:111"'
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${wanted}: ${why}`)
}

function parseBody(job: DecodeJob, expected: Expected, problems: string[]): unknown {
  const { type } = job
  if (type === protobufType) return parseProtobuf(job.body, expected)
  if (type === jsonType) {
    const text = textOf(job.body)
    const value = recognized(text, expected, () => parseJson(text))
    const repeated = recognized(text, expected, () => guarded(() => duplicateFields(text)))
    if (job.fieldValidation !== 'Ignore') {
      for (const path of repeated) problems.push(`duplicate field "${path}"`)
    }
    return value
  }
  if (type === yamlType) return parseYaml(textOf(job.body), problems)
  throw unsupportedMediaType([jsonType, yamlType, protobufType])
}

/**
 * What is no JSON has no kind either, and its beginning is shown.
 * Source: apiserver endpoints/handlers transformDecodeError.
 */
function recognized<T>(text: string, { kind }: Expected, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    const snippet = text.length > snippetMax ? `${text.slice(0, snippetMax)} ...` : text
    const shown = text === '' ? '<empty>' : text.startsWith('{') ? snippet : hexOf(text)
    const what = `the object provided is unrecognized (must be of type ${kind})`
    throw badRequest(`${what}: ${error.message} (${shown})`)
  }
}

const snippetMax = 30

function hexOf(text: string): string {
  const bytes = Buffer.from(text.slice(0, snippetMax))
  const more = bytes.length > snippetMax || text.length > snippetMax ? ' ...' : ''
  return bytes.subarray(0, snippetMax).toString('hex') + more
}

function parseProtobuf(body: Uint8Array, expected: Expected): unknown {
  try {
    return decodeProtobuf(body)
  } catch (error) {
    if (error instanceof ProtobufError) throw badRequest(headOf(expected) + error.message)
    throw error
  }
}

/** kubectl accepts patches in YAML and converts; other clients may not. */
function parsePatch({ body }: DecodeJob): unknown {
  const text = textOf(body)
  if (!/^\s*[[{]/.test(text)) return parseYaml(text, [])
  const value = parseJson(text)
  guarded(() => duplicateFields(text))
  return value
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
}

/** @throws StatusError 400 */
export function parseJson(text: string): unknown {
  try {
    return parseJsonExact(text)
  } catch (error) {
    throw unreadable(text.trim() === '' ? 'unexpected end of JSON input' : errorMessage(error))
  }
}

/** The refusal of a body that is no JSON. Source: serializer/json/meta.go Interpret. */
function unreadable(why: string): StatusError {
  return badRequest(`couldn't get version/kind; json parse error: ${why}`)
}

function parseYaml(text: string, problems: string[]): unknown {
  return guarded(() => yamlToJson(text, problems))
}

/** What is too deep, or no YAML, is the client's fault. The parser of YAML is not ours. */
function guarded<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof DepthError) {
      throw unreadable(error.message)
    }
    const text = error instanceof YamlError ? error.message : `yaml: ${String(error)}`
    throw badRequest(`error converting YAML to JSON: ${text}`)
  }
}
