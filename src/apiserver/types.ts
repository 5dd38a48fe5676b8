import type { ApiRequest, ApiResponse, Transport, UserInfo } from '../api/http.ts'
import type { ResourceRegistry } from '../api/resources/registry.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Startable } from '../kernel/startable.ts'
import type { Store } from '../store/types.ts'
import type { Repaired } from './storage/claim-repair.ts'

/** PEM texts of a certificate with its key. */
export interface TlsPair {
  readonly cert: string
  readonly key: string
}

/** What every API server of the cluster must know of it. */
export interface ClusterInfo {
  readonly name: string
  /** IPv4 range of cluster IPs: `10.96.0.0/12`; its first address is the service `kubernetes`. */
  readonly serviceCidr: string
  /** First and last node port; upstream's 30000-32767 when absent. */
  readonly nodePorts?: { readonly first: number; readonly last: number }
  /** Where all API servers listen, for the endpoints of the service `kubernetes`. */
  readonly apiEndpoints: () => readonly { readonly ip: string; readonly port: number }[]
}

export interface ApiServerOptions {
  readonly store: Store
  /** What it serves; those built in when absent. It may change while the server runs. */
  readonly resources?: ResourceRegistry
  /** Clients must show a certificate of this CA. */
  readonly ca: string
  /** The server's own. */
  readonly tls: TlsPair
  readonly host: string
  /** 0: any free port; see `ApiServer.port`. */
  readonly port: number
  readonly clusterInfo: ClusterInfo
  readonly logger: Logger
  readonly clock: Clock
  /** Identity towards kubelets, and the CA of their certificates. */
  readonly kubeletCredentials?: TlsPair & { readonly ca: string }
  /**
   * How long pods stay on a node that is not ready or unreachable, unless they say so themselves;
   * upstream's 300 when absent. Source: --default-not-ready-toleration-seconds.
   */
  readonly defaultTolerationSeconds?: number
  /**
   * Further paths, for everybody: `GET /path` to what serves it. They check who asks themselves.
   */
  readonly openPaths?: ReadonlyMap<string, (request: ApiRequest) => Promise<ApiResponse>>
  /** Further checks of /readyz: name to what is wrong, undefined when all is well. */
  readonly readyChecks?: Readonly<Record<string, () => string | undefined>>
}

export interface ApiServer extends Startable {
  /** The port it listens on, after `start`. */
  readonly port: number
  /** Serves one request of an authenticated user that came in over HTTPS. */
  handler(request: ApiRequest, user: UserInfo): Promise<ApiResponse>
  /** The way in for parts of this process: same checks, and fences are accepted. */
  transport(user: UserInfo): Transport
  /** Makes what services claim agree with the services; for the leader of a term. */
  repair(term: number): Promise<Repaired>
}
