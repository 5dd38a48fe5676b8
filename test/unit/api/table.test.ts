import { describe, expect, test } from 'vitest'
import { apiVersionOf, kinds, resourcePath } from '../../../src/api/kinds.ts'
import { humanDuration } from '../../../src/api/printers/types.ts'
import { ResourceRegistry, versionsOf } from '../../../src/api/resources/registry.ts'
import { builtIn, storeKey } from '../../../src/api/resources/table.ts'
import { openApiNameOf, typeByName } from '../../../src/api/schema/lookup.ts'
import * as status from '../../../src/api/status.ts'
import type { KubeObject } from '../../../src/api/types.ts'
import { Causes } from '../../../src/api/validation/causes.ts'

const rowOf = (kind: string) => {
  const row = builtIn.find(one => one.kind === kind)
  if (row === undefined) throw new Error(`no row of ${kind}`)
  return row
}

test('typed kinds and the resource table say the same', () => {
  for (const kind of Object.values(kinds)) {
    const found = new ResourceRegistry().find(kind.group, kind.version, kind.resource)
    expect(found?.row, kind.resource).toMatchObject({
      kind: kind.kind,
      namespaced: kind.namespaced,
    })
  }
})

test('every kind has a schema', () => {
  for (const row of builtIn) {
    for (const served of versionsOf(row)) {
      const name = openApiNameOf(apiVersionOf(served), row.kind)
      expect(typeByName(name), name).toBeDefined()
    }
  }
})

test('paths and keys are those of upstream', () => {
  expect(resourcePath(kinds.pods, 'a', 'b', 'log')).toBe('/api/v1/namespaces/a/pods/b/log')
  expect(resourcePath(kinds.pods)).toBe('/api/v1/pods')
  expect(resourcePath(kinds.deployments, 'a')).toBe('/apis/apps/v1/namespaces/a/deployments')
  expect(resourcePath(kinds.nodes, undefined, 'n')).toBe('/api/v1/nodes/n')
  expect(storeKey(rowOf('Pod'), 'a', 'b')).toBe('/registry/pods/a/b')
  expect(storeKey(rowOf('Node'), '', 'n')).toBe('/registry/minions/n')
  expect(storeKey(rowOf('Service'), 'a', 's')).toBe('/registry/services/specs/a/s')
  expect(storeKey(rowOf('Endpoints'), 'a')).toBe('/registry/services/endpoints/a/')
})

const cellsOf = (kind: string, object: object, wide = false) =>
  rowOf(kind)
    .columns.filter(column => wide || column.priority === 0)
    .map(column => column.cell(object as KubeObject, Date.parse('2026-01-01T01:00:00Z')))

describe('printed columns', () => {
  const metadata = { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' }
  const running = (name: string, more = {}) => ({
    name,
    ready: true,
    restartCount: 0,
    state: { running: {} },
    ...more,
  })
  const pod = (status: object, spec: object = {}, more: object = {}) => ({
    metadata: { ...metadata, ...more },
    spec: { containers: [{ name: 'c' }], ...spec },
    status,
  })

  test.each([
    ['pending', pod({ phase: 'Pending' }), ['a', '0/1', 'Pending', '0', '60m']],
    [
      'running',
      pod({ phase: 'Running', containerStatuses: [running('c')] }),
      ['a', '1/1', 'Running', '0', '60m'],
    ],
    [
      'crash loop',
      pod({
        phase: 'Running',
        containerStatuses: [
          {
            name: 'c',
            ready: false,
            restartCount: 3,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:59:00Z' } },
          },
        ],
      }),
      ['a', '0/1', 'CrashLoopBackOff', '3 (60s ago)', '60m'],
    ],
    [
      'init',
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [
            { name: 'i', ready: false, restartCount: 0, state: { running: {} } },
          ],
        },
        { initContainers: [{ name: 'i' }] },
      ),
      ['a', '0/1', 'Init:0/1', '0', '60m'],
    ],
    [
      'completed',
      pod({
        phase: 'Succeeded',
        containerStatuses: [
          {
            name: 'c',
            ready: false,
            restartCount: 0,
            state: { terminated: { exitCode: 0, reason: 'Completed' } },
          },
        ],
      }),
      ['a', '0/1', 'Completed', '0', '60m'],
    ],
    [
      'terminating',
      pod({ phase: 'Running', containerStatuses: [running('c')] }, {}, { deletionTimestamp: 'x' }),
      ['a', '1/1', 'Terminating', '0', '60m'],
    ],
    ['evicted', pod({ phase: 'Failed', reason: 'Evicted' }), ['a', '0/1', 'Evicted', '0', '60m']],
  ])('of a pod that is %s', (_name, object, cells) => {
    expect(cellsOf('Pod', object)).toEqual(cells)
  })

  test('of nodes', () => {
    const node = {
      metadata: { ...metadata, labels: { 'node-role.kubernetes.io/control-plane': '' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        nodeInfo: { kubeletVersion: 'v1.33.9' },
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      },
    }
    expect(cellsOf('Node', node)).toEqual([
      'a',
      'Ready,SchedulingDisabled',
      'control-plane',
      '60m',
      'v1.33.9',
    ])
    expect(cellsOf('Node', node, true).slice(5)).toEqual([
      '10.0.0.1',
      '<none>',
      '<unknown>',
      '<unknown>',
      '<unknown>',
    ])
  })

  test('of services', () => {
    const service = (spec: object, ingress: object[] = []) => ({
      metadata,
      spec,
      status: { loadBalancer: { ingress } },
    })
    const ports = [
      { port: 80, nodePort: 30001, protocol: 'TCP' },
      { port: 53, protocol: 'UDP' },
    ]
    expect(cellsOf('Service', service({ type: 'NodePort', clusterIP: '10.0.0.1', ports }))).toEqual(
      ['a', 'NodePort', '10.0.0.1', '<none>', '80:30001/TCP,53/UDP', '60m'],
    )
    expect(cellsOf('Service', service({ type: 'LoadBalancer', clusterIP: '1', ports }))[3]).toBe(
      '<pending>',
    )
    expect(
      cellsOf(
        'Service',
        service({ type: 'LoadBalancer', clusterIP: '1', ports }, [{ ip: '9.9.9.9' }]),
      )[3],
    ).toBe('9.9.9.9')
  })
})

test.each([
  [0, '0s'],
  [119_000, '119s'],
  [120_000, '2m'],
  [150_000, '2m30s'],
  [3_600_000, '60m'],
  [3 * 3_600_000, '3h'],
  [3.5 * 3_600_000, '3h30m'],
  [24 * 3_600_000, '24h'],
  [50 * 3_600_000, '2d2h'],
  [10 * 86_400_000, '10d'],
  [800 * 86_400_000, '2y70d'],
])('%i ms is %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text)
})

describe('defaults and validation', () => {
  const causesOf = (kind: string, object: object) => {
    const row = rowOf(kind)
    const causes = new Causes()
    row.applyDefaults?.(object as KubeObject)
    row.validate?.(object as KubeObject, causes, row)
    return causes.list.map(cause => `${cause.field}: ${cause.message}`)
  }
  const podWith = (spec: object) => ({
    metadata: {},
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  })

  test('a good pod has nothing wrong, and every default', () => {
    const pod = podWith({})
    expect(causesOf('Pod', pod)).toEqual([])
    expect(pod.spec).toMatchObject({
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      enableServiceLinks: true,
      containers: [{ imagePullPolicy: 'Always', terminationMessagePolicy: 'File' }],
    })
  })

  test.each([
    [podWith({ containers: [] }), 'spec.containers: Required value'],
    [podWith({ containers: [{ name: 'c' }] }), 'spec.containers[0].image: Required value'],
    [
      podWith({ restartPolicy: 'Sometimes' }),
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      podWith({
        containers: [
          { name: 'c', image: 'i' },
          { name: 'c', image: 'i' },
        ],
      }),
      'spec.containers[1].name: Duplicate value: "c"',
    ],
    [
      podWith({ containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 70000 }] }] }),
      'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    [
      podWith({
        containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/' }] }],
      }),
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [
      podWith({
        containers: [
          { name: 'c', image: 'i', resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } },
        ],
      }),
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
  ])('pod %#', (pod, text) => {
    expect(causesOf('Pod', pod)).toContain(text)
  })

  test('services', () => {
    const service = (spec: object) => causesOf('Service', { metadata: {}, spec })
    expect(service({ ports: [{ port: 80 }] })).toEqual([])
    expect(service({})).toEqual(['spec.ports: Required value'])
    expect(service({ ports: [{ port: 80 }, { port: 81 }] })).toContain(
      'spec.ports[0].name: Required value',
    )
    expect(service({ type: 'Nope', ports: [{ port: 80 }] })[0]).toContain(
      'supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    )
  })

  test('secrets keep no stringData', () => {
    const secret = { metadata: {}, stringData: { a: 'b' } }
    expect(causesOf('Secret', secret)).toEqual([])
    expect(secret).toEqual({ metadata: {}, type: 'Opaque', data: { a: 'Yg==' } })
  })
})

describe('Status', () => {
  const pods = { group: '', resource: 'pods' }
  const deployments = { group: 'apps', resource: 'deployments' }
  test.each([
    [status.notFound(pods, 'a'), 404, 'NotFound', 'pods "a" not found'],
    [
      status.alreadyExists(deployments, 'a'),
      409,
      'AlreadyExists',
      'deployments.apps "a" already exists',
    ],
    [
      status.conflict(pods, 'a'),
      409,
      'Conflict',
      'Operation cannot be fulfilled on pods "a": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [status.forbidden(pods, 'a', 'no'), 403, 'Forbidden', 'pods "a" is forbidden: no'],
    [status.unauthorized(), 401, 'Unauthorized', 'Unauthorized'],
    [status.expired('old'), 410, 'Expired', 'old'],
    [status.timeout('x'), 504, 'Timeout', 'Timeout: x'],
    [status.internalError('x'), 500, 'InternalError', 'Internal error occurred: x'],
    [
      status.invalid({ group: 'apps', kind: 'Deployment' }, 'a', [
        { field: 'spec.x', message: 'Required value' },
      ]),
      422,
      'Invalid',
      'Deployment.apps "a" is invalid: spec.x: Required value',
    ],
  ])('%s', (error, code, reason, message) => {
    expect(error.status).toMatchObject({ kind: 'Status', status: 'Failure', code, reason, message })
    expect(status.isStatusReason(error, error.status.reason ?? 'Gone')).toBe(true)
  })
})
