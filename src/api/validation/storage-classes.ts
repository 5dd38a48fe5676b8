import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { validateChoice } from './fields.ts'
import { qualifiedNameErrors } from './names.ts'
import { nodeLabelWarning } from './node-labels.ts'

/** Source of all: kubernetes pkg/apis/storage/validation/validation.go. */

const parametersMax = 512
const parameterBytesMax = 256 * 1024

export function validateStorageClass(object: KubeObject, causes: Causes): void {
  validateDriver(object.provisioner ?? '', 'provisioner', causes)
  validateParameters(object.parameters ?? {}, causes)
  const { reclaimPolicy, volumeBindingMode: mode } = object
  if (reclaimPolicy) validateChoice(reclaimPolicy, ['Delete', 'Retain'], 'reclaimPolicy', causes)
  if (mode === undefined) causes.required('volumeBindingMode')
  validateChoice(mode, ['Immediate', 'WaitForFirstConsumer'], 'volumeBindingMode', causes)
  validateTopologies(object.allowedTopologies ?? [], 'allowedTopologies', causes)
}

export function validateStorageClassUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
): void {
  validateFixed(next, old, ['parameters', 'provisioner', 'reclaimPolicy'], causes)
  if (next.volumeBindingMode !== old.volumeBindingMode) {
    causes.invalid('volumeBindingMode', next.volumeBindingMode, 'field is immutable')
  }
}

export function validateVolumeAttributesClass(object: KubeObject, causes: Causes): void {
  validateDriver(object.driverName ?? '', 'driverName', causes)
  const parameters = object.parameters ?? {}
  validateParameters(parameters, causes)
  if (Object.keys(parameters).length === 0) {
    causes.required('parameters', 'must contain at least one key/value pair')
  }
}

export function validateVolumeAttributesClassUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
): void {
  validateFixed(next, old, ['driverName', 'parameters'], causes)
}

function validateFixed(
  next: KubeObject,
  old: KubeObject,
  fields: readonly string[],
  causes: Causes,
): void {
  for (const field of fields) {
    if (semanticEqual(next[field], old[field])) continue
    causes.forbidden(field, `updates to ${field} are forbidden.`)
  }
}

function validateDriver(name: string, path: string, causes: Causes): void {
  if (name === '') {
    causes.required(path)
    return
  }
  const lower = name.toLowerCase()
  for (const text of qualifiedNameErrors(lower)) causes.invalid(path, lower, text)
}

function validateParameters(parameters: Record<string, string>, causes: Causes): void {
  const all = Object.entries(parameters)
  if (all.length > parametersMax) {
    causes.tooLong('parameters', parametersMax)
    return
  }
  if (Object.hasOwn(parameters, '')) causes.invalid('parameters', '', 'field can not be empty.')
  const bytes = all.flat().reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes > parameterBytesMax) causes.tooLong('parameters', parameterBytesMax)
}

interface Term {
  readonly matchLabelExpressions?: readonly { key?: string; values?: readonly string[] }[]
}

/** Source: validateAllowedTopologies, core ValidateTopologySelectorTerm. */
function validateTopologies(terms: readonly Term[], path: string, causes: Causes): void {
  const seen: unknown[] = terms.map(() => ({}))
  for (const [index, { matchLabelExpressions: all = [] }] of terms.entries()) {
    const at = `${path}[${index}].matchLabelExpressions`
    const values: Record<string, readonly string[]> = {}
    for (const [place, expression] of all.entries()) {
      const { key = '' } = expression
      validateExpression(expression, `${at}[${place}]`, causes)
      if (Object.hasOwn(values, key)) causes.duplicate(`${at}[${place}].key`, key)
      values[key] = [...new Set(expression.values)].sort()
    }
    // Upstream's list begins with as many empty ones as there are terms.
    for (const other of seen) if (semanticEqual(other, values)) causes.duplicate(at, '')
    seen.push(values)
  }
}

function validateExpression(
  { key = '', values = [] }: { key?: string; values?: readonly string[] },
  path: string,
  causes: Causes,
): void {
  if (values.length === 0) causes.required(`${path}.values`)
  const seen = new Set<string>()
  for (const [index, value] of values.entries()) {
    if (seen.has(value)) causes.duplicate(`${path}.values[${index}]`, value)
    seen.add(value)
  }
  for (const text of qualifiedNameErrors(key)) causes.invalid(`${path}.key`, key, text)
}

/** Source: pkg/api/storage/util.go. */
export function storageClassWarnings({ allowedTopologies }: KubeObject): string[] {
  return ((allowedTopologies ?? []) as Term[]).flatMap(({ matchLabelExpressions }, index) =>
    (matchLabelExpressions ?? []).flatMap(({ key = '' }, place) => {
      const text = nodeLabelWarning(key)
      const at = `allowedTopologies[${index}].matchLabelExpressions[${place}].key`
      return text === undefined ? [] : [`${at}: ${text}`]
    }),
  )
}
