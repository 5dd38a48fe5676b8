import type { Startable } from '../kernel/startable.ts'
import { Admission } from './auth/admission.ts'
import { BcryptThread } from './auth/bcrypt.ts'
import type { PasswordHasher } from './auth/hasher.ts'
import { createContext, isTrusted } from './context.ts'
import type { Call, Method } from './grpc/types.ts'
import { createPages } from './http1/pages.ts'
import { PageServer } from './http1/server.ts'
import { Http2Transport } from './http2/transport.ts'
import { Position } from './position.ts'
import { authMethods } from './services/auth.ts'
import { clusterMethods } from './services/cluster.ts'
import { electionMethods } from './services/election.ts'
import { healthMethods } from './services/health.ts'
import { kvMethods } from './services/kv.ts'
import { leaseMethods } from './services/lease.ts'
import { lockMethods } from './services/lock.ts'
import { maintenanceMethods } from './services/maintenance.ts'
import { watchMethods } from './services/watch.ts'
import type { EtcdServerOptions } from './types.ts'

/** The etcd face of one peer; `port` is the one it listens on. */
export interface EtcdServer extends Startable {
  readonly port: number
}

export function createEtcdServer(options: EtcdServerOptions): EtcdServer {
  const { store, clock, logger, host, port, tls } = options
  const position = new Position(store)
  const context = createContext(options, position, new Admission(() => store.auth, clock))
  const hasher: PasswordHasher = options.hasher ?? new BcryptThread(clock)
  const methods = pathsOf({
    'etcdserverpb.KV': kvMethods(context),
    'etcdserverpb.Watch': watchMethods(context),
    'etcdserverpb.Lease': leaseMethods(context),
    'etcdserverpb.Cluster': clusterMethods(context),
    'etcdserverpb.Maintenance': maintenanceMethods(context),
    'etcdserverpb.Auth': authMethods(context, hasher),
    'v3lockpb.Lock': lockMethods(context),
    'v3electionpb.Election': electionMethods(context),
    'grpc.health.v1.Health': healthMethods(),
  })
  const trusts = (call: Call) => isTrusted(context, call)
  const pages = new PageServer(createPages(context), clock, logger)
  const transport = new Http2Transport({
    ...{ host, port, tls, methods, trusts, clock, logger },
    onHttp1: socket => pages.serve(socket),
  })
  return {
    get port() {
      return transport.port
    },
    async start() {
      position.start()
      await transport.start()
      logger.info('etcd API is served', { host, port: transport.port })
    },
    async stop() {
      await transport.stop()
      position.stop()
      await hasher.stop()
    },
  }
}

function pathsOf(services: Readonly<Record<string, Record<string, Method>>>): Map<string, Method> {
  const methods = new Map<string, Method>()
  for (const [service, rows] of Object.entries(services)) {
    for (const [name, method] of Object.entries(rows)) {
      methods.set(`/${service}/${name}`, method)
    }
  }
  return methods
}
