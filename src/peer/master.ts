import { join } from 'node:path'
import { fenceHeader, type Transport, type UserInfo } from '../api/http.ts'
import { kinds } from '../api/kinds.ts'
import { ResourceRegistry } from '../api/resources/registry.ts'
import { bootstrap } from '../apiserver/bootstrap/bootstrap.ts'
import { createDefaults } from '../apiserver/bootstrap/defaults.ts'
import { apiTime } from '../apiserver/registry/metadata.ts'
import { createApiServer } from '../apiserver/server.ts'
import type { ApiServer, ClusterInfo } from '../apiserver/types.ts'
import { createClient } from '../client/client.ts'
import { InformerFactory } from '../client/informer.ts'
import type { Client } from '../client/types.ts'
import type { DataLayout } from '../config/layout.ts'
import type { ClusterConfig, Networks, PeerConfig } from '../config/types.ts'
import { ControllerManager } from '../controllers/manager.ts'
import { must } from '../kernel/assert.ts'
import { sleep, systemClock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import { createPrng } from '../kernel/prng.ts'
import type { Startable } from '../kernel/startable.ts'
import type { Identity } from '../pki/authority.ts'
import { readKeyPair } from '../pki/files.ts'
import { identities, nodeIdentity } from '../pki/identities.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import type { Membership, Store } from '../store/types.ts'
import { ControlPlane } from './control-plane.ts'
import { enabledControllers } from './enabled-controllers.ts'
import type { WriteHold } from './hold.ts'
import { joinPaths } from './join-paths.ts'
import type { LiveCluster } from './live.ts'

/** A new leader has other things to do first. */
const defaultsRestMs = 5_000

export interface MasterOptions {
  readonly config: ClusterConfig & { readonly networks: Networks }
  readonly peer: PeerConfig
  readonly layout: DataLayout
  readonly pkiDir: string
  readonly ca: string
  readonly store: Store & Membership
  /** The cluster as it is now, with everybody who joined. */
  readonly live: LiveCluster
  readonly hold: WriteHold
  readonly logger: Logger
  readonly onEvent: (message: string) => void
}

/**
 * The Master box of one peer: API server on its store, and scheduler and controllers that wait for
 * the leadership with warm caches. They reach the store only through the API.
 */
export class Master implements Startable {
  readonly api: ApiServer
  readonly factory: InformerFactory
  readonly controlPlane: ControlPlane
  readonly #options: MasterOptions
  readonly #resources = new ResourceRegistry()
  readonly #clusterInfo: ClusterInfo
  #unsubscribe: () => void = () => {}

  constructor(options: MasterOptions) {
    this.#options = options
    const { config, peer, logger, store } = options
    const tls = must(
      readKeyPair(options.pkiDir, 'apiserver'),
      join(options.pkiDir, 'apiserver.crt'),
    )
    this.#clusterInfo = {
      name: config.name,
      serviceCidr: config.networks.services,
      apiEndpoints: () => apiEndpoints(options.live.config),
    }
    this.api = createApiServer({
      store,
      resources: this.#resources,
      ca: options.ca,
      tls,
      host: peer.api.host,
      port: peer.api.port,
      clusterInfo: this.#clusterInfo,
      logger: logger.child({ component: 'kube-apiserver' }),
      clock: systemClock,
      kubeletCredentials: { ...tls, ca: options.ca },
      openPaths: joinPaths({
        store,
        client: () => this.#client(identities.apiserver, 'quorate-join', false),
        live: options.live,
        layout: options.layout,
      }),
      defaultTolerationSeconds: config.timings.podEvictionSeconds,
      readyChecks: {
        'control-plane': () =>
          this.controlPlane.failed ? 'scheduler and controllers do not start' : undefined,
      },
    })
    const managerClient = this.#client(identities.controllerManager, 'kube-controller-manager')
    this.factory = new InformerFactory(managerClient, { logger, clock: systemClock })
    this.controlPlane = this.#buildControlPlane(managerClient)
  }

  async start(): Promise<void> {
    await this.api.start()
    await this.factory.start()
    this.#unsubscribe = this.#options.store.onLeadership(leadership => {
      this.controlPlane.onLeadership(leadership)
    })
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    this.controlPlane.close()
    await this.factory.stop()
    await this.api.stop()
  }

  /** A client in this process, with an identity of its own. */
  kubeletClient(nodeName: string): Client {
    return this.#client(nodeIdentity(nodeName), 'kubelet', false)
  }

  /** Nodes as the cache has them. */
  nodes(): { name: string; ready: boolean }[] {
    return this.factory
      .informer(kinds.nodes)
      .lister.list()
      .map(node => ({
        name: node.metadata.name ?? '',
        ready:
          node.status?.conditions?.some(each => each.type === 'Ready' && each.status === 'True') ??
          false,
      }))
  }

  #client(identity: Identity, userAgent: string, held = true): Client {
    const transport = this.api.transport(userOf(identity))
    return createClient(held ? this.#options.hold.over(transport) : transport, { userAgent })
  }

  /** Of the server itself. */
  #transport(): Transport {
    return this.api.transport(userOf(identities.apiserver))
  }

  #buildControlPlane(managerClient: Client): ControlPlane {
    const { config, logger, store, onEvent, ca } = this.#options
    const { factory } = this
    const prng = createPrng(process.pid)
    const schedulerLogger = logger.child({ component: 'kube-scheduler' })
    const managerLogger = logger.child({ component: 'kube-controller-manager' })
    const clock = systemClock
    return new ControlPlane({
      store,
      factory,
      scheduler: config.scheduler.enabled
        ? new Scheduler({ factory, clock, prng, logger: schedulerLogger })
        : undefined,
      schedulerClient: this.#client(identities.scheduler, 'kube-scheduler'),
      manager: new ControllerManager({
        controllers: enabledControllers(config.controllers),
        factory,
        clock,
        logger: managerLogger,
        settings: {
          nodeMonitorGraceMs: config.timings.nodeMonitorGraceMs,
          podNetwork: config.networks.pods,
          rootCa: ca,
        },
      }),
      managerClient,
      bootstrap: term => bootstrap(this.#transport(), this.#clusterInfo, fenceOf(term)),
      defaults: async (term, signal) => {
        const { made, removed } = await this.api.repair(term)
        if (made + removed > 0) logger.info('claims of services repaired', { made, removed })
        await createDefaults(this.#transport(), this.#resources, this.#clusterInfo, {
          now: () => apiTime(clock.wall()),
          later: () => sleep(defaultsRestMs, signal),
          fence: fenceOf(term),
        })
      },
      clock,
      logger,
      onEvent,
    })
  }
}

function fenceOf(term: number): Record<string, string> {
  return { [fenceHeader]: String(term) }
}

function userOf(identity: Identity): UserInfo {
  return { name: identity.user, groups: identity.groups ?? [] }
}

function apiEndpoints(config: ClusterConfig): { ip: string; port: number }[] {
  return config.peers
    .filter(peer => peer.roles.includes('control-plane'))
    .map(peer => ({ ip: peer.api.host, port: peer.api.port }))
}
