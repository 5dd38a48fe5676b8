import { applyManaged, type FieldManager } from '../../api/fieldmanagement/field-manager.ts'
import type { ApiRequest } from '../../api/http.ts'
import { isRecord } from '../../api/patch/merge.ts'
import { badRequest, plainFailure, StatusError } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { fieldValidationOf } from './body.ts'
import { applyType, decodeObject, type Expected } from './decode.ts'
import type { BodyDecoder } from './decoder.ts'
import { booleanOf } from './options.ts'
import type { PreparedPatch } from './prepared-patch.ts'

/**
 * Reads the body of a server-side apply.
 * Source: apiserver pkg/endpoints/handlers/patch.go applyPatcher.
 * @throws StatusError 400
 */
export async function prepareApply(
  decoder: BodyDecoder,
  request: ApiRequest,
  expected: Expected,
  manager: () => FieldManager,
): Promise<PreparedPatch> {
  const { applied, problems } = await readApplied(decoder, request)
  const force = booleanOf(request.query, 'force') === true
  const mode = fieldValidationOf(request)
  const warnings: string[] = []
  return {
    isApply: true,
    warnings,
    apply(current) {
      const merged = applyManaged(current, applied, manager(), force)
      const next = decodeMerged(merged, applied, expected)
      warnings.length = 0
      if (problems.length > 0 && mode === 'Strict') {
        throw badRequest(`error strict decoding YAML: ${problems.join(', ')}`)
      }
      if (mode === 'Warn') warnings.push(...problems)
      return next
    },
  }
}

async function readApplied(decoder: BodyDecoder, request: ApiRequest) {
  const body = request.body ?? new Uint8Array()
  const { value, problems } = await decoded(decoder, body)
  if (value !== null && !isRecord(value)) {
    const kind = Array.isArray(value)
      ? 'array'
      : value === true || value === false
        ? 'bool'
        : typeof value
    throw badRequest(
      `error decoding YAML: json: cannot unmarshal ${kind} into Go value of type ` +
        'map[string]interface {}',
    )
  }
  const applied = (value ?? {}) as unknown as KubeObject
  const told = problems.map(problem => `error converting YAML to JSON: ${problem}`)
  return { applied, problems: told }
}

async function decoded(decoder: BodyDecoder, body: Uint8Array) {
  try {
    return await decoder.decode({ body, type: applyType, fieldValidation: 'Ignore' })
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.code !== 400) throw error
    throw badRequest(`error decoding YAML: ${error.message}`)
  }
}

/** The whole object, by its schema: that parts of it fit their types is known already. */
function decodeMerged(merged: KubeObject, applied: KubeObject, expected: Expected): KubeObject {
  try {
    return decodeObject(merged, expected, [])
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    const { apiVersion, kind } = expected
    const gvk = `${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${kind}`
    const { namespace = '', name = '' } = applied.metadata ?? {}
    const why = error.message.slice(error.message.indexOf(': ') + 2)
    throw plainFailure(
      `failed to convert new object (${namespace}/${name}; ${gvk}) to proper version: ` +
        `unable to convert unstructured object to ${gvk}: ${why}`,
    )
  }
}
