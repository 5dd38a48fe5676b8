import { expect, test } from 'vitest'
import { send } from './requests.ts'
import { clusterForAll } from './support.ts'

/** Pods that kube-apiserver 1.35.4 refuses: texts as recorded, or as in its validation.go. */
const api = clusterForAll()

const pods = '/api/v1/namespaces/default/pods?dryRun=All'
const container = { name: 'c', image: 'i' }
const required = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
const node = (requirement: object) => ({
  affinity: {
    nodeAffinity: { [required]: { nodeSelectorTerms: [{ matchExpressions: [requirement] }] } },
  },
})
const nodeAt = `spec.affinity.nodeAffinity.${required}.nodeSelectorTerms[0].matchExpressions[0]`
const spread = (more: object) => ({
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', ...more },
  ],
})

test.each([
  [
    { dnsPolicy: 'None' },
    'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
  ],
  [
    { dnsPolicy: 'None', dnsConfig: { searches: ['a'] } },
    'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver',
  ],
  [
    { dnsConfig: { nameservers: ['x'] } },
    'spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address',
  ],
  [
    { hostAliases: [{ ip: 'x', hostnames: ['a b'] }] },
    'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or',
  ],
  [
    { securityContext: { fsGroup: -1, runAsUser: -1 } },
    'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
  ],
  [
    { shareProcessNamespace: true, hostPID: true },
    'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and ' +
      'HostPID cannot both be enabled',
  ],
  [
    node({ key: 'a', operator: 'Nope' }),
    `${nodeAt}.operator: Invalid value: "Nope": not a valid selector operator`,
  ],
  [
    node({ key: 'a', operator: 'In' }),
    `${nodeAt}.values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
  ],
  [
    node({ key: 'a', operator: 'Exists', values: ['b'] }),
    `${nodeAt}.values: Forbidden: may not be specified when \`operator\` is 'Exists' or`,
  ],
  [
    node({ key: 'a', operator: 'Gt', values: ['1', '2'] }),
    `${nodeAt}.values: Required value: must be specified single value when \`operator\` is`,
  ],
  [
    { affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: [] } } } },
    'nodeSelectorTerms: Required value: must have at least one node selector term',
  ],
  [
    { affinity: { nodeAffinity: { [preferred]: [{ weight: 101, preference: {} }] } } },
    `${preferred}[0].weight: Invalid value: 101: must be in the range 1-100`,
  ],
  [
    { affinity: { podAntiAffinity: { [required]: [{ labelSelector: {} }] } } },
    `spec.affinity.podAntiAffinity.${required}[0].topologyKey: Required value: can not be empty`,
  ],
  [
    spread({ maxSkew: 0, whenUnsatisfiable: 'X' }),
    '[spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero, ' +
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "X": supported ' +
      'values: "DoNotSchedule", "ScheduleAnyway"]',
  ],
  [
    spread({ whenUnsatisfiable: 'ScheduleAnyway', minDomains: 2 }),
    'can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
  ],
  [
    { initContainers: [{ ...container, name: 'i', restartPolicy: 'Nope' }] },
    'spec.initContainers[0].restartPolicy: Unsupported value: "Nope": supported values: ' +
      '"Always", "Never", "OnFailure"',
  ],
  [
    { containers: [{ ...container, terminationMessagePolicy: 'Y' }] },
    'spec.containers[0].terminationMessagePolicy: Unsupported value: "Y": supported values: ' +
      '"File", "FallbackToLogsOnError"',
  ],
  [
    { containers: [{ ...container, resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'X' }] }] },
    'spec.containers[0].resizePolicy: Unsupported value: "X": supported values: "NotRequired", ' +
      '"RestartContainer"',
  ],
])('%j is refused', async (spec, text) => {
  const body = { metadata: { name: 'v' }, spec: { containers: [container], ...spec } }
  const answer = await send(api, 'POST', pods, body)
  expect(answer.code, JSON.stringify(answer.value)).toBe(422)
  expect(answer.value.message).toContain(text)
})

test('what says where to run, and is right, is taken', async () => {
  const spec = {
    containers: [{ ...container, terminationMessagePolicy: 'FallbackToLogsOnError' }],
    initContainers: [{ ...container, name: 'i', restartPolicy: 'Always' }],
    ...spread({ minDomains: 2, nodeTaintsPolicy: 'Honor', labelSelector: {} }),
    affinity: {
      nodeAffinity: {
        [required]: {
          nodeSelectorTerms: [
            { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] },
            { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] },
          ],
        },
      },
      podAffinity: { [preferred]: [{ weight: 1, podAffinityTerm: { topologyKey: 'zone' } }] },
    },
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['10.0.0.1'], searches: ['a.b'], options: [{ name: 'ndots' }] },
    hostAliases: [{ ip: '10.0.0.2', hostnames: ['a.b'] }],
    securityContext: { runAsUser: 1_000, supplementalGroups: [1] },
  }
  const answer = await send(api, 'POST', pods, { metadata: { name: 'v' }, spec })
  expect(answer.code, JSON.stringify(answer.value)).toBe(201)
})
