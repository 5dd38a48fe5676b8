import { managerBytesMax, managerMistakes } from '../../api/fieldmanagement/manager-name.ts'
import type { ApiRequest } from '../../api/http.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import type { DeleteOptions, StatusCause } from '../../api/objects.ts'
import { badRequest, invalid } from '../../api/status.ts'
import { Causes } from '../../api/validation/causes.ts'
import type { Attributes } from '../filters/attributes.ts'
import { graceSecondsMax } from '../registry/delete.ts'
import { contentTypeOf } from './body.ts'
import type { BodyDecoder } from './decoder.ts'

/** Options of requests: in the query, or, for a DELETE, in the body too. */

/**
 * A whole number of the query; undefined when it isn't there.
 * Source: apimachinery pkg/runtime/converter.go, Convert_Slice_string_To_int64.
 * @throws StatusError 400
 */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^[+-]?[0-9]+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  if (BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
  }
  return Number(text)
}

/**
 * A truth value of the query; undefined when it isn't there.
 * Source: Convert_Slice_string_To_bool: what is neither `false` nor `0` is true.
 */
export function booleanOf(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  return text !== '0' && text.toLowerCase() !== 'false'
}

/** The verbs' options, as messages name them. */
export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions'

/** 422 for options that make no sense. */
export function invalidOptions(kind: string, causes: readonly StatusCause[]) {
  return invalid({ group: 'meta.k8s.io', kind }, '', causes)
}

/** True for `dryRun=All`. @throws StatusError 422 for any other value */
export function isDryRun(kind: OptionsKind, values: readonly string[]): boolean {
  if (values.some(value => value !== 'All')) {
    const causes = new Causes()
    causes.notSupported('dryRun', values, ['All'])
    throw invalidOptions(kind, causes.list)
  }
  return values.length > 0
}

const validations = ['', 'Ignore', 'Strict', 'Warn']

/**
 * The options of a write. Source: apimachinery pkg/apis/meta/v1/validation ValidateCreateOptions,
 * ValidateUpdateOptions, ValidatePatchOptions.
 * @throws StatusError 422 for those that make no sense
 */
export function checkWriteOptions(
  kind: OptionsKind,
  query: URLSearchParams,
  isApply = false,
): void {
  const causes = new Causes()
  const manager = query.get('fieldManager') ?? ''
  if (isApply && manager === '') causes.required('fieldManager', 'is required for apply patch')
  if (!isApply && kind === 'PatchOptions' && query.has('force')) {
    causes.forbidden('force', 'may not be specified for non-apply patch')
  }
  const { isTooLong, characters } = managerMistakes(manager)
  if (isTooLong) causes.tooLong('fieldManager', managerBytesMax)
  for (const text of characters) causes.invalid('fieldManager', manager, text)
  const dryRuns = query.getAll('dryRun')
  if (dryRuns.some(value => value !== 'All')) causes.notSupported('dryRun', dryRuns, ['All'])
  const validation = query.get('fieldValidation') ?? ''
  if (!validations.includes(validation)) {
    causes.notSupported('fieldValidation', validation, validations)
  }
  if (causes.list.length > 0) throw invalidOptions(kind, causes.list)
}

/** The options of a DELETE: body and query together. @throws StatusError 400, 422 */
export async function readDeleteOptions(
  decoder: BodyDecoder,
  { request, route }: Attributes,
): Promise<DeleteOptions> {
  const { query, body } = request
  const orVersion = route && apiVersionOf(route)
  const given = body !== undefined && body.length > 0
  const inBody = given ? await deleteOptionsOf(decoder, request, body, orVersion) : {}
  const orphan = booleanOf(query, 'orphanDependents')
  const grace = integerOf(query, 'gracePeriodSeconds')
  const policy = query.get('propagationPolicy') as DeleteOptions['propagationPolicy']
  const options = {
    ...inBody,
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(policy ? { propagationPolicy: policy } : {}),
    ...(orphan === undefined ? {} : { orphanDependents: orphan }),
  }
  checkDeleteOptions(options)
  return options
}

async function deleteOptionsOf(
  decoder: BodyDecoder,
  request: ApiRequest,
  body: Uint8Array,
  orVersion: string | undefined,
): Promise<DeleteOptions> {
  const { value } = await decoder.decode({
    body,
    type: contentTypeOf(request),
    fieldValidation: 'Ignore',
    // Source: apimachinery pkg/apis/meta/v1/register.go AddToGroupVersion.
    expected: { apiVersion: 'v1', kind: 'DeleteOptions', orVersion },
  })
  return value as DeleteOptions
}

const policies = ['Foreground', 'Background', 'Orphan']

/** Source: apimachinery pkg/apis/meta/v1/validation ValidateDeleteOptions. */
export function checkDeleteOptions(options: DeleteOptions): void {
  const { propagationPolicy: policy, orphanDependents, gracePeriodSeconds } = options
  const causes = new Causes()
  if (policy !== undefined && orphanDependents !== undefined) {
    causes.invalid(
      'propagationPolicy',
      policy,
      'orphanDependents and deletionPropagation cannot be both set',
    )
  }
  if (policy !== undefined && !policies.includes(policy)) {
    causes.notSupported('propagationPolicy', policy, [...policies, 'nil'])
  }
  if (causes.list.length > 0) throw invalidOptions('DeleteOptions', causes.list)
  if (gracePeriodSeconds !== undefined && Number(gracePeriodSeconds) > graceSecondsMax) {
    causes.invalid('gracePeriodSeconds', gracePeriodSeconds, 'must be less than 2^31')
    throw invalidOptions('DeleteOptions', causes.list)
  }
}
