import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { certificateError, requestError } from './csr.ts'
import { validateRequiredChoice } from './fields.ts'
import { dnsLabelErrors, dnsSubdomainErrors } from './names.ts'

/** Source of all: kubernetes pkg/apis/certificates/validation/validation.go. */

interface Condition {
  readonly type?: string
  readonly status?: string
}

/** Which part of the request an update is about. */
type Part = 'main' | 'status' | 'approval'

const usages = [
  ...['any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign'],
  ...['data encipherment', 'decipher only', 'digital signature', 'email protection'],
  ...['encipher only', 'ipsec end system', 'ipsec tunnel', 'ipsec user', 'key agreement'],
  ...['key encipherment', 'microsoft sgc', 'netscape sgc', 'ocsp signing', 's/mime'],
  ...['server auth', 'signing', 'timestamping'],
]
const legacySigner = 'kubernetes.io/legacy-unknown'
const exclusive = 'Approved and Denied conditions are mutually exclusive'

/** `old` of an update: what it has wrong may stay. */
export function validateSigningRequest(object: KubeObject, causes: Causes, old?: KubeObject) {
  const spec = object.spec ?? {}
  const { request = '', signerName = '', expirationSeconds: seconds } = spec
  const wrong = requestError(request)
  if (wrong !== undefined) causes.invalid('spec.request', request, wrong)
  validateUsages(spec.usages ?? [], old?.spec?.usages ?? [], causes)
  if (signerName === legacySigner && old?.spec?.signerName !== legacySigner) {
    const text = 'the legacy signerName is not allowed via this API version'
    causes.invalid('spec.signerName', signerName, text)
  } else validateSignerName(signerName, 'spec.signerName', causes)
  if (seconds !== undefined && seconds < 600) {
    const text = 'may not specify a duration less than 600 seconds (10 minutes)'
    causes.invalid('spec.expirationSeconds', seconds, text)
  }
  validateConditions(conditionsOf(object), old && conditionsOf(old), causes)
  validateCertificate(object.status?.certificate ?? '', old, causes)
}

function conditionsOf({ status }: KubeObject): readonly Condition[] {
  return status?.conditions ?? []
}

function validateUsages(given: readonly string[], old: readonly string[], causes: Causes): void {
  if (given.length === 0) causes.required('spec.usages')
  const isUnknown = (usage: string) => !usages.includes(usage)
  const mayRepeat = new Set(old).size < old.length
  const seen = new Set<string>()
  for (const [index, usage] of given.entries()) {
    const path = `spec.usages[${index}]`
    if (isUnknown(usage) && !old.some(isUnknown)) causes.notSupported(path, usage, usages)
    if (seen.has(usage) && !mayRepeat) causes.duplicate(path, usage)
    seen.add(usage)
  }
}

/** Source: core ValidateSignerName. */
function validateSignerName(name: string, path: string, causes: Causes): void {
  if (name === '') {
    causes.required(path)
    return
  }
  const [domain = '', signer = '', more] = name.split('/')
  if (!name.includes('/') || more !== undefined) {
    const text = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    causes.invalid(path, name, text)
    return
  }
  if (domain.length > 253) causes.tooLong(path, 253)
  validateSegments(domain, dnsLabelErrors, path, causes)
  if (!domain.includes('.')) {
    const text = 'should be a domain with at least two segments separated by dots'
    causes.invalid(path, domain, text)
  }
  validateSegments(signer, dnsSubdomainErrors, path, causes)
  const charactersMax = 253 + 253 + 63 + 1 + 1
  if (name.length > charactersMax) causes.tooLong(path, charactersMax)
}

/** What is wrong with the first part that is not right. */
function validateSegments(
  text: string,
  errors: (label: string) => string[],
  path: string,
  causes: Causes,
): void {
  const label = text.split('.').find(one => errors(one).length > 0)
  if (label === undefined) return
  for (const wrong of errors(label)) {
    causes.invalid(path, text, `validating label ${JSON.stringify(label)}: ${wrong}`)
  }
}

function validateConditions(
  conditions: readonly Condition[],
  old: readonly Condition[] | undefined,
  causes: Causes,
): void {
  const path = 'status.conditions'
  const before = (old ?? []).map(({ type = '' }) => type)
  const mayClash = before.includes('Approved') && before.includes('Denied')
  const mayRepeat = new Set(before).size < before.length
  const seen = new Set<string>()
  for (const [index, { type = '', status = '' }] of conditions.entries()) {
    if (type === '' && !before.includes('')) causes.required(`${path}[${index}].type`)
    const isVerdict = ['Approved', 'Denied', 'Failed'].includes(type)
    const states = isVerdict ? ['True'] : ['False', 'True', 'Unknown']
    validateRequiredChoice(status, states, `${path}[${index}].status`, causes)
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined
    if (other !== undefined && seen.has(other) && !mayClash) {
      causes.invalid(path, type, exclusive)
    }
    if (seen.has(type) && !mayRepeat) causes.duplicate(`${path}[${index}].type`, type)
    seen.add(type)
  }
}

function validateCertificate(given: string, old: KubeObject | undefined, causes: Causes): void {
  const before: string = old?.status?.certificate ?? ''
  const isOld = old !== undefined && (given === before || certificateError(before) !== undefined)
  const wrong = isOld ? undefined : certificateError(given)
  if (wrong !== undefined) causes.invalid('status.certificate', '<certificate data>', wrong)
}

/** Source: validateCertificateSigningRequestUpdate and its callers. */
export function validateSigningRequestUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
  part: Part,
): void {
  validateSigningRequest(next, causes, old)
  const path = 'status.conditions'
  const ofType = (object: KubeObject, type: string) =>
    conditionsOf(object).filter(one => one.type === type)
  for (const type of ['Approved', 'Denied', 'Failed']) {
    const [before, after] = [ofType(old, type), ofType(next, type)]
    const change = (what: string) => `updates may not ${what} a condition of type "${type}"`
    if (after.length < before.length) causes.forbidden(path, change('remove'))
    else if (part === 'approval' || type === 'Failed') continue
    else if (after.length > before.length) causes.forbidden(path, change('add'))
    else if (!semanticEqual(after, before)) causes.forbidden(path, change('modify'))
  }
  const [before, after] = [old.status?.certificate ?? '', next.status?.certificate ?? '']
  if (after === before) return
  if (part !== 'status') {
    causes.forbidden('status.certificate', 'updates may not set certificate content')
  } else if (before !== '') {
    const text = 'updates may not modify existing certificate content'
    causes.forbidden('status.certificate', text)
  }
}
