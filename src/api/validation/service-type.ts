import type { Service } from '../objects.ts'
import { isExternallyAccessible, needsHealthCheck } from '../resources/service-strategy.ts'
import type { Causes } from './causes.ts'
import { isIpv4, qualifiedNameErrors } from './names.ts'

/** Source: kubernetes pkg/apis/core/validation/validation.go ValidateService, by field. */

type Spec = Service['spec']

const onlyLoadBalancer = "may only be used when `type` is 'LoadBalancer'"

/** What a service may have and be, by its type. */
export function validateTypeDependents(spec: Spec, causes: Causes): void {
  if (spec.type === 'ExternalName') validateExternalName(spec, causes)
  else validateFamilies(spec, causes)
  validateLoadBalancer(spec, causes)
  validateTraffic(spec, causes)
  validateAffinityTimeout(spec, causes)
}

function validateExternalName(spec: Spec, causes: Causes): void {
  const given = {
    clusterIPs: Boolean(spec.clusterIP) || Boolean(spec.clusterIPs?.length),
    ipFamilies: Boolean(spec.ipFamilies?.length),
    ipFamilyPolicy: spec.ipFamilyPolicy !== undefined,
  }
  for (const [field, isGiven] of Object.entries(given)) {
    if (isGiven) causes.forbidden(`spec.${field}`, 'may not be set for ExternalName services')
  }
}

const familyPolicies = ['SingleStack', 'PreferDualStack', 'RequireDualStack']

function validateFamilies(spec: Spec, causes: Causes): void {
  const { ipFamilies = [], ipFamilyPolicy: policy = 'SingleStack' } = spec
  // Whoever has no address here may have one of any family elsewhere.
  const isFree = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0
  for (const [index, family] of ipFamilies.entries()) {
    const at = `spec.ipFamilies[${index}]`
    if (family === 'IPv6' && !isFree) causes.invalid(at, family, 'not configured on this cluster')
    else if (family !== 'IPv4' && family !== 'IPv6')
      causes.notSupported(at, family, ['IPv4', 'IPv6'])
    else if (ipFamilies.indexOf(family) < index) causes.duplicate(at, family)
  }
  if (!familyPolicies.includes(policy)) {
    causes.notSupported('spec.ipFamilyPolicy', policy, familyPolicies)
  } else if (policy === 'RequireDualStack' && !isFree) {
    const text = 'this cluster is not configured for dual-stack services'
    causes.invalid('spec.ipFamilyPolicy', policy, text)
  }
}

function validateLoadBalancer(spec: Spec, causes: Causes): void {
  const { allocateLoadBalancerNodePorts, loadBalancerClass, loadBalancerSourceRanges } = spec
  const ranges = loadBalancerSourceRanges ?? []
  if (spec.type !== 'LoadBalancer') {
    if (allocateLoadBalancerNodePorts !== undefined) {
      causes.forbidden('spec.allocateLoadBalancerNodePorts', onlyLoadBalancer)
    }
    if (loadBalancerClass !== undefined) {
      causes.forbidden('spec.loadBalancerClass', onlyLoadBalancer)
    }
    if (ranges.length > 0) causes.forbidden('spec.LoadBalancerSourceRanges', onlyLoadBalancer)
    return
  }
  if (loadBalancerClass !== undefined) {
    for (const text of qualifiedNameErrors(loadBalancerClass)) {
      causes.invalid('spec.loadBalancerClass', loadBalancerClass, text)
    }
  }
  for (const [index, range] of ranges.entries()) {
    if (isCidr(range.trim())) continue
    causes.invalid(
      `spec.LoadBalancerSourceRanges[${index}]`,
      range,
      'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    )
  }
}

const policies = ['Cluster', 'Local']
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode']

function validateTraffic(spec: Spec, causes: Causes): void {
  const { externalTrafficPolicy: external, internalTrafficPolicy: internal } = spec
  if (external && !isExternallyAccessible(spec)) {
    const text = 'may only be set for externally-accessible services'
    causes.invalid('spec.externalTrafficPolicy', external, text)
  } else if (external && !policies.includes(external)) {
    causes.notSupported('spec.externalTrafficPolicy', external, policies)
  }
  if (internal && !policies.includes(internal)) {
    causes.notSupported('spec.internalTrafficPolicy', internal, policies)
  }
  if (spec.healthCheckNodePort && !needsHealthCheck(spec)) {
    causes.invalid(
      'spec.healthCheckNodePort',
      spec.healthCheckNodePort,
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    )
  }
  const distribution = spec.trafficDistribution
  if (distribution !== undefined && !distributions.includes(distribution)) {
    causes.notSupported('spec.trafficDistribution', distribution, distributions)
  }
}

const affinitySecondsMax = 86_400

function validateAffinityTimeout(spec: Spec, causes: Causes): void {
  if (spec.sessionAffinity !== 'ClientIP') return
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 0
  if (seconds > 0 && seconds <= affinitySecondsMax) return
  causes.invalid(
    'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
    seconds,
    `must be greater than 0 and less than ${affinitySecondsMax}`,
  )
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/')
  if (more.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(bits)) return false
  if (isIpv4(address)) return Number(bits) <= 32
  return /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(address) && Number(bits) <= 128
}
