import type { Sample } from './sample.ts'

/** Samples of the kinds of the smaller groups. */

const all = (group: string, resource: string) => `/apis/${group}/v1/${resource}`
const own = (group: string, resource: string) => `/apis/${group}/v1/namespaces/default/${resource}`
const selector = {
  matchLabels: { a: 'b' },
  matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }],
}
/** A request for the name `a`, signed with a key of P-256. */
const request = [
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIR01HNENBUUF3RERFS01BZ0dBMVVFQXd3',
  'QllUQlpNQk1HQnlxR1NNNDlBZ0VHQ0NxR1NNNDlBd0VIQTBJQQpCRFFnQkcxNXFEMkdDc0lQRDZIZHlLRUxO',
  'eEY3QmNMZG1BR3ozNnVpa0l6QlU0aGFrRkVCR2VQaFZpN1FYVGc0CldmeEh2N2JiVE9iT1B2U1UyNjkwZTBl',
  'Z0FEQUtCZ2dxaGtqT1BRUURBZ05JQURCRkFpRUFydjN0bFVkL2kwNDgKQWZwa3NJcXV0b0pWYzZEaVY5eklR',
  'KzFlKy9zSHNpMENJRHVyVE5MTzhlMHFUeE9yS2UxWjdvbDN2ZjRTUHVsdwpaUU0xd0UrZ0NsMTAKLS0tLS1F',
  'TkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==',
].join('')

const rule = {
  apiGroups: ['ex.io'],
  apiVersions: ['v1'],
  operations: ['CREATE'],
  resources: ['nothings', 'nothings/status'],
  scope: 'Namespaced',
}
const webhook = {
  name: 'a.ex.io',
  clientConfig: { service: { name: 's', namespace: 'n', path: '/x/y', port: 443 } },
  rules: [rule],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  namespaceSelector: selector,
  objectSelector: selector,
  timeoutSeconds: 5,
  matchConditions: [{ name: 'c', expression: 'true' }],
}
const admission = 'admissionregistration.k8s.io'
const networking = 'networking.k8s.io'
const rbac = 'rbac.authorization.k8s.io'
const storage = 'storage.k8s.io'
const flow = 'flowcontrol.apiserver.k8s.io'
const resource = 'resource.k8s.io'

const port = { protocol: 'TCP', port: 80, endPort: 90 }
const peer = { podSelector: selector, namespaceSelector: selector }
const block = { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }
const backend = { service: { name: 's', port: { number: 80 } } }

const networkingSamples: readonly Sample[] = [
  {
    kind: 'IngressClass',
    path: all(networking, 'ingressclasses'),
    object: {
      spec: {
        controller: 'ex.io/c',
        parameters: { apiGroup: 'ex.io', kind: 'K', name: 'n', scope: 'Namespace', namespace: 'd' },
      },
    },
  },
  {
    kind: 'Ingress',
    path: own(networking, 'ingresses'),
    object: {
      spec: {
        ingressClassName: 'c',
        defaultBackend: { resource: { apiGroup: 'ex.io', kind: 'K', name: 'n' } },
        tls: [{ hosts: ['a.ex.io', '*.ex.io'], secretName: 's' }],
        rules: [{ host: 'a.ex.io', http: { paths: [{ path: '/', pathType: 'Exact', backend }] } }],
      },
      status: { loadBalancer: { ingress: [{ ip: '1.1.1.1', ports: [{ port: 1 }] }] } },
    },
  },
  {
    kind: 'IPAddress',
    name: '192.168.7.7',
    path: all(networking, 'ipaddresses'),
    object: { spec: { parentRef: { resource: 'services', namespace: 'default', name: 's' } } },
  },
  {
    kind: 'NetworkPolicy',
    path: own(networking, 'networkpolicies'),
    object: {
      spec: {
        podSelector: selector,
        ingress: [{ ports: [port], from: [peer, block] }],
        egress: [{ ports: [{ port: 'http' }], to: [block] }],
        policyTypes: ['Ingress', 'Egress'],
      },
    },
  },
  {
    kind: 'ServiceCIDR',
    path: all(networking, 'servicecidrs'),
    object: { spec: { cidrs: ['10.0.0.0/16', '2001:db8::/64'] } },
  },
]

const subjects = [
  { kind: 'User', name: 'u', apiGroup: rbac },
  { kind: 'ServiceAccount', name: 's', namespace: 'n' },
]
const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: 'r' }
const policyRules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: ['a'] }]

const rbacSamples: readonly Sample[] = [
  {
    kind: 'ClusterRole',
    path: all(rbac, 'clusterroles'),
    object: {
      rules: [...policyRules, { nonResourceURLs: ['/x/*'], verbs: ['get'] }],
      aggregationRule: { clusterRoleSelectors: [selector] },
    },
  },
  {
    kind: 'ClusterRoleBinding',
    path: all(rbac, 'clusterrolebindings'),
    object: { roleRef, subjects },
  },
  { kind: 'Role', path: own(rbac, 'roles'), object: { rules: policyRules } },
  { kind: 'RoleBinding', path: own(rbac, 'rolebindings'), object: { roleRef, subjects } },
]

const storageSamples: readonly Sample[] = [
  {
    kind: 'StorageClass',
    path: all(storage, 'storageclasses'),
    object: {
      provisioner: 'ex.io/p',
      parameters: { a: 'b' },
      reclaimPolicy: 'Retain',
      volumeBindingMode: 'WaitForFirstConsumer',
      allowedTopologies: [{ matchLabelExpressions: [{ key: 'a', values: ['b'] }] }],
    },
  },
  {
    kind: 'CSIDriver',
    path: all(storage, 'csidrivers'),
    object: {
      spec: {
        attachRequired: true,
        fsGroupPolicy: 'File',
        volumeLifecycleModes: ['Persistent'],
        tokenRequests: [{ audience: 'a', expirationSeconds: 600 }],
        nodeAllocatableUpdatePeriodSeconds: 10,
        serviceAccountTokenInSecrets: true,
      },
    },
  },
  {
    kind: 'CSINode',
    path: all(storage, 'csinodes'),
    object: {
      spec: {
        drivers: [{ name: 'ex.io', nodeID: 'n', topologyKeys: ['a'], allocatable: { count: 1 } }],
      },
    },
  },
  {
    kind: 'CSIStorageCapacity',
    path: own(storage, 'csistoragecapacities'),
    object: { storageClassName: 's', capacity: '1Gi', nodeTopology: selector },
  },
  {
    kind: 'VolumeAttachment',
    path: all(storage, 'volumeattachments'),
    object: {
      spec: { attacher: 'ex.io', nodeName: 'n', source: { persistentVolumeName: 'p' } },
      status: { attached: true, attachmentMetadata: { a: 'b' }, attachError: { message: 'm' } },
    },
  },
  {
    kind: 'VolumeAttributesClass',
    path: all(storage, 'volumeattributesclasses'),
    object: { driverName: 'ex.io', parameters: { a: 'b' } },
  },
]

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['n'],
      properties: {
        n: { type: 'integer', minimum: 1, maximum: 9, default: 3 },
        s: { type: 'string', pattern: '^a', minLength: 1, maxLength: 5, enum: ['a', 'ab'] },
        list: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        map: {
          type: 'array',
          items: { type: 'object', required: ['k'], properties: { k: { type: 'string' } } },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['k'],
        },
        any: { 'x-kubernetes-preserve-unknown-fields': true },
        more: { type: 'object', additionalProperties: { type: 'string' } },
      },
      anyOf: [{ required: ['s'] }, { properties: { n: { minimum: 2 } } }],
      not: { required: ['list'] },
      'x-kubernetes-validations': [
        { rule: 'self.n > 0', message: 'm', reason: 'FieldValueInvalid' },
      ],
    },
    status: { type: 'object', properties: { r: { type: 'integer' } } },
  },
}

const extensionSamples: readonly Sample[] = [
  {
    kind: 'CustomResourceDefinition',
    name: 'foos.ex.io',
    path: all('apiextensions.k8s.io', 'customresourcedefinitions'),
    object: {
      spec: {
        group: 'ex.io',
        scope: 'Namespaced',
        names: { kind: 'Foo', plural: 'foos', shortNames: ['fo'], categories: ['all'] },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: schema },
            subresources: {
              status: {},
              scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.r' },
            },
            additionalPrinterColumns: [{ name: 'N', type: 'integer', jsonPath: '.spec.n' }],
            selectableFields: [{ jsonPath: '.spec.s' }],
          },
          {
            name: 'v1beta1',
            served: true,
            storage: false,
            deprecated: true,
            schema: { openAPIV3Schema: { type: 'object' } },
          },
        ],
        conversion: {
          strategy: 'Webhook',
          webhook: {
            clientConfig: { service: { name: 's', namespace: 'n', path: '/c', port: 443 } },
            conversionReviewVersions: ['v1'],
          },
        },
      },
      status: { acceptedNames: { kind: 'Foo', plural: 'foos' }, storedVersions: ['v1'] },
    },
  },
  {
    kind: 'APIService',
    name: 'v1.ex.io',
    path: all('apiregistration.k8s.io', 'apiservices'),
    object: {
      spec: {
        group: 'ex.io',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 10,
        service: { namespace: 'n', name: 's', port: 443 },
        caBundle: 'AAEC',
      },
      status: { conditions: [{ type: 'Available', status: 'True' }] },
    },
  },
  {
    kind: 'MutatingWebhookConfiguration',
    path: all(admission, 'mutatingwebhookconfigurations'),
    object: { webhooks: [{ ...webhook, reinvocationPolicy: 'IfNeeded' }] },
  },
  {
    kind: 'ValidatingWebhookConfiguration',
    path: all(admission, 'validatingwebhookconfigurations'),
    object: { webhooks: [{ ...webhook, clientConfig: { url: 'https://ex.io/x' } }] },
  },
  {
    kind: 'ValidatingAdmissionPolicy',
    path: all(admission, 'validatingadmissionpolicies'),
    object: {
      spec: {
        paramKind: { apiVersion: 'ex.io/v1', kind: 'P' },
        matchConstraints: {
          resourceRules: [{ ...rule, resourceNames: ['a'] }],
          excludeResourceRules: [rule],
          namespaceSelector: selector,
        },
        matchConditions: [{ name: 'c', expression: 'true' }],
        variables: [{ name: 'v', expression: '1' }],
        validations: [{ expression: 'true', message: 'm', reason: 'Invalid' }],
        auditAnnotations: [{ key: 'k', valueExpression: "'v'" }],
      },
      status: { typeChecking: { expressionWarnings: [{ fieldRef: 'spec', warning: 'w' }] } },
    },
  },
  {
    kind: 'ValidatingAdmissionPolicyBinding',
    path: all(admission, 'validatingadmissionpolicybindings'),
    object: {
      spec: {
        policyName: 'p',
        paramRef: { name: 'n', namespace: 'd', parameterNotFoundAction: 'Deny' },
        matchResources: { resourceRules: [rule] },
        validationActions: ['Deny', 'Audit'],
      },
    },
  },
]

const wanted = {
  deviceClassName: 'c',
  allocationMode: 'ExactCount',
  count: 1,
  selectors: [{ cel: { expression: 'true' } }],
}
const devices = {
  requests: [
    { name: 'r', exactly: wanted },
    { name: 'o', firstAvailable: [{ name: 'f', ...wanted }] },
  ],
  constraints: [{ requests: ['r', 'o/f'], matchAttribute: 'ex.io/a' }],
  config: [{ requests: ['r'], opaque: { driver: 'ex.io', parameters: { a: 1 } } }],
}
const allocated = { driver: 'ex.io', pool: 'p', device: 'd' }

const resourceSamples: readonly Sample[] = [
  {
    kind: 'DeviceClass',
    path: all(resource, 'deviceclasses'),
    object: { spec: { selectors: wanted.selectors, config: [devices.config[0]] } },
  },
  {
    kind: 'ResourceClaim',
    path: own(resource, 'resourceclaims'),
    object: {
      spec: { devices },
      status: {
        allocation: { devices: { results: [{ request: 'r', ...allocated }] } },
        reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }],
        devices: [{ ...allocated, networkData: { ips: ['10.0.0.1/8'] }, conditions: [] }],
      },
    },
  },
  {
    kind: 'ResourceClaimTemplate',
    path: own(resource, 'resourceclaimtemplates'),
    object: { spec: { metadata: { labels: { a: 'b' } }, spec: { devices } } },
  },
  {
    kind: 'ResourceSlice',
    path: all(resource, 'resourceslices'),
    object: {
      spec: {
        driver: 'ex.io',
        nodeName: 'n',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        devices: [
          {
            name: 'd',
            attributes: { 'ex.io/a': { version: '1.0.0' }, b: { int: 1 } },
            capacity: { c: { value: '1Gi' } },
          },
        ],
      },
    },
  },
]

const restSamples: readonly Sample[] = [
  {
    kind: 'PriorityClass',
    path: all('scheduling.k8s.io', 'priorityclasses'),
    object: { value: 10, globalDefault: false, preemptionPolicy: 'Never', description: 'd' },
  },
  {
    kind: 'RuntimeClass',
    path: all('node.k8s.io', 'runtimeclasses'),
    object: {
      handler: 'h',
      overhead: { podFixed: { cpu: '1', memory: '1Gi' } },
      scheduling: {
        nodeSelector: { a: 'b' },
        tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }],
      },
    },
  },
  {
    kind: 'CertificateSigningRequest',
    path: all('certificates.k8s.io', 'certificatesigningrequests'),
    object: {
      spec: { signerName: 'ex.io/s', usages: ['client auth'], request },
      status: { conditions: [{ type: 'Approved', status: 'True' }], certificate: '' },
    },
  },
  {
    kind: 'FlowSchema',
    path: all(flow, 'flowschemas'),
    object: {
      spec: {
        priorityLevelConfiguration: { name: 'p' },
        matchingPrecedence: 100,
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [
              { kind: 'User', user: { name: 'u' } },
              { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'n' } },
            ],
            resourceRules: [
              { verbs: ['get'], apiGroups: ['*'], resources: ['*'], namespaces: ['n'] },
            ],
            nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/x/*'] }],
          },
        ],
      },
      status: { conditions: [{ type: 'Dangling', status: 'False' }] },
    },
  },
  {
    kind: 'PriorityLevelConfiguration',
    path: all(flow, 'prioritylevelconfigurations'),
    object: {
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: 10,
          limitResponse: {
            type: 'Queue',
            queuing: { queues: 64, handSize: 4, queueLengthLimit: 50 },
          },
        },
      },
    },
  },
]

export const groupSamples: readonly Sample[] = [
  ...networkingSamples,
  ...rbacSamples,
  ...storageSamples,
  ...extensionSamples,
  ...resourceSamples,
  ...restSamples,
]
