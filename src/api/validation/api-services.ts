import type { KubeObject } from '../types.ts'
import { type Causes, quoted } from './causes.ts'
import { validateChoice } from './fields.ts'
import { dns1035Errors, dnsSubdomainErrors, pathSegmentErrors, portNumberErrors } from './names.ts'

/** Source of all: kube-aggregator pkg/apis/apiregistration/validation/validation.go. */

export function validateApiService({ metadata, spec = {} }: KubeObject, causes: Causes): void {
  const { group = '', version = '', service, caBundle = '', insecureSkipTLSVerify } = spec
  const { name = '' } = metadata
  const wanted = `${version}.${group}`
  if (name !== '' && name !== wanted && pathSegmentErrors(name).length === 0) {
    const text = `must be \`spec.version+"."+spec.group\`: ${quoted(wanted)}`
    causes.invalid('metadata.name', name, text)
  }
  if (group === '' && version !== 'v1') {
    const text = 'only v1 may have an empty group and it better be legacy kube'
    causes.required('spec.group', text)
  }
  for (const text of group === '' ? [] : dnsSubdomainErrors(group)) {
    causes.invalid('spec.group', group, text)
  }
  for (const text of dns1035Errors(version)) causes.invalid('spec.version', version, text)
  for (const [field, max] of [
    ['groupPriorityMinimum', 20_000],
    ['versionPriority', 1000],
  ] as const) {
    const value = spec[field] ?? 0
    if (value > 0 && value <= max) continue
    causes.invalid(`spec.${field}`, value, `must be positive and less than ${max}`)
  }
  const skips = 'spec.insecureSkipTLSVerify'
  if (service) validateService(service, causes)
  else if (caBundle !== '') {
    const bytes = `${Buffer.from(caBundle, 'base64').length} bytes`
    causes.invalid('spec.caBundle', bytes, 'local APIServices may not have a caBundle')
  }
  if (!service && insecureSkipTLSVerify) {
    causes.invalid(skips, true, 'local APIServices may not have insecureSkipTLSVerify')
  }
  if (service && insecureSkipTLSVerify && caBundle !== '') {
    causes.invalid(skips, true, 'may not be true if caBundle is present')
  }
}

function validateService(
  { namespace = '', name = '', port = 0 }: { namespace?: string; name?: string; port?: number },
  causes: Causes,
): void {
  if (namespace === '') causes.required('spec.service.namespace')
  if (name === '') causes.required('spec.service.name')
  const wrong = portNumberErrors(port)
  if (wrong.length > 0) {
    causes.invalid('spec.service.port', port, `port is not valid: ${wrong.join(', ')}`)
  }
}

export function validateApiServiceStatus({ status }: KubeObject, causes: Causes): void {
  for (const [index, condition] of (status?.conditions ?? []).entries()) {
    const path = `status.conditions[${index}].status`
    validateChoice(condition.status ?? '', ['True', 'False', 'Unknown'], path, causes)
  }
}
