import type { EndpointSlice } from '../objects.ts'
import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { validateRequiredChoice } from './fields.ts'
import { formatIp, ipErrors, ipWarnings, parseIp } from './ip.ts'
import { validateLabels } from './metadata.ts'
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  ipText,
  labelValueErrors,
  qualifiedNameErrors,
} from './names.ts'

/** Source of all: kubernetes pkg/apis/discovery/validation/validation.go. */

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number] & {
  readonly deprecatedTopology?: Record<string, string>
  readonly hints?: {
    readonly forZones?: readonly { readonly name?: string }[]
    readonly forNodes?: readonly { readonly name?: string }[]
  }
}

interface Port {
  readonly name?: string
  readonly protocol?: string
  readonly appProtocol?: string
}

const endpointsMax = 1000
const addressesMax = 100
const portsMax = 20_000
const topologyMax = 16
const hintsMax = 8
const types = ['FQDN', 'IPv4', 'IPv6']
const protocols = ['SCTP', 'TCP', 'UDP']

export function validateEndpointSlice(slice: EndpointSlice, causes: Causes): void {
  validateRest(slice, causes)
  validateEndpoints(slice, causes)
}

/** What is wrong with endpoints that nobody changed may stay. */
export function validateEndpointSliceUpdate(
  next: EndpointSlice,
  old: EndpointSlice,
  causes: Causes,
): void {
  validateRest(next, causes)
  if (!semanticEqual(next.endpoints, old.endpoints)) validateEndpoints(next, causes)
  if (next.addressType !== old.addressType) {
    causes.invalid('addressType', next.addressType, 'field is immutable')
  }
}

function validateRest(slice: EndpointSlice, causes: Causes): void {
  validateRequiredChoice(slice.addressType, types, 'addressType', causes)
  const ports = (slice.ports ?? []) as readonly Port[]
  if (ports.length > portsMax) {
    causes.tooMany('ports', ports.length, portsMax)
    return
  }
  const names = new Set<string>()
  for (const [index, { name = '', protocol, appProtocol }] of ports.entries()) {
    const at = `ports[${index}]`
    for (const text of name === '' ? [] : dnsLabelErrors(name)) {
      causes.invalid(`${at}.name`, name, text)
    }
    if (names.has(name)) causes.duplicate(`${at}.name`, name)
    names.add(name)
    if (protocol === undefined) causes.required(`${at}.protocol`)
    else if (!protocols.includes(protocol)) {
      causes.notSupported(`${at}.protocol`, protocol, protocols)
    }
    for (const text of appProtocol === undefined ? [] : qualifiedNameErrors(appProtocol)) {
      causes.invalid(`${at}.appProtocol`, appProtocol, text)
    }
  }
}

function validateEndpoints({ endpoints, addressType }: EndpointSlice, causes: Causes): void {
  const all = (endpoints ?? []) as readonly Endpoint[]
  if (all.length > endpointsMax) {
    causes.tooMany('endpoints', all.length, endpointsMax)
    return
  }
  for (const [index, endpoint] of all.entries()) {
    const at = `endpoints[${index}]`
    const addresses = endpoint.addresses ?? []
    const path = `${at}.addresses`
    if (addresses.length === 0) causes.required(path, 'must contain at least 1 address')
    else if (addresses.length > addressesMax) {
      causes.tooMany(path, addresses.length, addressesMax)
    }
    for (const [place, address] of addresses.entries()) {
      validateAddress(address, addressType ?? '', path, place, causes)
    }
    validateDetails(endpoint, at, causes)
  }
}

function validateAddress(
  address: string,
  type: string,
  path: string,
  place: number,
  causes: Causes,
): void {
  const at = `${path}[${place}]`
  if (type === 'FQDN') validateName(address, at, causes)
  if (type !== 'IPv4' && type !== 'IPv6') return
  const ip = parseIp(address)
  const wrong = type === 'IPv6' ? ipErrors(address) : ip === undefined ? [ipText] : []
  for (const text of wrong) causes.invalid(at, address, text)
  if (wrong.length > 0 || ip === undefined) return
  if (ip.length !== (type === 'IPv4' ? 4 : 16)) {
    causes.invalid(path, address, `must be an ${type} address`)
  }
  for (const text of endpointErrors(address)) causes.invalid(at, address, text)
}

/**
 * Addresses that no client can mean. Source: core ValidateEndpointIP; loopback addresses are taken
 * here, for the API servers of a cluster on one machine have them.
 */
function endpointErrors(address: string): string[] {
  const ip = formatIp(parseIp(address) ?? [])
  if (ip === '0.0.0.0' || ip === '::') return [`may not be unspecified (${address})`]
  if (/^(169\.254\.|fe[89ab][0-9a-f]:)/.test(ip)) {
    return ['may not be in the link-local range (169.254.0.0/16, fe80::/10)']
  }
  if (/^(224\.0\.0\.|ff02:)/.test(ip)) {
    return ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)']
  }
  return []
}

/** Source: apimachinery pkg/util/validation IsFullyQualifiedDomainName. */
function validateName(address: string, at: string, causes: Causes): void {
  const name = address.replace(/\.$/, '')
  const wrong = dnsSubdomainErrors(name)
  if (address === '') causes.required(at)
  else if (wrong.length > 0) causes.invalid(at, name, wrong.join(','))
  else if (!name.includes('.')) {
    const text = 'should be a domain with at least two segments separated by dots'
    causes.invalid(at, name, text)
  } else {
    const label = name.split('.').find(one => dnsLabelErrors(one).length > 0)
    if (label !== undefined) causes.invalid(at, label, dnsLabelErrors(label).join(','))
  }
}

function validateDetails(endpoint: Endpoint, at: string, causes: Causes): void {
  const { nodeName, hostname, deprecatedTopology, hints } = endpoint
  for (const text of nodeName === undefined ? [] : dnsSubdomainErrors(nodeName)) {
    causes.invalid(`${at}.nodeName`, nodeName, text)
  }
  const count = Object.keys(deprecatedTopology ?? {}).length
  if (count > topologyMax) causes.tooMany(`${at}.deprecatedTopology`, count, topologyMax)
  validateLabels(deprecatedTopology, `${at}.deprecatedTopology`, causes)
  for (const text of hostname === undefined ? [] : dnsLabelErrors(hostname)) {
    causes.invalid(`${at}.hostname`, hostname, text)
  }
  const rules = { forZones: labelValueErrors, forNodes: dnsSubdomainErrors }
  for (const field of ['forZones', 'forNodes'] as const) {
    const names = (hints?.[field] ?? []).map(({ name = '' }) => name)
    const path = `${at}.hints.${field}`
    if (names.length > hintsMax) {
      causes.tooMany(path, names.length, hintsMax)
      return
    }
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) < index) causes.duplicate(`${path}[${index}].name`, name)
      for (const text of rules[field](name)) causes.invalid(`${path}[${index}].name`, name, text)
    }
  }
}

const controllers = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io']

/** Source: pkg/registry/discovery/endpointslice/strategy.go. */
export function endpointSliceWarnings(slice: EndpointSlice, old: KubeObject | undefined): string[] {
  const isDeprecated = old === undefined && slice.addressType === 'FQDN'
  const manager = slice.metadata.labels?.['endpointslice.kubernetes.io/managed-by'] ?? ''
  const isOurs = controllers.includes(manager)
  const endpoints = isOurs ? [] : (slice.endpoints ?? [])
  return [
    ...(isDeprecated ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
    ...endpoints.flatMap(({ addresses }, index) =>
      (addresses ?? []).flatMap((address, place) =>
        ipWarnings(`endpoints[${index}].addresses[${place}]`, address),
      ),
    ),
  ]
}
