import type { Transport } from '../../api/http.ts'
import { isRecord } from '../../api/patch/merge.ts'
import type { ResourceRegistry } from '../../api/resources/registry.ts'
import type { KubeObject } from '../../api/types.ts'
import { versionsByGroup } from '../discovery/groups.ts'
import { priorityOf } from '../discovery/priorities.ts'
import type { ClusterInfo } from '../types.ts'
import { defaultFlowSchemas, defaultPriorityLevels, foundLevel } from './flow-defaults.ts'
import {
  defaultClusterRoleBindings,
  defaultClusterRoles,
  defaultRoleBindings,
  defaultRoles,
} from './rbac-defaults.ts'
import { type Send, sender } from './send.ts'

/** Objects of one kind that every cluster has. */
interface Defaults {
  readonly apiVersion: string
  readonly kind: string
  readonly resource: string
  readonly objects: readonly KubeObject[]
  /** Who is said to have made them; absent: the API server. */
  readonly manager?: string
  /** A condition that a controller of the server adds, and who that is. */
  readonly condition?: {
    readonly manager: string
    of(object: KubeObject, now: string): unknown
  }
}

/** When, and by whom. */
export interface DefaultsOptions {
  /** The time as the API writes it. */
  readonly now: () => string
  /** Resolves when there is time for it; rejects when it is not wanted any more. */
  readonly later: () => Promise<void>
  readonly fence?: Readonly<Record<string, string>>
}

/** Requests under way. */
const atOnce = 8

/**
 * Creates what every cluster has and nothing waits for: roles and bindings, priority classes, flow
 * schemas, the list of API services, the range of services. What is there is left alone. A cluster
 * that has some is looked through after `later` only: its leader has just changed.
 * @throws Error when the API refuses.
 */
export async function createDefaults(
  transport: Transport,
  resources: ResourceRegistry,
  info: ClusterInfo,
  { now, later, fence = {} }: DefaultsOptions,
): Promise<void> {
  const send = sender(transport, fence)
  const table = tableOf(resources, info)
  const [first] = table
  if (first !== undefined && (await namesOf(send, first)).size > 0) await later()
  for (const defaults of table) {
    const there = await namesOf(send, defaults)
    const queue = defaults.objects.filter(({ metadata }) => !there.has(keyOf(metadata)))
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await create(send, defaults, next, now())
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
  }
}

const rbac = 'rbac.authorization.k8s.io/v1'
const flowcontrol = 'flowcontrol.apiserver.k8s.io/v1'
const flowProducer = 'api-priority-and-fairness-config-producer-v1'

function tableOf(resources: ResourceRegistry, info: ClusterInfo): readonly Defaults[] {
  const of = (apiVersion: string, kind: string, resource: string, objects: KubeObject[]) => {
    return { apiVersion, kind, resource, objects }
  }
  return [
    of('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', priorityClasses),
    {
      ...of('networking.k8s.io/v1', 'ServiceCIDR', 'servicecidrs', [
        { metadata: { name: 'kubernetes' }, spec: { cidrs: [info.serviceCidr] } } as KubeObject,
      ]),
      condition: { manager: 'kubernetes-service-cidr-controller', of: serviceCidrReady },
    },
    of(rbac, 'ClusterRole', 'clusterroles', defaultClusterRoles()),
    of(rbac, 'ClusterRoleBinding', 'clusterrolebindings', defaultClusterRoleBindings()),
    of(rbac, 'Role', 'roles', defaultRoles()),
    of(rbac, 'RoleBinding', 'rolebindings', defaultRoleBindings()),
    {
      ...of(
        ...([flowcontrol, 'PriorityLevelConfiguration', 'prioritylevelconfigurations'] as const),
        defaultPriorityLevels(),
      ),
      manager: flowProducer,
    },
    {
      ...of(flowcontrol, 'FlowSchema', 'flowschemas', defaultFlowSchemas()),
      manager: flowProducer,
      condition: { manager: 'api-priority-and-fairness-config-consumer-v1', of: foundLevel },
    },
    of('apiregistration.k8s.io/v1', 'APIService', 'apiservices', apiServices(resources)),
  ]
}

/** Source: pkg/apis/scheduling/v1/helpers.go SystemPriorityClasses. */
const priorityClasses = [
  {
    ...{ metadata: { name: 'system-node-critical' }, value: 2_000_001_000 },
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    ...{ metadata: { name: 'system-cluster-critical' }, value: 2_000_000_000 },
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another ' +
      'node if necessary.',
  },
] as unknown as KubeObject[]

/** Source: pkg/controlplane/controller/defaultservicecidr. */
function serviceCidrReady(_object: KubeObject, now: string): unknown {
  return {
    ...{ type: 'Ready', status: 'True', lastTransitionTime: now, reason: '' },
    message: 'Kubernetes default Service CIDR is ready',
  }
}

/** The versions that this server has itself, but for those of the list itself. */
function apiServices(resources: ResourceRegistry): KubeObject[] {
  const labels = { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' }
  return [...versionsByGroup(resources)]
    .filter(([group]) => group !== 'apiregistration.k8s.io')
    .flatMap(([group, versions]) => versions.map(version => ({ group, version })))
    .map(({ group, version }) => {
      const spec = { ...(group ? { group } : {}), version, ...priorityOf(group, version) }
      return { metadata: { name: `${version}.${group}`, labels }, spec } as KubeObject
    })
}

function keyOf({ namespace = '', name = '' }: KubeObject['metadata']): string {
  return `${namespace}/${name}`
}

function pathOf({ apiVersion, resource }: Defaults, namespace = ''): string {
  return `/apis/${apiVersion}/${namespace ? `namespaces/${namespace}/` : ''}${resource}`
}

async function namesOf(send: Send, defaults: Defaults): Promise<ReadonlySet<string>> {
  const { code, value } = await send('GET', pathOf(defaults))
  if (code !== 200) throw refused(defaults, '', value)
  const { items } = value as { readonly items: readonly KubeObject[] }
  return new Set(items.map(({ metadata }) => keyOf(metadata)))
}

async function create(
  send: Send,
  defaults: Defaults,
  object: KubeObject,
  now: string,
): Promise<void> {
  const { manager, condition } = defaults
  const { namespace, name = '' } = object.metadata
  const path = pathOf(defaults, namespace)
  const query: Record<string, string> = manager === undefined ? {} : { fieldManager: manager }
  const made = await send('POST', path, object, { query })
  if (made.code >= 300 && made.code !== 409) throw refused(defaults, name, made.value)
  if (made.code === 409 || condition === undefined) return
  const { apiVersion, kind } = defaults
  const status = { conditions: [condition.of(object, now)] }
  const applied = { apiVersion, kind, metadata: { name }, status }
  const told = await send('PATCH', `${path}/${name}/status`, applied, {
    query: { fieldManager: condition.manager, force: 'true' },
    type: 'application/apply-patch+yaml',
  })
  if (told.code >= 300) throw refused(defaults, name, told.value)
}

function refused({ resource }: Defaults, name: string, answer: unknown): Error {
  const why = isRecord(answer) ? String(answer.message) : ''
  return new Error(`${resource} ${name} could not be written: ${why}`)
}
