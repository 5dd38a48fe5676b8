import { parseJsonExact } from '../../api/json.ts'
import { isRecord } from '../../api/patch/merge.ts'
import { DecodeError, decodeAs, jsonKind } from '../../api/schema/decode.ts'
import { DepthError, duplicateFields } from '../../api/schema/duplicates.ts'
import { jsonSyntaxError } from '../../api/schema/json-syntax.ts'
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
/** Of a server-side apply. */
export const applyType = 'application/apply-patch+yaml'

/** @throws StatusError 400, 415 */
export function decodeBody(job: DecodeJob): DecodedBody {
  const problems: string[] = []
  const { expected } = job
  if (expected === undefined) return { value: parsePatch(job, problems), problems }
  // Go decodes null into an object that has nothing.
  const raw = (parseBody(job, expected, problems) ?? {}) as Record<string, unknown>
  checkKind(raw, expected)
  return { value: decodeObject(raw, expected, problems), problems }
}

/** Decodes JSON by the schema; unknown fields are added to `problems`. @throws StatusError 400 */
export function decodeObject(raw: unknown, expected: Expected, problems: string[]): KubeObject {
  const type = typeByName(openApiNameOf(expected.apiVersion, expected.kind))
  const unknown: string[] = []
  try {
    const object = (type && isRecord(raw) ? decodeAs(type, raw, unknown) : raw) as KubeObject
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
  const kind = String(raw.kind || expected.kind)
  const apiVersion = String(raw.apiVersion || expected.apiVersion)
  const isExpected = apiVersion === expected.apiVersion || apiVersion === expected.orVersion
  if (kind === expected.kind && isExpected) return
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  const head = `${kind} in version "${version}" cannot be handled as a ${expected.kind}: `
  if (typeOfKind(apiVersion, kind) === undefined) {
    throw badRequest(`${head}${notRegistered(apiVersion, kind)}`)
  }
  if (kind !== expected.kind) {
    throw badRequest(`${head}converting (${kind}) to (${expected.kind}): unknown conversion`)
  }
  throw badRequest(
    `the API version in the data (${apiVersion}) does not match the expected API ` +
      `version (${expected.apiVersion})`,
  )
}

/** Source: apimachinery pkg/runtime/error.go; schemes name their own place in upstream's code. */
function notRegistered(apiVersion: string, kind: string): string {
  return (
    `no kind "${kind}" is registered for version "${apiVersion}" in scheme ` +
    '"pkg/runtime/scheme.go:111"'
  )
}

function parseBody(job: DecodeJob, expected: Expected, problems: string[]): unknown {
  const { type } = job
  if (type === protobufType) return parseProtobuf(job.body, expected)
  const text = textOf(job.body)
  if (type === jsonType) {
    return recognized(text, expected, () => {
      const value = checkHead(parseJson(text))
      const repeated = guarded(() => duplicateFields(text))
      if (job.fieldValidation !== 'Ignore') {
        for (const path of repeated) problems.push(`duplicate field "${path}"`)
      }
      return value
    })
  }
  if (type === yamlType) {
    return recognized(text, expected, () => checkHead(parseYaml(text, problems)))
  }
  throw unsupportedMediaType([jsonType, yamlType, protobufType])
}

const headType =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; ' +
  'Kind string "json:\\"kind,omitempty\\"" }'

/** What says of which kind a body is. Source: serializer/json/meta.go Interpret. */
function checkHead(value: unknown): unknown {
  if (value === null) return value
  if (!isRecord(value)) {
    throw unreadable(`json: cannot unmarshal ${jsonKind(value)} into Go value of type ${headType}`)
  }
  for (const field of ['apiVersion', 'kind'] as const) {
    const item = value[field]
    if (item === undefined || item === null || typeof item === 'string') continue
    throw unreadable(
      `json: cannot unmarshal ${jsonKind(item)} into Go struct field .${field} of type string`,
    )
  }
  const { apiVersion } = value
  if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2) {
    throw badRequest(`unexpected GroupVersion string: ${apiVersion}`)
  }
  return value
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
function parsePatch({ body, type }: DecodeJob, problems: string[]): unknown {
  const text = textOf(body)
  if (type === applyType) return parseApplied(text, problems)
  if (!/^\s*[[{]/.test(text)) return parseYaml(text, [])
  const value = parseJson(text)
  guarded(() => duplicateFields(text))
  return value
}

/** What is applied is YAML, of which JSON is a part; keys that are repeated are told of. */
function parseApplied(text: string, problems: string[]): unknown {
  try {
    const value = parseJsonExact(text)
    if (guarded(() => duplicateFields(text)).length === 0) return value
  } catch (error) {
    if (error instanceof StatusError) throw error
    // YAML has its own words for what is wrong.
  }
  return parseYaml(text, problems)
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
}

/** @throws StatusError 400 */
export function parseJson(text: string): unknown {
  try {
    return parseJsonExact(text)
  } catch (error) {
    throw unreadable(jsonSyntaxError(text) ?? errorMessage(error))
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
