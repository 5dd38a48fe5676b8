import type { ApiRequest } from '../../api/http.ts'
import { applyJsonPatch, JsonPatchError, operationsMax } from '../../api/patch/json-patch.ts'
import { mergePatch } from '../../api/patch/merge.ts'
import { PatchError, strategicMerge } from '../../api/patch/strategic.ts'
import { jsonKind } from '../../api/schema/decode.ts'
import { typeOfKind } from '../../api/schema/lookup.ts'
import {
  badRequest,
  invalid,
  requestEntityTooLarge,
  StatusError,
  unsupportedByRoute,
  unsupportedMediaType,
} from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { contentTypeOf, fieldValidationOf, readPatch } from './body.ts'
import { decodeObject, type Expected } from './decode.ts'
import type { BodyDecoder } from './decoder.ts'

/** Applies one client's patch to any state of the object. */
export interface PreparedPatch {
  apply(current: KubeObject): KubeObject
  /** Filled by `apply`. */
  readonly warnings: string[]
}

const jsonPatch = 'application/json-patch+json'
const merge = 'application/merge-patch+json'
const strategic = 'application/strategic-merge-patch+json'
/** Types that upstream's route takes; an apply is not there yet. */
const routed = new Set([jsonPatch, merge, strategic, 'application/apply-patch+yaml'])

/** Reads the body of a PATCH. @throws StatusError 400, 413, 415 */
export async function preparePatch(
  decoder: BodyDecoder,
  request: ApiRequest,
  expected: Expected,
): Promise<PreparedPatch> {
  const type = contentTypeOf(request)
  if (!routed.has(type)) throw unsupportedByRoute()
  if (type !== jsonPatch && type !== merge && type !== strategic) {
    throw unsupportedMediaType([jsonPatch, merge, strategic])
  }
  const patch = await readPatch(decoder, request)
  const mode = fieldValidationOf(request)
  const warnings: string[] = []
  return {
    warnings,
    apply(current) {
      const problems: string[] = []
      const next = decodeObject(patched(current, patch, type, expected), expected, problems)
      warnings.length = 0
      if (problems.length > 0 && mode === 'Warn') warnings.push(...problems)
      if (problems.length > 0 && mode === 'Strict') {
        const text = `strict decoding error: ${problems.join(', ')}`
        const message = `Invalid value: "${goText(patch)}": ${text}`
        throw invalid({ group: '', kind: '' }, '', [
          { reason: 'FieldValueInvalid', message, field: 'patch' },
        ])
      }
      return next
    },
  }
}

function patched(current: KubeObject, patch: unknown, type: string, expected: Expected): unknown {
  if (type === merge) return mergePatch(current, patch)
  if (type === jsonPatch) return jsonPatched(current, patch)
  try {
    return strategicMerge(current, patch, typeOfKind(expected.apiVersion, expected.kind))
  } catch (error) {
    if (error instanceof PatchError) throw badRequest(error.message)
    throw error
  }
}

function jsonPatched(current: KubeObject, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    const what = `json: cannot unmarshal ${jsonKind(patch)} into Go value of type`
    throw badRequest(`error decoding patch: ${what} []handlers.jsonPatchOp`)
  }
  if (patch.length > operationsMax) {
    throw requestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`,
    )
  }
  try {
    return applyJsonPatch(current, patch)
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error
    throw new StatusError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'the server rejected our request due to an error in our request',
      reason: 'Invalid',
      details: {},
      code: 422,
    })
  }
}

/** A value as Go prints it: upstream's texts quote patches so. */
function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (value === null) return '<nil>'
  if (typeof value !== 'object') return String(value)
  const entries = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([key, item]) => `${key}:${goText(item)}`).join(' ')}]`
}
