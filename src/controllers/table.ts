import { deployment } from './deployment/deployment.ts'
import { endpoints } from './endpoints/endpoints.ts'
import { endpointSlice } from './endpointslice/endpointslice.ts'
import { endpointSliceMirroring } from './endpointslicemirroring/endpointslicemirroring.ts'
import { garbageCollector } from './garbagecollector/garbagecollector.ts'
import { namespace } from './namespace/namespace.ts'
import { nodeIpam } from './nodeipam/nodeipam.ts'
import { nodeLifecycle } from './nodelifecycle/nodelifecycle.ts'
import { podGc } from './podgc/podgc.ts'
import { replicaSet } from './replicaset/replicaset.ts'
import { rootCa } from './rootca/rootca.ts'
import { serviceAccount } from './serviceaccount/serviceaccount.ts'
import type { Controller } from './types.ts'
import {
  attributesProtection,
  claimProtection,
  volumeProtection,
} from './volumeprotection/volumes.ts'

/**
 * Every controller of the manager, in the order in which they start, by the names that a
 * configuration has for them.
 */
export const controllers: Readonly<Record<string, Controller>> = {
  namespace,
  serviceaccount: serviceAccount,
  'root-ca-cert-publisher': rootCa,
  nodeipam: nodeIpam,
  nodelifecycle: nodeLifecycle,
  deployment,
  replicaset: replicaSet,
  endpoint: endpoints,
  endpointslice: endpointSlice,
  endpointslicemirroring: endpointSliceMirroring,
  garbagecollector: garbageCollector,
  podgc: podGc,
  'pvc-protection': claimProtection,
  'pv-protection': volumeProtection,
  'volumeattributesclass-protection': attributesProtection,
}
