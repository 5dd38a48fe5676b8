import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import {
  failurePolicies,
  validateMatchConditions,
  validateMatchResources,
} from './admission-rules.ts'
import type { Causes } from './causes.ts'
import { validateConditions } from './conditions.ts'
import { validateChoice, validateRequiredChoice } from './fields.ts'
import {
  dns1035Errors,
  dnsSubdomainErrors,
  pathSegmentErrors,
  qualifiedNameErrors,
} from './names.ts'
import { validateLabelSelector } from './selector.ts'

/**
 * Policies and their bindings; what needs a compiler of CEL is not looked at.
 * Source of all: kubernetes pkg/apis/admissionregistration/validation/validation.go.
 */

interface Validation {
  readonly expression?: string
  readonly messageExpression?: string
  readonly message?: string
  readonly reason?: string
}

interface AuditAnnotation {
  readonly key?: string
  readonly valueExpression?: string
}

const annotationsMax = 20
const annotationExpressionBytesMax = 5 * 1024
const needsOne = 'validations or auditAnnotations must contain at least one item'

/** `old` of an update. */
export function validatePolicy(object: KubeObject, causes: Causes, old?: KubeObject): void {
  const spec = object.spec ?? {}
  validateRequiredPolicy(spec.failurePolicy, causes)
  if (spec.paramKind) validateParamKind(spec.paramKind, 'spec.paramKind', causes)
  if (!spec.matchConstraints) causes.required('spec.matchConstraints')
  else {
    validateMatchResources(spec.matchConstraints, 'spec.matchConstraints', causes)
    if (!spec.matchConstraints.resourceRules?.length) {
      causes.required('spec.matchConstraints.resourceRules')
    }
  }
  const isSame = (field: string) => semanticEqual(spec[field], old?.spec?.[field])
  if (old === undefined || !isSame('paramKind') || !isSame('matchConditions')) {
    validateMatchConditions(spec.matchConditions ?? [], 'spec.matchConditions', causes)
  }
  for (const [index, variable] of (spec.variables ?? []).entries()) {
    validateVariable(variable, `spec.variables[${index}]`, causes)
  }
  const validations: readonly Validation[] = spec.validations ?? []
  const annotations: readonly AuditAnnotation[] = spec.auditAnnotations ?? []
  if (validations.length + annotations.length === 0) {
    causes.required('spec.validations', needsOne)
    causes.required('spec.auditAnnotations', needsOne)
  }
  for (const [index, one] of validations.entries()) {
    validateValidation(one, `spec.validations[${index}]`, causes)
  }
  validateAnnotations(annotations, object.metadata.name ?? '', causes)
}

function validateRequiredPolicy(policy: string | undefined, causes: Causes): void {
  if (policy === undefined) causes.required('spec.failurePolicy')
  else validateChoice(policy, failurePolicies, 'spec.failurePolicy', causes)
}

function validateParamKind(
  { apiVersion = '', kind = '' }: { apiVersion?: string; kind?: string },
  path: string,
  causes: Causes,
): void {
  if (apiVersion === '') causes.required(`${path}.apiVersion`)
  else validateGroupVersion(apiVersion, `${path}.apiVersion`, causes)
  const wrong = dns1035Errors(kind.toLowerCase())
  if (kind === '') causes.required(`${path}.kind`)
  else if (wrong.length > 0) {
    const text = `may have mixed case, but should otherwise match: ${wrong.join(',')}`
    causes.invalid(`${path}.kind`, kind, text)
  }
}

function validateGroupVersion(text: string, path: string, causes: Causes): void {
  const parts = text === '/' ? [''] : text.split('/')
  if (parts.length > 2) {
    causes.invalid(path, text, `unexpected GroupVersion string: ${text}`)
    return
  }
  const version = parts.at(-1) ?? ''
  const group = parts.length === 2 ? (parts[0] ?? '') : ''
  const wrong = group === '' ? [] : dnsSubdomainErrors(group)
  if (wrong.length > 0) causes.invalid(path, group, wrong.join(','))
  const wrongVersion = dns1035Errors(version)
  if (version === '') causes.invalid(path, text, 'version must be specified')
  else if (wrongVersion.length > 0) causes.invalid(path, version, wrongVersion.join(','))
}

const reserved = new Set(
  (
    'true false null in as break const continue else for function if import let loop package ' +
    'namespace return var void while'
  ).split(' '),
)

function validateVariable(
  { name = '', expression = '' }: { name?: string; expression?: string },
  path: string,
  causes: Causes,
): void {
  if (name.trim() === '') causes.required(`${path}.name`, 'name is not specified')
  else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) || reserved.has(name)) {
    causes.invalid(`${path}.name`, name, 'must be a valid CEL identifier')
  }
  if (expression.trim() === '') {
    causes.required(`${path}.expression`, 'expression is not specified')
  }
}

function validateValidation(one: Validation, path: string, causes: Causes): void {
  const { expression = '', message = '', messageExpression = '' } = one
  if (expression.trim() === '') {
    causes.required(`${path}.expression`, 'expression is not specified')
  }
  for (const [field, text] of Object.entries({ messageExpression, message })) {
    if (text !== '' && text.trim() === '') {
      causes.invalid(`${path}.${field}`, text, 'must be non-empty if specified')
    }
  }
  if (/[\n\r]/.test(message.trim())) {
    causes.invalid(`${path}.message`, message, 'must not contain line breaks')
  }
  const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
  validateChoice(one.reason, reasons, `${path}.reason`, causes)
}

function validateAnnotations(
  annotations: readonly AuditAnnotation[],
  name: string,
  causes: Causes,
): void {
  const path = 'spec.auditAnnotations'
  if (annotations.length > annotationsMax) {
    const text = `must not have more than ${annotationsMax} auditAnnotations`
    causes.invalid(path, annotations, text)
  }
  const keys = new Set<string>()
  for (const [index, { key = '', valueExpression = '' }] of annotations.entries()) {
    const at = `${path}[${index}]`
    const full = `${name}/${key}`
    if (name === '') causes.invalid(`${at}.key`, key, 'requires metadata.name be non-empty')
    else for (const text of qualifiedNameErrors(full)) causes.invalid(`${at}.key`, full, text)
    const trimmed = valueExpression.trim()
    if (trimmed === '') {
      causes.required(`${at}.valueExpression`, 'valueExpression is not specified')
    } else if (Buffer.byteLength(trimmed) > annotationExpressionBytesMax) {
      const text = `must not exceed ${annotationExpressionBytesMax} bytes in length`
      causes.required(`${at}.valueExpression`, text)
    }
    if (keys.has(key)) causes.duplicate(`${at}.key`, key)
    keys.add(key)
  }
}

/** Source: validateValidatingAdmissionPolicyBindingSpec. */
export function validatePolicyBinding({ spec = {} }: KubeObject, causes: Causes): void {
  const { policyName = '', paramRef, matchResources, validationActions } = spec
  if (policyName === '') causes.required('spec.policyName')
  else {
    for (const text of dnsSubdomainErrors(policyName)) {
      causes.invalid('spec.policyName', policyName, text)
    }
  }
  if (paramRef) validateParamRef(paramRef, 'spec.paramRef', causes)
  if (matchResources) validateMatchResources(matchResources, 'spec.matchResources', causes)
  validateActions(validationActions ?? [], 'spec.validationActions', causes)
}

function validateParamRef(ref: KubeObject['spec'], path: string, causes: Causes): void {
  const { name = '', selector, parameterNotFoundAction: action } = ref
  const exclusive = 'name and selector are mutually exclusive'
  if (name !== '') {
    for (const text of pathSegmentErrors(name)) causes.invalid(`${path}.name`, name, text)
    if (selector) causes.forbidden(`${path}.name`, exclusive)
  }
  validateLabelSelector(selector, `${path}.selector`, causes)
  if (selector && name !== '') causes.forbidden(`${path}.selector`, exclusive)
  if (!selector && name === '') {
    causes.required(path, 'one of name or selector must be specified')
  }
  const at = `${path}.parameterNotFoundAction`
  validateRequiredChoice(action, ['Deny', 'Allow'], at, causes)
}

function validateActions(actions: readonly string[], path: string, causes: Causes): void {
  const seen = new Set<string>()
  for (const [index, action] of actions.entries()) {
    validateChoice(action, ['Audit', 'Deny', 'Warn'], `${path}[${index}]`, causes)
    if (seen.has(action)) causes.duplicate(`${path}[${index}]`, action)
    seen.add(action)
  }
  if (seen.has('Deny') && seen.has('Warn')) {
    const text =
      'must not contain both Deny and Warn (repeating the same validation failure information ' +
      'in the API response and headers serves no purpose)'
    causes.invalid(path, actions, text)
  }
  if (seen.size === 0) causes.required(path, 'at least one validation action is required')
}

/** Source: ValidateValidatingAdmissionPolicyStatusUpdate. */
export function validatePolicyStatus({ status }: KubeObject, causes: Causes): void {
  const path = 'status.typeChecking.expressionWarnings'
  const warnings: readonly { warning?: string; fieldRef?: string }[] =
    status?.typeChecking?.expressionWarnings ?? []
  for (const [index, { warning, fieldRef = '' }] of warnings.entries()) {
    if (!warning) causes.required(`${path}[${index}].warning`)
    if (fieldRef.trim() === '') causes.required(`${path}[${index}].fieldRef`)
  }
  validateConditions(status?.conditions ?? [], 'status.conditions', causes)
}
