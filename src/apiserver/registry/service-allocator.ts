import { randomInt } from 'node:crypto'
import type { Service } from '../../api/objects.ts'
import { services } from '../../api/resources/core.ts'
import { needsHealthCheck } from '../../api/resources/service-strategy.ts'
import { internalError, invalid } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { isIpAddress } from '../../api/validation/names.ts'
import type { WatchCache } from '../storage/cache/watch-cache.ts'
import { type Claim, type Claims, noClaims } from '../storage/claims.ts'
import { objectOf } from '../storage/entry.ts'
import type { ClusterInfo } from '../types.ts'
import type { Allocator } from './allocator.ts'

/** Of our own, where upstream has the bitmaps of its ranges, which nobody reads but it. */
const addressPrefix = '/registry/ranges/quorate/addresses/'
const portPrefix = '/registry/ranges/quorate/nodeports/'
const defaultPorts = { first: 30_000, last: 32_767 }
/** Random picks before the range is searched in order. */
const picksMax = 32

/** Gives services their cluster IPs and node ports. Each is a claim, with a key of its own. */
export class ServiceAllocator implements Allocator {
  readonly #cache: WatchCache
  readonly #base: number
  readonly #size: number
  readonly #ports: { readonly first: number; readonly last: number }

  constructor(cache: WatchCache, info: ClusterInfo) {
    const [base = '', bits = '32'] = info.serviceCidr.split('/')
    this.#cache = cache
    this.#size = 2 ** (32 - Number(bits))
    this.#base = Math.floor(ipNumber(base) / this.#size) * this.#size
    this.#ports = info.nodePorts ?? defaultPorts
  }

  /** The range's first address: that of the service `kubernetes`. */
  get firstAddress(): string {
    return ipText(this.#base + 1)
  }

  allocate(next: KubeObject, old: KubeObject | undefined): Claims {
    return next.spec === undefined
      ? noClaims
      : this.#allocate(next as Service, old as Service | undefined)
  }

  #allocate(next: Service, old: Service | undefined): Claims {
    keepAllocations(next, old)
    const before = keysOf(old)
    const used = this.#used(next, old)
    this.#giveAddress(next, used.addresses, old)
    this.#givePorts(next, used.ports)
    this.#giveHealthPort(next, used.ports)
    const after = keysOf(next)
    return {
      taken: claimsOf(next).filter(({ key }) => !before.has(key)),
      released: [...before].filter(key => !after.has(key)),
    }
  }

  free(object: KubeObject): Claims {
    return { taken: [], released: [...keysOf(object as Service)] }
  }

  forget(object: KubeObject): void {
    const service = object as Service
    const chosen = this.#chosen.get(service)
    if (chosen === undefined) {
      const ip = service.spec.clusterIP ?? ''
      throw this.#invalid(
        service,
        'spec.clusterIPs',
        `Invalid value: ["${ip}"]: failed to allocate IP ${ip}: provided IP is already allocated`,
      )
    }
    if (chosen.address) {
      delete service.spec.clusterIP
      delete service.spec.clusterIPs
    }
    for (const port of chosen.ports) delete port.nodePort
    if (chosen.isChecked) delete service.spec.healthCheckNodePort
    this.#chosen.delete(service)
  }

  readonly #chosen = new WeakMap<Service, Chosen>()

  #used(next: Service, old: Service | undefined): { addresses: Set<string>; ports: Set<number> } {
    const addresses = new Set<string>([this.firstAddress])
    const ports = new Set<number>()
    if (!needsAllocation(next)) return { addresses, ports }
    for (const entry of this.#cache.of(services).list('/registry/services/specs/')) {
      const { spec, metadata } = objectOf(entry) as Service
      if (metadata.uid === old?.metadata.uid) continue
      for (const ip of spec.clusterIPs ?? []) addresses.add(ip)
      for (const { nodePort } of spec.ports ?? []) if (nodePort) ports.add(nodePort)
      if (spec.healthCheckNodePort) ports.add(spec.healthCheckNodePort)
    }
    return { addresses, ports }
  }

  #giveAddress(service: Service, used: Set<string>, old: Service | undefined): void {
    const { spec } = service
    if (spec.type === 'ExternalName') return
    if (!spec.clusterIP && spec.clusterIPs?.[0]) spec.clusterIP = spec.clusterIPs[0]
    giveFamilies(spec)
    if (spec.clusterIP) {
      // An address that is there stays: that it does is validation's to say.
      if (!old?.spec.clusterIP) this.#checkAddress(service, spec.clusterIP)
    } else {
      spec.clusterIP = this.#freeAddress(used)
      this.#note(service).address = true
    }
    spec.clusterIPs = [spec.clusterIP]
  }

  #checkAddress(service: Service, address: string): void {
    // What is no address is validation's to refuse.
    if (address === 'None' || !isIpAddress(address)) return
    const offset = ipNumber(address) - this.#base
    if (offset > 0 && offset < this.#size - 1) return
    throw this.#invalid(
      service,
      'spec.clusterIPs',
      `Invalid value: ["${address}"]: failed to allocate IP ${address}: the provided IP ` +
        `(${address}) is not in the valid range. The range of valid IPs is ` +
        `${ipText(this.#base)}/${32 - Math.log2(this.#size)}`,
    )
  }

  #freeAddress(used: Set<string>): string {
    for (let pick = 0; pick < picksMax; pick++) {
      const address = ipText(this.#base + 2 + randomInt(Math.max(1, this.#size - 3)))
      if (!used.has(address)) return address
    }
    for (let offset = 2; offset < this.#size - 1; offset++) {
      const address = ipText(this.#base + offset)
      if (!used.has(address)) return address
    }
    throw internalError('failed to allocate a serviceIP: range is full')
  }

  #givePorts(service: Service, used: Set<number>): void {
    const { spec } = service
    const wanted =
      spec.type === 'NodePort' ||
      (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
    if (!wanted) return
    for (const [index, port] of (spec.ports ?? []).entries()) {
      if (port.nodePort) {
        if (port.nodePort < this.#ports.first || port.nodePort > this.#ports.last) {
          throw this.#invalid(
            service,
            `spec.ports[${index}].nodePort`,
            `Invalid value: ${port.nodePort}: provided port is not in the valid range. ` +
              `The range of valid ports is ${this.#ports.first}-${this.#ports.last}`,
          )
        }
        if (used.has(port.nodePort)) {
          throw this.#invalid(
            service,
            `spec.ports[${index}].nodePort`,
            `Invalid value: ${port.nodePort}: provided port is already allocated`,
          )
        }
        continue
      }
      port.nodePort = this.#freePort(used)
      used.add(port.nodePort)
      this.#note(service).ports.push(port)
    }
  }

  /** By which balancers outside ask whether a node has pods of it. */
  #giveHealthPort(service: Service, used: Set<number>): void {
    const { spec } = service
    if (!needsHealthCheck(spec) || spec.healthCheckNodePort) return
    spec.healthCheckNodePort = this.#freePort(used)
    this.#note(service).isChecked = true
  }

  #freePort(used: Set<number>): number {
    const { first, last } = this.#ports
    for (let pick = 0; pick < picksMax; pick++) {
      const port = first + randomInt(last - first + 1)
      if (!used.has(port)) return port
    }
    for (let port = first; port <= last; port++) if (!used.has(port)) return port
    throw internalError('failed to allocate a nodePort: range is full')
  }

  #note(service: Service): Chosen {
    const chosen = this.#chosen.get(service) ?? { address: false, ports: [], isChecked: false }
    this.#chosen.set(service, chosen)
    return chosen
  }

  #invalid(service: Service, field: string, message: string) {
    const cause = { reason: 'FieldValueInvalid', message, field }
    return invalid(services, service.metadata.name ?? '', [cause])
  }
}

/** What was picked for a service, and can be picked anew. */
interface Chosen {
  address: boolean
  ports: NonNullable<Service['spec']['ports']>
  isChecked: boolean
}

/**
 * Who has neither an address nor a selector says of itself where it is: in both families.
 * Source: registry/core/service/storage/alloc.go initIPFamilyFields.
 */
function giveFamilies(spec: Service['spec']): void {
  const isFree = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0
  spec.ipFamilyPolicy ??= isFree ? 'RequireDualStack' : 'SingleStack'
  if (!spec.ipFamilies?.length) spec.ipFamilies = ['IPv4']
  const [first] = spec.ipFamilies
  if (!isFree || spec.ipFamilyPolicy === 'SingleStack' || spec.ipFamilies.length > 1) return
  spec.ipFamilies = [first ?? 'IPv4', first === 'IPv6' ? 'IPv4' : 'IPv6']
}

/** What an update leaves out stays. Source: registry/core/service patchAllocatedValues. */
function keepAllocations(next: Service, old: Service | undefined): void {
  const { spec } = next
  const nodePorts = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  if (old !== undefined && spec.type !== 'ExternalName' && old.spec.type !== 'ExternalName') {
    spec.clusterIP ||= old.spec.clusterIP
    spec.clusterIPs ??= old.spec.clusterIPs
  }
  if (old !== undefined && needsHealthCheck(spec) && needsHealthCheck(old.spec)) {
    spec.healthCheckNodePort ||= old.spec.healthCheckNodePort
  }
  for (const port of spec.ports ?? []) {
    const same = old?.spec.ports?.find(
      one => one.port === port.port && one.protocol === port.protocol,
    )
    if (nodePorts) port.nodePort ||= same?.nodePort
    else if (port.nodePort && port.nodePort === same?.nodePort) delete port.nodePort
    if (port.nodePort === undefined) delete port.nodePort
  }
}

function needsAllocation({ spec }: Service): boolean {
  if (spec.type === 'ExternalName') return false
  const ports = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  return ports || (!spec.clusterIP && !spec.clusterIPs?.[0])
}

/** All that a service claims. */
export function claimsOf(service: Service): Claim[] {
  const { namespace, name } = service.metadata
  const value = Buffer.from(JSON.stringify({ service: `${namespace}/${name}` }))
  return [...keysOf(service)].map(key => ({ key, value }))
}

function keysOf(service: Service | undefined): Set<string> {
  const keys = new Set<string>()
  for (const ip of service?.spec?.clusterIPs ?? []) if (ip !== 'None') keys.add(addressPrefix + ip)
  for (const { nodePort } of service?.spec?.ports ?? []) {
    if (nodePort) keys.add(`${portPrefix}${nodePort}`)
  }
  const health = service?.spec?.healthCheckNodePort
  if (health) keys.add(`${portPrefix}${health}`)
  return keys
}

function ipNumber(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

function ipText(value: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.')
}
