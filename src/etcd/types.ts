import type { Store } from '../store/types.ts'

/** What the gRPC server of a peer is made of. Source: etcd api/etcdserverpb/rpc.proto. */
export interface EtcdServerOptions {
  readonly store: Store
  readonly host: string
  readonly port: number
  /** PEM texts; clients must show a certificate of `ca`. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
}
