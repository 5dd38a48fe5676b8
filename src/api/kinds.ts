import type {
  ConfigMap,
  ControllerRevision,
  CoreEvent,
  Deployment,
  EndpointSlice,
  Endpoints,
  Lease,
  Namespace,
  Node,
  Pod,
  ReplicaSet,
  Secret,
  Service,
  ServiceAccount,
} from './objects.ts'
import type { KubeObject } from './types.ts'

/** A typed handle on a resource: what a client needs to name it. */
export interface Kind<T extends KubeObject> {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  /** Plural, as in paths: `pods`. */
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  /** Carries the type only; never set. */
  readonly __type?: T
}

function define<T extends KubeObject>(
  gv: string,
  resource: string,
  kind: string,
  namespaced = true,
): Kind<T> {
  const slash = gv.indexOf('/')
  return {
    group: gv.slice(0, Math.max(slash, 0)),
    version: gv.slice(slash + 1),
    resource,
    kind,
    namespaced,
  }
}

/** The kinds that the code names. A unit test keeps them equal to the resource table. */
export const kinds = {
  namespaces: define<Namespace>('v1', 'namespaces', 'Namespace', false),
  nodes: define<Node>('v1', 'nodes', 'Node', false),
  pods: define<Pod>('v1', 'pods', 'Pod'),
  services: define<Service>('v1', 'services', 'Service'),
  endpoints: define<Endpoints>('v1', 'endpoints', 'Endpoints'),
  endpointSlices: define<EndpointSlice>('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice'),
  configMaps: define<ConfigMap>('v1', 'configmaps', 'ConfigMap'),
  secrets: define<Secret>('v1', 'secrets', 'Secret'),
  serviceAccounts: define<ServiceAccount>('v1', 'serviceaccounts', 'ServiceAccount'),
  events: define<CoreEvent>('v1', 'events', 'Event'),
  persistentVolumes: define('v1', 'persistentvolumes', 'PersistentVolume', false),
  persistentVolumeClaims: define('v1', 'persistentvolumeclaims', 'PersistentVolumeClaim'),
  volumeAttributesClasses: define(
    'storage.k8s.io/v1',
    'volumeattributesclasses',
    'VolumeAttributesClass',
    false,
  ),
  leases: define<Lease>('coordination.k8s.io/v1', 'leases', 'Lease'),
  deployments: define<Deployment>('apps/v1', 'deployments', 'Deployment'),
  replicaSets: define<ReplicaSet>('apps/v1', 'replicasets', 'ReplicaSet'),
  controllerRevisions: define<ControllerRevision>(
    'apps/v1',
    'controllerrevisions',
    'ControllerRevision',
  ),
} as const

/** `v1` or `apps/v1`. */
export function apiVersionOf(kind: { readonly group: string; readonly version: string }): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}

/**
 * The path of a collection, an object or a subresource.
 * Without `namespace` a namespaced kind's path covers all namespaces.
 */
export function resourcePath(
  kind: Pick<Kind<KubeObject>, 'group' | 'version' | 'resource' | 'namespaced'>,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
  const scope = kind.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`
  return `${root}${scope}/${kind.resource}${object}${subresource ? `/${subresource}` : ''}`
}
