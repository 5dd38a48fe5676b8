import type { Service, ServicePort } from '../objects.ts'
import type { Causes } from './causes.ts'
import { validateLabels } from './metadata.ts'
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  ipText,
  isIpAddress,
  portNameErrors,
  portNumberErrors,
  qualifiedNameErrors,
  specialIpErrors,
} from './names.ts'
import { validateTypeDependents } from './service-type.ts'

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const protocols = ['SCTP', 'TCP', 'UDP']

/** Source: kubernetes pkg/apis/core/validation/validation.go ValidateService. */
export function validateService(service: Service, causes: Causes): void {
  const { spec } = service
  if (spec === undefined) {
    causes.required('spec.ports')
    return
  }
  const headless = spec.clusterIP === 'None'
  if (!types.includes(spec.type ?? '')) causes.notSupported('spec.type', spec.type ?? '', types)
  if (!spec.ports?.length && !headless && spec.type !== 'ExternalName') {
    causes.required('spec.ports')
  }
  if (headless && (spec.type === 'NodePort' || spec.type === 'LoadBalancer')) {
    causes.invalid(
      'spec.clusterIPs[0]',
      'None',
      "may not be set to 'None' for LoadBalancer services".replace('LoadBalancer', spec.type),
    )
  }
  if (spec.type === 'ExternalName') {
    if (!spec.externalName) causes.required('spec.externalName')
    else {
      const name = spec.externalName.replace(/\.$/, '')
      for (const text of dnsSubdomainErrors(name))
        causes.invalid('spec.externalName', spec.externalName, text)
    }
  }
  if (spec.clusterIP && !headless && !isIpAddress(spec.clusterIP)) {
    causes.invalid('spec.clusterIPs[0]', spec.clusterIP, ipText)
  }
  validateTypeDependents(spec, causes)
  validatePorts(spec.ports ?? [], spec.type ?? '', causes)
  validateLabels(spec.selector, 'spec.selector', causes)
  if (!['None', 'ClientIP'].includes(spec.sessionAffinity ?? '')) {
    causes.notSupported('spec.sessionAffinity', spec.sessionAffinity ?? '', ['ClientIP', 'None'])
  }
  for (const [index, ip] of (spec.externalIPs ?? []).entries()) {
    const at = `spec.externalIPs[${index}]`
    if (!isIpAddress(ip)) causes.invalid(at, ip, ipText)
    else for (const text of specialIpErrors(ip)) causes.invalid(at, ip, text)
  }
}

function validatePorts(ports: readonly ServicePort[], type: string, causes: Causes): void {
  const names = new Set<string>()
  const used = new Set<string>()
  const nodePorts = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`
    if (!port.name && ports.length > 1) causes.required(`${at}.name`)
    else if (port.name) {
      for (const text of dnsLabelErrors(port.name)) causes.invalid(`${at}.name`, port.name, text)
      if (names.has(port.name)) causes.duplicate(`${at}.name`, port.name)
      names.add(port.name)
    }
    for (const text of portNumberErrors(port.port))
      causes.invalid(`${at}.port`, port.port ?? 0, text)
    if (!protocols.includes(port.protocol ?? '')) {
      causes.notSupported(`${at}.protocol`, port.protocol ?? '', protocols)
    }
    const target = port.targetPort
    const rule = typeof target === 'string' ? portNameErrors(target) : portNumberErrors(target)
    for (const text of rule) causes.invalid(`${at}.targetPort`, target, text)
    if (port.nodePort && type === 'ClusterIP') {
      causes.forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'")
    }
    for (const text of port.appProtocol ? qualifiedNameErrors(port.appProtocol) : []) {
      causes.invalid(`${at}.appProtocol`, port.appProtocol, text)
    }
    const node = `${port.protocol}/${port.nodePort}`
    if (port.nodePort && nodePorts.has(node)) causes.duplicate(`${at}.nodePort`, port.nodePort)
    nodePorts.add(node)
    const key = `${port.protocol}/${port.port}`
    if (used.has(key)) {
      // Upstream writes them as Go names the fields of what it compares.
      const value = { Name: '', Protocol: port.protocol, AppProtocol: null }
      causes.duplicate(at, { ...value, Port: port.port, TargetPort: 0, NodePort: 0 })
    }
    used.add(key)
  }
}

/** The cluster IP stays as long as the service has one. */
export function validateServiceUpdate(next: Service, old: Service, causes: Causes): void {
  const external = next.spec.type === 'ExternalName' || old.spec.type === 'ExternalName'
  if (external || !old.spec.clusterIP) return
  if (next.spec.clusterIP !== old.spec.clusterIP) {
    causes.invalid('spec.clusterIPs[0]', next.spec.clusterIPs ?? null, 'may not change once set')
  }
  const balanced = next.spec.type === 'LoadBalancer' && old.spec.type === 'LoadBalancer'
  if (balanced && next.spec.loadBalancerClass !== old.spec.loadBalancerClass) {
    const value = next.spec.loadBalancerClass ?? null
    causes.invalid('spec.loadBalancerClass', value, 'may not change once set')
  }
}
