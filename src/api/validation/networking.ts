import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { type TypedReference, validateTypedReference } from './ingresses.ts'
import { cidrErrors, parseCidr } from './ip.ts'
import { dnsLabelErrors, dnsSubdomainErrors, pathSegmentErrors } from './names.ts'
import { regexError } from './regex-error.ts'

/**
 * Classes of ingresses, addresses of services and their ranges.
 * Source of all: kubernetes pkg/apis/networking/validation/validation.go.
 */

const controllerBytesMax = 250
const immutable = 'field is immutable'
const pathPattern = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"

export function validateIngressClass({ spec = {} }: KubeObject, causes: Causes): void {
  const { controller = '', parameters } = spec
  if (Buffer.byteLength(controller) > controllerBytesMax) {
    causes.tooLong('spec.controller', controllerBytesMax)
  }
  validateDomainPath(controller, 'spec.controller', causes)
  if (parameters) validateParameters(parameters, 'spec.parameters', causes)
}

/** Source: apimachinery pkg/util/validation IsDomainPrefixedPath. */
function validateDomainPath(text: string, at: string, causes: Causes): void {
  const [, host = '', path = ''] = /^([^/]*)\/(.*)$/s.exec(text) ?? []
  if (text === '') causes.required(at)
  else if (host === '' || path === '') {
    causes.invalid(at, text, 'must be a domain-prefixed path (such as "acme.io/foo")')
  } else {
    for (const wrong of dnsSubdomainErrors(host)) causes.invalid(at, host, wrong)
    if (!new RegExp(`^${pathPattern}$`).test(path)) {
      causes.invalid(at, path, regexError('Invalid path', pathPattern))
    }
  }
}

function validateParameters(
  parameters: TypedReference & { readonly scope?: string; readonly namespace?: string },
  at: string,
  causes: Causes,
): void {
  validateTypedReference(parameters, at, causes)
  const { scope, namespace } = parameters
  const scopes = ['Cluster', 'Namespace']
  if (scope === undefined) causes.required(`${at}.scope`)
  else if (!scopes.includes(scope)) causes.notSupported(`${at}.scope`, scope, scopes)
  else if (scope === 'Cluster' && namespace !== undefined) {
    causes.forbidden(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'")
  } else if (scope === 'Namespace' && namespace === undefined) {
    causes.required(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'")
  } else {
    for (const text of namespace === undefined ? [] : dnsLabelErrors(namespace)) {
      causes.invalid(`${at}.namespace`, namespace, text)
    }
  }
}

export function validateIngressClassUpdate(
  { spec: next = {} }: KubeObject,
  { spec: old = {} }: KubeObject,
  causes: Causes,
): void {
  if ((next.controller ?? '') === (old.controller ?? '')) return
  causes.invalid('spec.controller', next.controller ?? '', immutable)
}

interface Parent {
  readonly group?: string
  readonly resource?: string
  readonly namespace?: string
  readonly name?: string
}

export function validateIpAddress({ spec = {} }: KubeObject, causes: Causes): void {
  const at = 'spec.parentRef'
  const parent: Parent | undefined = spec.parentRef
  if (!parent) {
    causes.required(at)
    return
  }
  const { group = '', resource = '', namespace = '', name = '' } = parent
  for (const text of group === '' ? [] : dnsSubdomainErrors(group)) {
    causes.invalid(`${at}.group`, group, text)
  }
  for (const [field, value] of Object.entries({ resource, name, namespace })) {
    if (value === '' && field !== 'namespace') causes.required(`${at}.${field}`)
    for (const text of pathSegmentErrors(value)) causes.invalid(`${at}.${field}`, value, text)
  }
}

export function validateIpAddressUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  if (semanticEqual(next.spec?.parentRef, old.spec?.parentRef)) return
  const parent: Parent | undefined = next.spec?.parentRef
  const { group = '', resource = '', namespace = '', name = '' } = parent ?? {}
  const shown = parent && { Group: group, Resource: resource, Namespace: namespace, Name: name }
  causes.invalid('spec.parentRef', shown, immutable)
}

const oneEach =
  'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'

export function validateServiceCidr({ spec = {} }: KubeObject, causes: Causes): void {
  const cidrs: readonly string[] = spec.cidrs ?? []
  const at = 'spec.cidrs'
  if (cidrs.length === 0) causes.required(at, 'at least one CIDR required')
  else if (cidrs.length > 2) {
    causes.invalid(at, { CIDRs: cidrs }, 'may only hold up to 2 values')
  } else {
    for (const [index, cidr] of cidrs.entries()) {
      for (const text of cidrErrors(cidr)) causes.invalid(`${at}[${index}]`, cidr, text)
    }
    const [first, second] = cidrs.map(cidr => parseCidr(cidr)?.ip.length)
    if (cidrs.length === 2 && first !== undefined && first === second) {
      causes.invalid(at, cidrs, oneEach)
    }
  }
}

/** A second range may come, of the other family. */
export function validateServiceCidrUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  const before: readonly string[] = old.spec?.cidrs ?? []
  const after: readonly string[] = next.spec?.cidrs ?? []
  const isLonger = before.length === 1 && after.length === 2
  if (before.length !== after.length && !isLonger) {
    causes.invalid('spec.cidrs', after, immutable)
    return
  }
  for (const [index, cidr] of before.entries()) {
    if (cidr !== after[index]) causes.invalid(`spec.cidrs[${index}]`, after[index], immutable)
  }
  if (isLonger) validateServiceCidr(next, causes)
}
