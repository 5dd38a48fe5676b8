import { describe, expect, test } from 'vitest'
import { send } from './requests.ts'
import { clusterForAll } from './support.ts'

/** Kinds of the smaller groups; texts are those of upstream's validation, word for word. */
const api = clusterForAll()

type Object = Record<string, unknown>

const groups: Record<string, string> = {
  net: 'networking.k8s.io',
  rbac: 'rbac.authorization.k8s.io',
  storage: 'storage.k8s.io',
  hooks: 'admissionregistration.k8s.io',
  crd: 'apiextensions.k8s.io',
  api: 'apiregistration.k8s.io',
  flow: 'flowcontrol.apiserver.k8s.io',
  dra: 'resource.k8s.io',
  lease: 'coordination.k8s.io',
  slice: 'discovery.k8s.io',
  csr: 'certificates.k8s.io',
  node: 'node.k8s.io',
  scheduling: 'scheduling.k8s.io',
}
const namespaced = new Set([
  ...['ingresses', 'networkpolicies', 'roles', 'rolebindings', 'resourceclaims', 'leases'],
  ...['endpointslices', 'csistoragecapacities', 'resourceclaimtemplates'],
])

/** `net/ingresses` as a path. */
function pathOf(short: string): string {
  const [group = '', resource = ''] = short.split('/')
  const scope = namespaced.has(resource) ? 'namespaces/default/' : ''
  return `/apis/${groups[group]}/v1/${scope}${resource}`
}

const subdomain = (text: string) =>
  `Invalid value: "${text}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`

const label = (text: string) =>
  `Invalid value: "${text}": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`

const hook = (fields: Object) => ({
  webhooks: [
    {
      name: 'a.ex.io',
      clientConfig: { service: { name: 's', namespace: 'n' } },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      ...fields,
    },
  ],
})
const definition = (fields: Object, schema: Object = { type: 'object' }) => ({
  metadata: { name: 'cars.ex.io' },
  spec: {
    group: 'ex.io',
    scope: 'Namespaced',
    names: { plural: 'cars', kind: 'Car' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    ...fields,
  },
})

describe('an object that makes no sense', () => {
  test.each<[string, Object, string[]]>([
    [
      'net/ingresses',
      { spec: {} },
      ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
    ],
    [
      'net/networkpolicies',
      { spec: { podSelector: {}, ingress: [{ ports: [{ port: 0 }] }] } },
      ['spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive'],
    ],
    [
      'net/ipaddresses',
      { metadata: { name: '10.0.0.1' }, spec: {} },
      ['spec.parentRef: Required value'],
    ],
    [
      'net/servicecidrs',
      { spec: { cidrs: [] } },
      ['spec.cidrs: Required value: at least one CIDR required'],
    ],
    [
      'rbac/roles',
      { rules: [{ verbs: [], apiGroups: [''], resources: ['pods'] }] },
      ['rules[0].verbs: Required value: verbs must contain at least one value'],
    ],
    [
      'rbac/clusterroles',
      { rules: [{ verbs: ['get'], nonResourceURLs: ['/a'], resources: ['b'], apiGroups: [''] }] },
      [
        'rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and non-resource URLs',
      ],
    ],
    [
      'rbac/rolebindings',
      { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Pod', name: 'x' } },
      ['roleRef.kind: Unsupported value: "Pod": supported values: "Role", "ClusterRole"'],
    ],
    [
      'storage/storageclasses',
      { provisioner: '', volumeBindingMode: 'Immediate' },
      ['provisioner: Required value'],
    ],
    [
      'hooks/validatingwebhookconfigurations',
      hook({ sideEffects: 'Some' }),
      [
        'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
      ],
    ],
    [
      'hooks/mutatingwebhookconfigurations',
      hook({ timeoutSeconds: 31 }),
      [
        'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
      ],
    ],
    [
      'crd/customresourcedefinitions',
      definition({ group: 'ex' }),
      [
        'metadata.name: Invalid value: "cars.ex.io": must be spec.names.plural+"."+spec.group',
        'spec.group: Invalid value: "ex": should be a domain with at least one dot',
      ],
    ],
    [
      'crd/customresourcedefinitions',
      definition({}, { type: 'object', properties: { a: {} } }),
      [
        'spec.validation.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields',
      ],
    ],
    [
      'api/apiservices',
      {
        metadata: { name: 'v1.ex.io' },
        spec: {
          group: 'ex.io',
          version: 'v2',
          groupPriorityMinimum: 1,
          versionPriority: 1,
          insecureSkipTLSVerify: true,
          service: { name: 's', namespace: 'n' },
        },
      },
      [
        'metadata.name: Invalid value: "v1.ex.io": must be `spec.version+"."+spec.group`: "v2.ex.io"',
      ],
    ],
    [
      'flow/prioritylevelconfigurations',
      { spec: { type: 'Limited' } },
      ['spec.limited: Required value: must not be empty when type is Limited'],
    ],
    [
      'dra/resourceclaims',
      { spec: { devices: { requests: [{ name: 'A', exactly: { deviceClassName: 'c' } }] } } },
      [`spec.devices.requests[0].name: ${label('A')}`],
    ],
    [
      'lease/leases',
      { spec: { leaseDurationSeconds: 0 } },
      ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
    ],
    [
      'slice/endpointslices',
      { addressType: 'IPv4', endpoints: [{ addresses: [] }] },
      ['endpoints[0].addresses: Required value: must contain at least 1 address'],
    ],
    [
      'csr/certificatesigningrequests',
      { spec: { signerName: 'ex.io/s', usages: ['any', 'any'], request: 'eA==' } },
      [
        'spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST',
        'spec.usages[1]: Duplicate value: "any"',
      ],
    ],
    ['node/runtimeclasses', { handler: 'A_B' }, [`handler: ${label('A_B')}`]],
    [
      'scheduling/priorityclasses',
      { value: 1_000_000_001 },
      ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
    ],
    [
      'scheduling/priorityclasses',
      { metadata: { name: 'A_B' }, value: 1 },
      [`metadata.name: ${subdomain('A_B')}`],
    ],
  ])('%s %j', async (short, object, errors) => {
    const answer = await send(api, 'POST', `${pathOf(short)}?dryRun=All`, {
      metadata: { name: 'x' },
      ...object,
    })
    const causes = (answer.value.details?.causes ?? []) as { field: string; message: string }[]
    expect(causes.map(({ field, message }) => `${field}: ${message}`)).toEqual(errors)
    expect(answer.code).toBe(422)
  })
})
