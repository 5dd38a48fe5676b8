import type { InformerFactory } from '../client/informer.ts'

/** What the DNS server of a peer is made of. Source: kubernetes/dns specification.md. */
export interface DnsServerOptions {
  readonly factory: InformerFactory
  /** `cluster.local`. */
  readonly clusterDomain: string
  readonly host: string
  readonly port: number
}
