import { isIP, isIPv6 } from 'node:net'
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSlice,
  EndpointSubset,
  SliceEndpoint,
} from '../../api/objects.ts'
import { canonicalJson } from '../shared/canonical.ts'

/** Addresses of one subset that are mirrored. Source: --mirroring-max-endpoints-per-subset. */
export const addressesPerSubsetMax = 1_000

/** What the slices of an Endpoints object contain, one each for ports and kind of address. */
export interface Mirrored {
  readonly slices: readonly Pick<EndpointSlice, 'addressType' | 'endpoints' | 'ports'>[]
  /** Addresses that are none. */
  readonly invalid: number
  /** Valid ones beyond the limit. */
  readonly surplus: number
}

interface Group {
  readonly ports: EndpointPort[]
  readonly addresses: readonly { readonly address: EndpointAddress; readonly ready: boolean }[]
}

/** Source: endpointslicemirroring/reconciler.go reconcile, on subsets in their canonical form. */
export function mirror(subsets: readonly EndpointSubset[]): Mirrored {
  const slices = new Map<string, { addressType: 'IPv4' | 'IPv6'; endpoints: SliceEndpoint[] }>()
  const portsByKey = new Map<string, EndpointPort[]>()
  let invalid = 0
  let surplus = 0
  for (const { ports, addresses } of repack(subsets)) {
    let added = 0
    for (const { address, ready } of addresses) {
      if (isIP(address.ip) === 0) {
        invalid++
        continue
      }
      if (added === addressesPerSubsetMax) {
        surplus++
        continue
      }
      added++
      const addressType = isIPv6(address.ip) ? 'IPv6' : 'IPv4'
      const key = `${addressType} ${canonicalJson(ports)}`
      const slice = slices.get(key) ?? { addressType, endpoints: [] }
      slices.set(key, slice)
      portsByKey.set(key, ports)
      slice.endpoints.push(endpointOf(address, ready))
    }
  }
  return {
    slices: [...slices].map(([key, slice]) => ({ ...slice, ports: portsByKey.get(key)! })),
    ...{ invalid, surplus },
  }
}

/**
 * Each address once for a port, and ports with the same addresses together; not ready trumps ready.
 * Source: pkg/api/v1/endpoints/util.go RepackSubsets.
 */
function repack(subsets: readonly EndpointSubset[]): Group[] {
  const addresses = new Map<string, EndpointAddress>()
  const byPort = new Map<string, { port?: EndpointPort; ready: Map<string, boolean> }>()
  const note = (address: EndpointAddress, port: EndpointPort | undefined, ready: boolean) => {
    const key = `${address.ip} ${address.targetRef?.uid ?? ''}`
    if (!addresses.has(key)) addresses.set(key, address)
    const portKey = canonicalJson(port ?? null)
    const entry = byPort.get(portKey) ?? { ...(port && { port }), ready: new Map() }
    byPort.set(portKey, entry)
    if (entry.ready.get(key) !== false) entry.ready.set(key, ready)
  }
  for (const { ports = [], addresses: ready = [], notReadyAddresses = [] } of subsets) {
    for (const port of ports.length > 0 ? ports : [undefined]) {
      for (const address of ready) note(address, port, true)
      for (const address of notReadyAddresses) note(address, port, false)
    }
  }
  const groups = new Map<string, Group>()
  for (const { port, ready } of byPort.values()) {
    const rows = [...ready].sort(([left], [right]) => (left < right ? -1 : 1))
    const key = canonicalJson(rows)
    const group = groups.get(key) ?? {
      ports: [],
      addresses: rows.map(([name, isReady]) => ({
        address: addresses.get(name)!,
        ready: isReady,
      })),
    }
    groups.set(key, group)
    if (port) group.ports.push(normalPort(port))
  }
  return [...groups.values()]
}

function normalPort({ name = '', port, protocol = 'TCP', appProtocol }: EndpointPort) {
  return { name, port, protocol, ...(appProtocol ? { appProtocol } : {}) }
}

function endpointOf(address: EndpointAddress, ready: boolean): SliceEndpoint {
  const { ip, nodeName, hostname, targetRef } = address
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  }
}
