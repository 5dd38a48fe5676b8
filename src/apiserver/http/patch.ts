import type { FieldManager } from '../../api/fieldmanagement/field-manager.ts'
import { goText } from '../../api/fieldmanagement/values.ts'
import type { ApiRequest } from '../../api/http.ts'
import { applyJsonPatch, JsonPatchError, operationsMax } from '../../api/patch/json-patch.ts'
import { isRecord, mergePatch } from '../../api/patch/merge.ts'
import { PatchError, strategicMerge } from '../../api/patch/strategic.ts'
import { jsonKind } from '../../api/schema/decode.ts'
import { typeOfKind } from '../../api/schema/lookup.ts'
import {
  badRequest,
  invalid,
  requestEntityTooLarge,
  StatusError,
  unsupportedByRoute,
} from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { prepareApply } from './apply.ts'
import { contentTypeOf, fieldValidationOf, readPatch } from './body.ts'
import { applyType, decodeObject, type Expected } from './decode.ts'
import type { BodyDecoder } from './decoder.ts'
import { checkWriteOptions } from './options.ts'
import type { PreparedPatch } from './prepared-patch.ts'

const jsonPatch = 'application/json-patch+json'
const merge = 'application/merge-patch+json'
const strategic = 'application/strategic-merge-patch+json'
/** Types that upstream's route takes; those of CBOR are behind a gate that is off. */
const routed = new Set([jsonPatch, merge, strategic, applyType])

/**
 * Reads the body of a PATCH. `manager`: who applies.
 * @throws StatusError 400, 413, 415, 422
 */
export async function preparePatch(
  decoder: BodyDecoder,
  request: ApiRequest,
  expected: Expected,
  manager: () => FieldManager,
): Promise<PreparedPatch> {
  const type = contentTypeOf(request)
  if (!routed.has(type)) throw unsupportedByRoute()
  checkWriteOptions('PatchOptions', request.query, type === applyType)
  if (type === applyType) return prepareApply(decoder, request, expected, manager)
  const patch = await readPatch(decoder, request)
  const mode = fieldValidationOf(request)
  const warnings: string[] = []
  return {
    isApply: false,
    warnings,
    apply(current) {
      const problems: string[] = []
      const next = decodePatched(
        patched(current, patch, type, expected),
        current,
        expected,
        problems,
      )
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

/** What the patch did not touch of its owners is in order, and need not be looked at. */
function decodePatched(
  value: unknown,
  current: KubeObject,
  expected: Expected,
  problems: string[],
): KubeObject {
  const { managedFields } = current.metadata
  const metadata = isRecord(value) && isRecord(value.metadata) ? value.metadata : undefined
  if (managedFields === undefined || metadata?.managedFields !== managedFields) {
    return decodeObject(value, expected, problems)
  }
  const others = { ...(value as object), metadata: { ...metadata, managedFields: undefined } }
  const next = decodeObject(others, expected, problems)
  next.metadata.managedFields = managedFields
  return next
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
