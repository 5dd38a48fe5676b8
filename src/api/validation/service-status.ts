import { ownValue } from '../own.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import { dnsSubdomainErrors, ipText, isIpAddress } from './names.ts'
import { judged, oneOf } from './rules.ts'

/** Source: kubernetes pkg/apis/core/validation/validation.go ValidateLoadBalancerStatus. */
export function validateServiceStatus(
  { spec, status }: KubeObject,
  _old: KubeObject,
  causes: Causes,
): void {
  const path = 'status.loadBalancer.ingress'
  const ingress: readonly Loose[] = status?.loadBalancer?.ingress ?? []
  if (spec?.type !== 'LoadBalancer' && ingress.length > 0) {
    causes.forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")
    return
  }
  each(ingress, path, ({ ip = '', ipMode, hostname = '' }, at) => {
    if (ip !== '' && !isIpAddress(ip)) causes.invalid(`${at}.ip`, ip, ipText)
    if (ipMode === undefined) {
      if (ip !== '') causes.required(`${at}.ipMode`, 'must be specified when `ip` is set')
    } else if (ip === '') {
      causes.forbidden(`${at}.ipMode`, 'may not be specified when `ip` is not set')
    } else oneOf(ipMode, `${at}.ipMode`, ['Proxy', 'VIP'], causes)
    if (hostname === '') return
    judged(hostname, `${at}.hostname`, dnsSubdomainErrors, causes)
    if (isIpAddress(hostname)) {
      causes.invalid(`${at}.hostname`, hostname, 'must be a DNS name, not an IP address')
    }
  })
}

const hints = 'service.kubernetes.io/topology-aware-hints'
const mode = 'service.kubernetes.io/topology-mode'

/** Source: kubernetes pkg/api/service/warnings.go. */
export function serviceWarnings({ metadata, spec = {} }: KubeObject): string[] {
  const warnings: string[] = []
  if (ownValue(metadata.annotations, hints) !== undefined) {
    warnings.push(`annotation ${hints} is deprecated, please use ${mode} instead`)
  }
  const isHeadless = spec.type === 'ClusterIP' && spec.clusterIP === 'None'
  const isExternal = spec.type === 'ExternalName'
  const addresses = (spec.externalIPs?.length ?? 0) > 0
  const said: readonly (readonly [boolean, string])[] = [
    [
      isHeadless && Boolean(spec.loadBalancerIP),
      'spec.loadBalancerIP is ignored for headless services',
    ],
    [isHeadless && addresses, 'spec.externalIPs is ignored for headless services'],
    [
      isHeadless && spec.sessionAffinity !== 'None',
      'spec.SessionAffinity is ignored for headless services',
    ],
    [isExternal && addresses, 'spec.externalIPs is ignored when spec.type is "ExternalName"'],
    [
      !isExternal && Boolean(spec.externalName),
      'spec.externalName is ignored when spec.type is not "ExternalName"',
    ],
    [
      spec.trafficDistribution === 'PreferClose',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ],
  ]
  return [...warnings, ...said.filter(([is]) => is).map(([, text]) => text)]
}
