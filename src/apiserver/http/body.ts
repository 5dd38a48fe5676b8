import type { ApiRequest } from '../../api/http.ts'
import { badRequest } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { type Expected, headOf, jsonType } from './decode.ts'
import type { BodyDecoder } from './decoder.ts'

/** A decoded body with what the client is to be warned of. */
export interface Decoded {
  readonly object: KubeObject
  readonly warnings: readonly string[]
}

const noBody = new Uint8Array()

/** The media type of a request's body, without parameters; JSON when it says nothing. */
export function contentTypeOf(request: ApiRequest): string {
  const header = request.headers['content-type'] ?? ''
  return header.split(';')[0]?.trim().toLowerCase() || jsonType
}

/** How unknown and repeated fields are judged; without it they are reported, as upstream. */
export function fieldValidationOf(request: ApiRequest): string {
  return request.query.get('fieldValidation') || 'Warn'
}

/**
 * Reads an object of the expected kind. Unknown and repeated fields are refused, reported or
 * ignored as `fieldValidation` says.
 * @throws StatusError 400, 415
 */
export async function readObject(
  decoder: BodyDecoder,
  request: ApiRequest,
  expected: Expected,
): Promise<Decoded> {
  const fieldValidation = fieldValidationOf(request)
  const { value, problems } = await decoder.decode({
    body: request.body ?? noBody,
    type: contentTypeOf(request),
    fieldValidation,
    expected,
  })
  const warnings = judgeProblems(problems, fieldValidation, expected)
  return { object: value as KubeObject, warnings }
}

/** Reads the body of a patch, JSON or YAML. @throws StatusError 400 */
export async function readPatch(decoder: BodyDecoder, request: ApiRequest): Promise<unknown> {
  const body = request.body ?? noBody
  const job = { body, type: contentTypeOf(request), fieldValidation: 'Ignore' }
  return (await decoder.decode(job)).value
}

/** Turns problems into a refusal or into warnings. @throws StatusError 400 */
function judgeProblems(problems: readonly string[], mode: string, expected: Expected): string[] {
  if (problems.length === 0 || mode === 'Ignore') return []
  if (mode === 'Strict') {
    throw badRequest(`${headOf(expected)}strict decoding error: ${problems.join(', ')}`)
  }
  return [...problems]
}
