import type { EndpointSlice, Node, Service, ServicePort } from '../api/objects.ts'

/** Where one service port leads to. Pure data: the drivers (userspace, iptables, ...) act on it. */
export interface ServicePortEntry {
  /** `namespace/name:port`, unique together with the protocol. */
  readonly key: string
  readonly service: Service
  readonly protocol: 'TCP' | 'UDP'
  readonly port: number
  readonly nodePort: number | undefined
  /** Cluster addresses and, if local, external ones. */
  readonly addresses: readonly string[]
  /** Seconds for which a client stays with its endpoint; undefined: no affinity. */
  readonly affinitySeconds: number | undefined
  /** NodePort leads to endpoints of that node only. */
  readonly isExternalLocal: boolean
  readonly backends: readonly Backend[]
}

/** An endpoint that takes new connections. */
export interface Backend {
  readonly ip: string
  readonly port: number
  readonly nodeName: string | undefined
}

/** One socket that has to be open. */
export interface Listener {
  /** `TCP 127.0.0.1:80`. */
  readonly id: string
  readonly protocol: 'TCP' | 'UDP'
  readonly address: string
  readonly port: number
  /** Key of the ServicePortEntry. */
  readonly entry: string
  /** Set for a NodePort: the node whose address this is. */
  readonly nodeName: string | undefined
}

/** Seconds of affinity. Source: core/v1 DefaultClientIPServiceAffinitySeconds. */
const affinitySecondsDefault = 10_800

/**
 * The map of all services. Headless services and ExternalName have no entry; ports without
 * endpoints have one without backends, whose connections are refused.
 * Source: pkg/proxy/servicechangetracker.go, endpointslicecache.go.
 */
export function buildServiceMap(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
): ReadonlyMap<string, ServicePortEntry> {
  const byService = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const name = slice.metadata.labels?.['kubernetes.io/service-name']
    if (!name || slice.addressType !== 'IPv4') continue
    const key = `${slice.metadata.namespace}/${name}`
    const list = byService.get(key) ?? []
    list.push(slice)
    byService.set(key, list)
  }
  const map = new Map<string, ServicePortEntry>()
  for (const service of services) {
    const own = byService.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? []
    for (const entry of entriesOf(service, own)) map.set(`${entry.protocol} ${entry.key}`, entry)
  }
  return map
}

function* entriesOf(
  service: Service,
  slices: readonly EndpointSlice[],
): Generator<ServicePortEntry> {
  const { spec, metadata } = service
  if (spec.type === 'ExternalName' || !spec.clusterIP || spec.clusterIP === 'None') return
  const isClientIp = spec.sessionAffinity === 'ClientIP'
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? affinitySecondsDefault
  const external = [
    ...(spec.externalIPs ?? []),
    ...(service.status?.loadBalancer?.ingress ?? []).flatMap(each => each.ip ?? []),
  ]
  const cluster = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP]
  for (const port of spec.ports ?? []) {
    const protocol = port.protocol ?? 'TCP'
    if (protocol === 'SCTP') continue
    yield {
      key: `${metadata.namespace}/${metadata.name}:${port.name ?? ''}`,
      service,
      protocol,
      port: port.port,
      nodePort: port.nodePort,
      addresses: [...new Set([...cluster.filter(isIpv4), ...external.filter(isLoopback)])],
      affinitySeconds: isClientIp ? seconds : undefined,
      isExternalLocal: spec.externalTrafficPolicy === 'Local',
      backends: backendsOf(port, slices),
    }
  }
}

/** Ready endpoints of the port of the same name, in a stable order, each once. */
function backendsOf(port: ServicePort, slices: readonly EndpointSlice[]): Backend[] {
  const backends = new Map<string, Backend>()
  for (const slice of slices) {
    const wanted = (slice.ports ?? []).filter(
      each =>
        (each.name ?? '') === (port.name ?? '') &&
        (each.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    )
    for (const { addresses, conditions, nodeName } of slice.endpoints ?? []) {
      // Absent means ready; a terminating endpoint takes no new connections.
      if (conditions?.ready === false || conditions?.terminating) continue
      for (const { port: number } of wanted) {
        const [ip] = addresses
        if (ip && number) backends.set(`${ip}:${number}`, { ip, port: number, nodeName })
      }
    }
  }
  return [...backends].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, backend]) => backend)
}

/** The sockets that the map needs; node ports are bound on each node's own address. */
export function desiredListeners(
  map: ReadonlyMap<string, ServicePortEntry>,
  nodes: readonly { readonly name: string; readonly address: string }[],
): ReadonlyMap<string, Listener> {
  const listeners = new Map<string, Listener>()
  for (const [entry, { protocol, addresses, port, nodePort }] of map) {
    const add = (address: string, number: number, nodeName?: string) => {
      const id = `${protocol} ${address}:${number}`
      if (!listeners.has(id)) {
        listeners.set(id, { id, protocol, address, port: number, entry, nodeName })
      }
    }
    for (const address of addresses) add(address, port)
    if (nodePort) for (const node of nodes) add(node.address, nodePort, node.name)
  }
  return listeners
}

/** What to open and what to close to get from one set of sockets to the other. */
export function diffListeners(
  current: ReadonlyMap<string, Listener>,
  desired: ReadonlyMap<string, Listener>,
): { readonly open: readonly Listener[]; readonly close: readonly Listener[] } {
  return {
    open: [...desired.values()].filter(each => !current.has(each.id)),
    close: [...current.values()].filter(each => !desired.has(each.id)),
  }
}

/** Names and internal addresses of the nodes. */
export function nodeAddressesOf(
  nodes: readonly Node[],
): { readonly name: string; readonly address: string }[] {
  return nodes.flatMap(node => {
    const internal = node.status?.addresses?.find(each => each.type === 'InternalIP')
    return internal ? [{ name: node.metadata.name ?? '', address: internal.address }] : []
  })
}

function isIpv4(address: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(address)
}

/** Only addresses of this host can be bound; others belong to somebody else. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.')
}
