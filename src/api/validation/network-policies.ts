import type { LabelSelector } from '../objects.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { cidrWarnings, containsIp, parseCidr, validateOldCidr } from './ip.ts'
import { portNameErrors, portNumberErrors } from './names.ts'
import { isLabelSelector, validateLabelSelector } from './selector.ts'

/** Source of all: kubernetes pkg/apis/networking/validation/validation.go. */

interface Port {
  readonly protocol?: string
  readonly port?: number | string
  readonly endPort?: number
}

interface Block {
  readonly cidr?: string
  readonly except?: readonly string[]
}

interface Peer {
  readonly podSelector?: LabelSelector
  readonly namespaceSelector?: LabelSelector
  readonly ipBlock?: Block
}

/** What an old policy allows. */
interface Options {
  readonly anyValues: boolean
  readonly cidrs: readonly string[]
}

const protocols = ['TCP', 'UDP', 'SCTP']
const types = ['Ingress', 'Egress']

/** Upstream looks at an updated policy twice, and only once with what the old one had. */
export function validateNetworkPolicy(object: KubeObject, causes: Causes): void {
  validateSpec(object, { anyValues: false, cidrs: [] }, causes)
}

export function validateNetworkPolicyUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
): void {
  const anyValues = !isLabelSelector(old.spec?.podSelector)
  const cidrs = blocksOf(old).flatMap(([, { cidr = '', except = [] }]) => [cidr, ...except])
  validateSpec(next, { anyValues, cidrs: [] }, causes)
  validateSpec(next, { anyValues, cidrs }, causes)
}

function peersOf({ spec }: KubeObject): (readonly [path: string, peer: Peer])[] {
  return (['ingress', 'egress'] as const).flatMap(direction =>
    ((spec?.[direction] ?? []) as Record<string, Peer[] | undefined>[]).flatMap((rule, index) => {
      const field = direction === 'ingress' ? 'from' : 'to'
      return (rule[field] ?? []).map(
        (peer, place) => [`spec.${direction}[${index}].${field}[${place}]`, peer] as const,
      )
    }),
  )
}

function blocksOf(object: KubeObject): (readonly [path: string, block: Block])[] {
  return peersOf(object).flatMap(([path, { ipBlock }]) =>
    ipBlock ? [[`${path}.ipBlock`, ipBlock] as const] : [],
  )
}

function validateSpec(object: KubeObject, options: Options, causes: Causes): void {
  const spec = object.spec ?? {}
  validateLabelSelector(spec.podSelector, 'spec.podSelector', causes, options)
  for (const direction of ['ingress', 'egress'] as const) {
    for (const [index, rule] of (spec[direction] ?? []).entries()) {
      for (const [place, port] of (rule.ports ?? []).entries()) {
        validatePort(port, `spec.${direction}[${index}].ports[${place}]`, causes)
      }
    }
  }
  for (const [path, peer] of peersOf(object)) validatePeer(peer, path, options, causes)
  const given: readonly string[] = spec.policyTypes ?? []
  if (given.length > types.length) {
    causes.invalid('spec.policyTypes', given, 'may not specify more than two policyTypes')
    return
  }
  for (const [index, type] of given.entries()) {
    if (!types.includes(type)) causes.notSupported(`spec.policyTypes[${index}]`, type, types)
  }
}

function validatePort({ protocol, port, endPort }: Port, path: string, causes: Causes): void {
  if (protocol !== undefined && !protocols.includes(protocol)) {
    causes.notSupported(`${path}.protocol`, protocol, protocols)
  }
  const at = `${path}.endPort`
  if (port === undefined) {
    const text = 'may not be specified when `port` is not specified'
    if (endPort !== undefined) causes.invalid(at, endPort, text)
  } else if (typeof port === 'string') {
    const text = 'may not be specified when `port` is non-numeric'
    if (endPort !== undefined) causes.invalid(at, endPort, text)
    for (const wrong of portNameErrors(port)) causes.invalid(`${path}.port`, port, wrong)
  } else {
    for (const wrong of portNumberErrors(port)) causes.invalid(`${path}.port`, port, wrong)
    if (endPort === undefined) return
    // Upstream shows the other port.
    if (endPort < port) causes.invalid(at, port, 'must be greater than or equal to `port`')
    for (const wrong of portNumberErrors(endPort)) causes.invalid(at, endPort, wrong)
  }
}

function validatePeer(peer: Peer, path: string, options: Options, causes: Causes): void {
  const { podSelector, namespaceSelector, ipBlock } = peer
  validateLabelSelector(podSelector, `${path}.podSelector`, causes, options)
  validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`, causes, options)
  if (ipBlock) validateBlock(ipBlock, `${path}.ipBlock`, options, causes)
  const hasSelector = podSelector !== undefined || namespaceSelector !== undefined
  if (!hasSelector && !ipBlock) causes.required(path, 'must specify a peer')
  else if (hasSelector && ipBlock) {
    causes.forbidden(path, 'may not specify both ipBlock and another peer')
  }
}

function validateBlock(
  { cidr = '', except = [] }: Block,
  path: string,
  { cidrs }: Options,
  causes: Causes,
): void {
  if (cidr === '') {
    causes.required(`${path}.cidr`)
    return
  }
  validateOldCidr(cidr, `${path}.cidr`, causes, cidrs)
  const whole = parseCidr(cidr)
  if (whole === undefined) return
  for (const [index, text] of except.entries()) {
    const at = `${path}.except[${index}]`
    validateOldCidr(text, at, causes, cidrs)
    const part = parseCidr(text)
    if (part === undefined) continue
    if (!containsIp(whole, part.network) || whole.bits >= part.bits) {
      causes.invalid(at, text, 'must be a strict subset of `cidr`')
    }
  }
}

/** Source: pkg/registry/networking/networkpolicy/strategy.go networkPolicyWarnings. */
export function networkPolicyWarnings(object: KubeObject): string[] {
  return blocksOf(object).flatMap(([path, { cidr = '', except = [] }]) => [
    ...cidrWarnings(`${path}.cidr`, cidr),
    ...except.flatMap((text, index) => cidrWarnings(`${path}.except[${index}]`, text)),
  ])
}
