import type { KubeObject } from '../types.ts'
import { Causes } from './causes.ts'
import { ipWarnings, parseIp, validateOldIp } from './ip.ts'
import {
  dns1035Errors,
  dnsLabelErrors,
  dnsSubdomainErrors,
  pathSegmentErrors,
  portNameErrors,
  portNumberErrors,
} from './names.ts'
import { regexError } from './regex-error.ts'

/** Source of all: kubernetes pkg/apis/networking/validation/validation.go. */

interface Backend {
  readonly service?: {
    readonly name?: string
    readonly port?: { readonly name?: string; readonly number?: number }
  }
  readonly resource?: TypedReference
}

export interface TypedReference {
  readonly apiGroup?: string
  readonly kind?: string
  readonly name?: string
}

interface Path {
  readonly path?: string
  readonly pathType?: string
  readonly backend?: Backend
}

interface Rule {
  readonly host?: string
  readonly http?: { readonly paths?: readonly Path[] }
}

interface Tls {
  readonly hosts?: readonly string[]
  readonly secretName?: string
}

/** What an old ingress allows. */
interface Options {
  readonly secretNames: boolean
  readonly wildcardRules: boolean
  readonly relaxedServiceNames: boolean
}

const strict: Options = { secretNames: false, wildcardRules: false, relaxedServiceNames: false }
const classAnnotation = 'kubernetes.io/ingress.class'

export function validateIngress(object: KubeObject, causes: Causes): void {
  validateSpec(object.spec ?? {}, strict, causes)
  const annotation = object.metadata.annotations?.[classAnnotation]
  const name = object.spec?.ingressClassName
  if (annotation === undefined || name === undefined || annotation === name) return
  const text = 'must match `ingressClassName` when both are specified'
  causes.invalid(`annotations.${classAnnotation}`, annotation, text)
}

export function validateIngressUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  validateSpec(next.spec ?? {}, optionsOf(old.spec ?? {}), causes)
}

/** Source: WarningsOnCreate. */
export function ingressWarnings({ metadata, spec }: KubeObject, old?: KubeObject): string[] {
  const isOld = metadata.annotations?.[classAnnotation] !== undefined
  if (old !== undefined || !isOld || spec?.ingressClassName !== undefined) return []
  return [
    `annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`,
  ]
}

function rulesOf(spec: KubeObject['spec']): readonly Rule[] {
  return spec.rules ?? []
}

function optionsOf(spec: KubeObject['spec']): Options {
  const backends: (Backend | undefined)[] = [
    spec.defaultBackend,
    ...rulesOf(spec).flatMap(({ http }) => (http?.paths ?? []).map(one => one.backend)),
  ]
  const secrets: readonly Tls[] = spec.tls ?? []
  return {
    secretNames: secrets.some(
      ({ secretName = '' }) => secretName !== '' && dnsSubdomainErrors(secretName).length > 0,
    ),
    wildcardRules: rulesOf(spec).some(rule => rule.host?.includes('*') && !isRightRule(rule)),
    relaxedServiceNames: backends.some(backend => {
      const name = backend?.service?.name
      if (name === undefined) return false
      return dnsLabelErrors(name).length === 0 && dns1035Errors(name).length > 0
    }),
  }
}

function isRightRule(rule: Rule): boolean {
  const causes = new Causes()
  validateHttp(rule.http, '', strict, causes)
  return causes.list.length === 0
}

function validateSpec(spec: KubeObject['spec'], options: Options, causes: Causes): void {
  const rules = rulesOf(spec)
  if (rules.length === 0 && !spec.defaultBackend) {
    causes.invalid(
      'spec',
      spec.rules ?? null,
      'either `defaultBackend` or `rules` must be specified',
    )
  }
  if (spec.defaultBackend) {
    validateBackend(spec.defaultBackend, 'spec.defaultBackend', options, causes)
  }
  for (const [index, rule] of rules.entries()) {
    validateRule(rule, `spec.rules[${index}]`, options, causes)
  }
  for (const [index, tls] of (spec.tls ?? []).entries()) {
    validateTls(tls, `spec.tls[${index}]`, options, causes)
  }
  const { ingressClassName: name } = spec
  for (const text of name === undefined ? [] : dnsSubdomainErrors(name)) {
    causes.invalid('spec.ingressClassName', name, text)
  }
}

const wildcardPattern = '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'
const wildcardText = regexError(
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which " +
    "must consist of lower case alphanumeric characters, '-' or '.' and end with an " +
    'alphanumeric character',
  wildcardPattern,
  '*.example.com',
)

/** A name, or a name with `*.` before it. Source: IsWildcardDNS1123Subdomain. */
function hostErrors(host: string): string[] {
  if (!host.includes('*')) return dnsSubdomainErrors(host)
  return [
    ...(host.length > 253 ? ['must be no more than 253 bytes'] : []),
    ...(new RegExp(`^${wildcardPattern}$`).test(host) ? [] : [wildcardText]),
  ]
}

function validateTls(
  { hosts = [], secretName = '' }: Tls,
  path: string,
  { secretNames }: Options,
  causes: Causes,
): void {
  for (const [index, host] of hosts.entries()) {
    for (const text of hostErrors(host)) causes.invalid(`${path}.hosts[${index}]`, host, text)
  }
  for (const text of secretNames || secretName === '' ? [] : dnsSubdomainErrors(secretName)) {
    causes.invalid(`${path}.secretName`, secretName, text)
  }
}

function validateRule(rule: Rule, path: string, options: Options, causes: Causes): void {
  const { host = '' } = rule
  if (host !== '' && parseIp(host) !== undefined) {
    causes.invalid(`${path}.host`, host, 'must be a DNS name, not an IP address')
  }
  for (const text of host === '' ? [] : hostErrors(host)) causes.invalid(`${path}.host`, host, text)
  if (host.includes('*') && options.wildcardRules) return
  validateHttp(rule.http, `${path}.http`, options, causes)
}

function validateHttp(http: Rule['http'], path: string, options: Options, causes: Causes): void {
  if (http === undefined) return
  if (!http.paths?.length) causes.required(`${path}.paths`)
  for (const [index, one] of (http.paths ?? []).entries()) {
    validatePath(one, `${path}.paths[${index}]`, options, causes)
  }
}

function validatePath(one: Path, at: string, options: Options, causes: Causes): void {
  const { path = '', pathType, backend = {} } = one
  if (pathType === undefined) {
    causes.required(`${at}.pathType`, 'pathType must be specified')
    return
  }
  const isExact = pathType === 'Exact' || pathType === 'Prefix'
  const types = ['Exact', 'ImplementationSpecific', 'Prefix']
  if (!types.includes(pathType)) causes.notSupported(`${at}.pathType`, pathType, types)
  else if (!path.startsWith('/') && (isExact || path !== '')) {
    causes.invalid(`${at}.path`, path, 'must be an absolute path')
  }
  if (isExact) {
    for (const part of ['//', '/./', '/../', '%2f', '%2F']) {
      if (path.includes(part)) causes.invalid(`${at}.path`, path, `must not contain '${part}'`)
    }
    for (const end of ['/..', '/.']) {
      if (path.endsWith(end)) causes.invalid(`${at}.path`, path, `cannot end with '${end}'`)
    }
  }
  validateBackend(backend, `${at}.backend`, options, causes)
}

function validateBackend(backend: Backend, at: string, options: Options, causes: Causes): void {
  const { resource, service } = backend
  if (resource && service) {
    causes.invalid(at, '', 'cannot set both resource and service backends')
  } else if (resource) validateTypedReference(resource, `${at}.resource`, causes)
  else if (service) {
    const { name = '', port = {} } = service
    const rule = options.relaxedServiceNames ? dnsLabelErrors : dns1035Errors
    if (name === '') causes.required(`${at}.service.name`)
    else for (const text of rule(name)) causes.invalid(`${at}.service.name`, name, text)
    validateBackendPort(port, at, causes)
  } else causes.invalid(at, '', 'resource or service backend is required')
}

function validateBackendPort(
  { name = '', number = 0 }: { readonly name?: string; readonly number?: number },
  at: string,
  causes: Causes,
): void {
  if (name !== '' && number !== 0) {
    causes.invalid(at, '', 'cannot set both port name & port number')
  } else if (name !== '') {
    for (const text of portNameErrors(name)) causes.invalid(`${at}.service.port.name`, name, text)
  } else if (number !== 0) {
    for (const text of portNumberErrors(number)) {
      causes.invalid(`${at}.service.port.number`, number, text)
    }
  } else causes.required(at, 'port name or number is required')
}

/** Source: validateIngressTypedLocalObjectReference. */
export function validateTypedReference(
  { apiGroup, kind = '', name = '' }: TypedReference,
  at: string,
  causes: Causes,
): void {
  for (const text of apiGroup === undefined ? [] : dnsSubdomainErrors(apiGroup)) {
    causes.invalid(`${at}.apiGroup`, apiGroup, text)
  }
  for (const [field, value] of Object.entries({ kind, name })) {
    if (value === '') causes.required(`${at}.${field}`)
    else {
      for (const text of pathSegmentErrors(value)) causes.invalid(`${at}.${field}`, value, text)
    }
  }
}

type Point = { readonly ip?: string; readonly hostname?: string }

function pointsOf({ status }: KubeObject): readonly Point[] {
  return status?.loadBalancer?.ingress ?? []
}

/** Source: ValidateIngressLoadBalancerStatus. */
export function validateIngressStatus(next: KubeObject, old: KubeObject, causes: Causes): void {
  const before = pointsOf(old).flatMap(({ ip }) => (ip ? [ip] : []))
  for (const [index, { ip, hostname }] of pointsOf(next).entries()) {
    const at = `status.loadBalancer.ingress[${index}]`
    if (ip) validateOldIp(ip, `${at}.ip`, causes, before)
    if (!hostname) continue
    for (const text of dnsSubdomainErrors(hostname)) {
      causes.invalid(`${at}.hostname`, hostname, text)
    }
    if (parseIp(hostname) !== undefined) {
      causes.invalid(`${at}.hostname`, hostname, 'must be a DNS name, not an IP address')
    }
  }
}

/** Source: pkg/registry/networking/ingress/strategy.go, of its status. */
export function ingressStatusWarnings(object: KubeObject): string[] {
  return pointsOf(object).flatMap(({ ip }, index) =>
    ip ? ipWarnings(`status.loadBalancer.ingress[${index}]`, ip) : [],
  )
}
