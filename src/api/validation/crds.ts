import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import { type Causes, quoted } from './causes.ts'
import { type Names, type Shared, type Spec, schemaHas, type Version } from './crd-types.ts'
import {
  deprecationErrors,
  type Strictness,
  strictnessOf,
  validateColumns,
  validateSchema,
  validateSelectable,
  validateSubresources,
} from './crd-versions.ts'
import { validateRequiredChoice } from './fields.ts'
import { dns1035Errors, dnsSubdomainErrors } from './names.ts'
import { validateWebhookService, validateWebhookUrl } from './webhook-client.ts'

/**
 * Definitions of kinds. Paths are those of upstream's internal version, which has at the top what
 * all versions have in common.
 * Source of all: apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go.
 */

const immutable = 'field is immutable'
const sharedFields = [
  ...(['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const),
]

/** A spec with what is the same in all versions apart. Source: v1/conversion.go. */
interface Internal {
  readonly spec: Spec
  readonly shared: Shared
  readonly versions: readonly Version[]
}

function internalOf(spec: Spec): Internal {
  const all = spec.versions ?? []
  const same = sharedFields.filter(field =>
    all.every(version => semanticEqual(version[field], all[0]?.[field])),
  )
  const shared = Object.fromEntries(same.map(field => [field, all[0]?.[field]])) as Shared
  const versions = all.map(version => {
    const own: Record<string, unknown> = { ...version }
    for (const field of same) delete own[field]
    return own as Version
  })
  return { spec, shared, versions }
}

export function validateDefinition(object: KubeObject, causes: Causes): void {
  const { name = '' } = object.metadata
  const spec: Spec = object.spec ?? {}
  if (name !== '' && name !== `${spec.names?.plural ?? ''}.${spec.group ?? ''}`) {
    causes.invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group')
  }
  validateSpec(internalOf(spec), strictnessOf(undefined), true, causes)
  validateRest(object, undefined, causes)
}

export function validateDefinitionUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  const before: Spec = old.spec ?? {}
  const spec: Spec = next.spec ?? {}
  const schemas = (before.versions ?? []).map(({ schema }) => schema?.openAPIV3Schema)
  const reviews = before.conversion?.webhook?.conversionReviewVersions ?? []
  const knows = reviews.length === 0 || reviews.some(one => reviewVersions.includes(one))
  validateSpec(internalOf(spec), strictnessOf(schemas), knows, causes)
  const fixed: [string, unknown, unknown][] = [
    ['group', spec.group, before.group],
    ['names.plural', spec.names?.plural, before.names?.plural],
  ]
  const isEstablished = (old.status?.conditions ?? []).some(
    (one: { type?: string; status?: string }) =>
      one.type === 'Established' && one.status === 'True',
  )
  if (isEstablished) {
    fixed.push(['scope', spec.scope, before.scope])
    fixed.push(['names.kind', spec.names?.kind, before.names?.kind])
  }
  for (const [field, value = '', was = ''] of fixed) {
    if (value !== was) causes.invalid(`spec.${field}`, value, immutable)
  }
  validateRest(next, old, causes)
}

/** Source: ValidateUpdateCustomResourceDefinitionStatus. */
export function validateDefinitionStatus({ status }: KubeObject, causes: Causes): void {
  validateNames(status?.acceptedNames ?? {}, 'status.acceptedNames', causes)
}

function validateRest(object: KubeObject, old: KubeObject | undefined, causes: Causes): void {
  validateDefinitionStatus(object, causes)
  validateStored(object, causes)
  validateApproval(object, old, causes)
  if (object.spec?.preserveUnknownFields && !old?.spec?.preserveUnknownFields) {
    const text =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in ' +
      'spec.versions[*].schema instead'
    causes.invalid('spec.preserveUnknownFields', true, text)
  }
}

function validateStored({ spec = {}, status = {} }: KubeObject, causes: Causes): void {
  const path = 'status.storedVersions'
  const stored: readonly string[] = status.storedVersions ?? []
  const versions: readonly Version[] = spec.versions ?? []
  if (stored.length === 0) {
    // Upstream's list is one that nobody made.
    causes.invalid(path, status.storedVersions ?? null, 'must have at least one stored version')
    return
  }
  for (const { name = '', storage } of versions) {
    if (!storage || stored.includes(name)) continue
    causes.invalid(path, stored, `must have the storage version ${name}`)
  }
  for (const [index, name] of stored.entries()) {
    if (versions.some(version => version.name === name)) continue
    const text =
      `missing from spec.versions; ${name} was previously a storage version, and must remain in ` +
      'spec.versions until a storage migration ensures no data remains persisted in ' +
      `${name} and removes ${name} from status.storedVersions`
    causes.invalid(`${path}[${index}]`, name, text)
  }
}

const approvalAnnotation = 'api-approved.kubernetes.io'
const approvalHelp = 'see https://github.com/kubernetes/enhancements/pull/1111'

/** Groups of the community need its consent. Source: validateAPIApproval. */
function validateApproval(object: KubeObject, old: KubeObject | undefined, causes: Causes): void {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(object.spec?.group ?? '')) return
  const stateOf = ({ metadata }: KubeObject) => {
    const given = metadata.annotations?.[approvalAnnotation] ?? ''
    if (given === '') return 'missing'
    if (given.startsWith('unapproved')) return 'bypassed'
    return /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/]+/.test(given) ? 'approved' : 'invalid'
  }
  const state = stateOf(object)
  if (old !== undefined && stateOf(old) === state) return
  const path = `metadata.annotations[${approvalAnnotation}]`
  const text = `protected groups must have approval annotation ${quoted(approvalAnnotation)}`
  if (state === 'missing') causes.required(path, `${text}, ${approvalHelp}`)
  if (state !== 'invalid') return
  const more = 'with either a URL or a reason starting with "unapproved"'
  const given = object.metadata.annotations?.[approvalAnnotation]
  causes.invalid(path, given, `${text} ${more}, ${approvalHelp}`)
}

function validateSpec(
  internal: Internal,
  given: Strictness,
  knowsReviews: boolean,
  causes: Causes,
): void {
  const { spec, shared, versions } = internal
  const { group = '', names = {}, preserveUnknownFields: isOpen } = spec
  const wrong = dnsSubdomainErrors(group)
  if (group === '') causes.required('spec.group')
  else if (wrong.length > 0) causes.invalid('spec.group', group, wrong.join(','))
  else if (!group.includes('.')) {
    causes.invalid('spec.group', group, 'should be a domain with at least one dot')
  }
  validateRequiredChoice(spec.scope, ['Cluster', 'Namespaced'], 'spec.scope', causes)
  const needsStructure = !isOpen || hasExtensions(spec)
  const strictness = { ...given, structure: given.structure || needsStructure }
  validatePresence(internal, given, causes)
  for (const [index, version] of versions.entries()) {
    validateVersion(internal, version, `spec.versions[${index}]`, strictness, causes)
  }
  validateVersionList(versions, causes)
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if (!names[field]) causes.required(`spec.names.${field}`)
  }
  validateNames(names, 'spec.names', causes)
  const hasStatus = [shared, ...versions].some(one => one.subresources?.status !== undefined)
  const schema = shared.schema?.openAPIV3Schema
  const path = 'spec.validation.openAPIV3Schema'
  validateSchema(schema, hasStatus, path, strictness, causes)
  validateSubresources(shared.subresources ?? {}, 'spec.subresources', causes)
  const columns = shared.additionalPrinterColumns ?? []
  validateColumns(columns, 'spec.additionalPrinterColumns', causes)
  validateShared(shared, causes)
  validateConversion(spec, knowsReviews, causes)
}

function hasExtensions(spec: Spec): boolean {
  const marks = [
    ...(['embedded-resource', 'preserve-unknown-fields', 'int-or-string'] as const),
    ...(['list-map-keys', 'list-type', 'validations'] as const),
  ]
  return (spec.versions ?? []).some(({ schema }) =>
    schemaHas(schema?.openAPIV3Schema, one =>
      marks.some(mark => one[`x-kubernetes-${mark}`] !== undefined || one.default !== undefined),
    ),
  )
}

function validatePresence({ spec, shared, versions }: Internal, given: Strictness, causes: Causes) {
  if (shared.schema?.openAPIV3Schema) return
  const text = given.openApi ? '' : 'because otherwise all fields are pruned'
  for (const [index, { schema, served }] of versions.entries()) {
    if (schema?.openAPIV3Schema) continue
    const isNeeded = given.openApi || (served && !spec.preserveUnknownFields)
    if (isNeeded) causes.required(`spec.versions[${index}].schema.openAPIV3Schema`, text)
  }
}

function validateVersion(
  { shared }: Internal,
  version: Version,
  path: string,
  strictness: Strictness,
  causes: Causes,
): void {
  const { name = '', deprecated = false, deprecationWarning, selectableFields = [] } = version
  const wrong = dns1035Errors(name)
  if (wrong.length > 0) causes.invalid(`${path}.name`, name, wrong.join(','))
  for (const text of deprecationErrors(deprecated, deprecationWarning)) {
    causes.invalid(`${path}.deprecationWarning`, deprecationWarning, text)
  }
  const hasStatus = (version.subresources ?? shared.subresources)?.status !== undefined
  const schema = version.schema?.openAPIV3Schema
  validateSchema(schema, hasStatus, `${path}.schema.openAPIV3Schema`, strictness, causes)
  validateSubresources(version.subresources ?? {}, `${path}.subresources`, causes)
  const columns = version.additionalPrinterColumns ?? []
  validateColumns(columns, `${path}.additionalPrinterColumns`, causes)
  if (selectableFields.length === 0) return
  const at = `${path}.selectableFields`
  if (schema) validateSelectable(selectableFields, schema, at, causes)
  else {
    // Upstream looks for the schema in the version even when all have the same one.
    const text = 'may only be set when `version.schema.openAPIV3Schema` is not included'
    causes.invalid(at, '', text)
  }
}

function validateShared({ schema, selectableFields = [] }: Shared, causes: Causes): void {
  if (selectableFields.length === 0) return
  const path = 'spec.selectableFields'
  if (!schema) causes.invalid(path, '', 'may only be set when validations.schema is included')
  else validateSelectable(selectableFields, schema.openAPIV3Schema ?? {}, path, causes)
}

function validateVersionList(versions: readonly Version[], causes: Causes): void {
  const shown = versions.length === 0 ? null : versions.map(goVersion)
  const names = new Set(versions.map(({ name = '' }) => name))
  if (names.size < versions.length) {
    causes.invalid('spec.versions', shown, 'must contain unique version names')
  }
  if (versions.filter(version => version.storage).length !== 1) {
    const text = 'must have exactly one version marked as storage version'
    causes.invalid('spec.versions', shown, text)
  }
  const [first] = versions
  const wrong = first?.name ? dns1035Errors(first.name) : []
  if (wrong.length > 0) causes.invalid('spec.version', first?.name, wrong.join(','))
}

/** A version as upstream's internal one is written. */
function goVersion(version: Version): object {
  const { scale, status } = version.subresources ?? {}
  const goScale = scale && {
    SpecReplicasPath: scale.specReplicasPath ?? '',
    StatusReplicasPath: scale.statusReplicasPath ?? '',
    LabelSelectorPath: scale.labelSelectorPath ?? null,
  }
  const columns = version.additionalPrinterColumns?.map(one => ({
    Name: one.name ?? '',
    Type: one.type ?? '',
    Format: one.format ?? '',
    Description: one.description ?? '',
    Priority: one.priority ?? 0,
    JSONPath: one.jsonPath ?? '',
  }))
  const { schema } = version
  return {
    Name: version.name ?? '',
    Served: version.served ?? false,
    Storage: version.storage ?? false,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: schema === undefined ? null : { OpenAPIV3Schema: schema.openAPIV3Schema ?? null },
    Subresources: version.subresources ? { Status: status ?? null, Scale: goScale ?? null } : null,
    AdditionalPrinterColumns: columns ?? null,
    SelectableFields: version.selectableFields?.map(one => ({ JSONPath: one.jsonPath })) ?? null,
  }
}

/** Source: ValidateCustomResourceDefinitionNames. */
function validateNames(names: Names, path: string, causes: Causes): void {
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    const value = names[field] ?? ''
    const isKind = field === 'kind' || field === 'listKind'
    const wrong = value === '' ? [] : dns1035Errors(isKind ? value.toLowerCase() : value)
    if (wrong.length === 0) continue
    const text = isKind ? 'may have mixed case, but should otherwise match: ' : ''
    causes.invalid(`${path}.${field}`, value, text + wrong.join(','))
  }
  for (const field of ['shortNames', 'categories'] as const) {
    for (const [index, name] of (names[field] ?? []).entries()) {
      const wrong = dns1035Errors(name)
      if (wrong.length > 0) causes.invalid(`${path}.${field}[${index}]`, name, wrong.join(','))
    }
  }
  if (names.kind && names.kind === names.listKind) {
    const text = 'kind and listKind may not be the same'
    causes.invalid(`${path}.listKind`, names.listKind, text)
  }
}

const reviewVersions = ['v1', 'v1beta1']

/** Source: validateCustomResourceConversion. */
function validateConversion(
  { conversion, preserveUnknownFields }: Spec,
  knowsReviews: boolean,
  causes: Causes,
): void {
  if (conversion === undefined) return
  const path = 'spec.conversion'
  const { strategy = '', webhook } = conversion
  if (strategy !== 'None' && preserveUnknownFields) {
    const text = 'must be None if spec.preserveUnknownFields is true'
    causes.invalid(`${path}.strategy`, strategy, text)
  }
  validateRequiredChoice(strategy, ['None', 'Webhook'], `${path}.strategy`, causes)
  const { clientConfig, conversionReviewVersions: reviews = [] } = webhook ?? {}
  const at = `${path}.webhookClientConfig`
  if (strategy !== 'Webhook') {
    const text = 'should not be set when strategy is not set to Webhook'
    if (clientConfig) causes.forbidden(at, text)
    if (reviews.length > 0) causes.forbidden(`${path}.conversionReviewVersions`, text)
    return
  }
  const { url, service } = clientConfig ?? {}
  if (!clientConfig) causes.required(at, 'required when strategy is set to Webhook')
  else if ((url === undefined) === (service === undefined)) {
    causes.required(at, 'exactly one of url or service is required')
  } else if (url !== undefined) validateWebhookUrl(url, `${at}.url`, causes)
  else if (service) validateWebhookService(service, `${at}.service`, causes, true)
  validateReviews(reviews, knowsReviews, `${path}.conversionReviewVersions`, causes)
}

function validateReviews(
  reviews: readonly string[],
  knowsReviews: boolean,
  path: string,
  causes: Causes,
): void {
  if (reviews.length === 0) {
    causes.required(path)
    return
  }
  const seen = new Set<string>()
  for (const [index, version] of reviews.entries()) {
    const at = `${path}[${index}]`
    if (seen.has(version)) causes.invalid(at, version, 'duplicate version')
    else for (const text of dns1035Errors(version)) causes.invalid(at, version, text)
    seen.add(version)
  }
  if (knowsReviews && !reviews.some(one => reviewVersions.includes(one))) {
    const text = `must include at least one of ${reviewVersions.join(', ')}`
    causes.invalid(path, reviews, text)
  }
}
