import { eventConversion } from '../conversion/events.ts'
import {
  defaultEndpoints,
  defaultNamespace,
  defaultNode,
  defaultSecret,
  defaultService,
} from '../defaults/core.ts'
import type { CoreEvent, Endpoints, Namespace, Node, Secret, Service } from '../objects.ts'
import {
  configMapColumns,
  endpointsColumns,
  eventColumns,
  namespaceColumns,
  nodeColumns,
  secretColumns,
  serviceAccountColumns,
  serviceColumns,
} from '../printers/core.ts'
import * as validation from '../validation/core.ts'
import { validateEvent, validateEventUpdate } from '../validation/events.ts'
import { validateService, validateServiceUpdate } from '../validation/service.ts'
import { serviceWarnings, validateServiceStatus } from '../validation/service-status.ts'
import { allVerbs, row, statusOf } from './row.ts'
import { dropTypeDependentFields } from './service-strategy.ts'

/** Finalizer that the namespace controller takes away last. */
const kubernetesFinalizer = 'kubernetes'

export const namespaces = row('v1', {
  resource: 'namespaces',
  kind: 'Namespace',
  returnsDeleted: true,
  shortNames: ['ns'],
  namespaced: false,
  nameRule: 'label',
  // As upstream: namespaces can't be deleted as a collection.
  verbs: allVerbs.filter(verb => verb !== 'deletecollection'),
  status: true,
  subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }, statusOf('Namespace')],
  applyDefaults: object => defaultNamespace(object as Namespace),
  prepareCreate(object) {
    const finalizers: string[] = object.spec?.finalizers ?? []
    const kept = finalizers.filter(one => one !== kubernetesFinalizer)
    object.spec = { ...object.spec, finalizers: [...kept, kubernetesFinalizer] }
    object.status = { phase: 'Active' }
  },
  prepareUpdate(next, old) {
    next.spec = { ...next.spec, finalizers: old.spec?.finalizers }
  },
  columns: namespaceColumns,
  fields: { 'status.phase': object => object.status?.phase ?? '' },
})

export const nodes = row('v1', {
  resource: 'nodes',
  kind: 'Node',
  shortNames: ['no'],
  namespaced: false,
  prefix: 'minions',
  status: true,
  subresources: [statusOf('Node')],
  applyDefaults: object => defaultNode(object as Node),
  validate: (object, causes) => validation.validateNode(object as Node, causes),
  validateUpdate: (next, old, causes) =>
    validation.validateNodeUpdate(next as Node, old as Node, causes),
  columns: nodeColumns,
  fields: { 'spec.unschedulable': object => String(object.spec?.unschedulable ?? false) },
})

export const services = row('v1', {
  resource: 'services',
  kind: 'Service',
  metadataLooks: 3,
  returnsDeleted: true,
  shortNames: ['svc'],
  categories: ['all'],
  prefix: 'services/specs',
  nameRule: 'service',
  status: true,
  subresources: [statusOf('Service')],
  applyDefaults: object => defaultService(object as Service),
  prepareCreate(object) {
    object.status = { loadBalancer: {} }
  },
  prepareUpdate: (next, old) => dropTypeDependentFields(next as Service, old as Service),
  validate: (object, causes) => validateService(object as Service, causes),
  validateUpdate: (next, old, causes) =>
    validateServiceUpdate(next as Service, old as Service, causes),
  validateStatus: validateServiceStatus,
  warnings: serviceWarnings,
  columns: serviceColumns,
  fields: {
    'spec.clusterIP': object => object.spec?.clusterIP ?? '',
    'spec.type': object => object.spec?.type ?? '',
  },
})

export const endpoints = row('v1', {
  resource: 'endpoints',
  kind: 'Endpoints',
  shortNames: ['ep'],
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  prefix: 'services/endpoints',
  applyDefaults: object => defaultEndpoints(object as Endpoints),
  validate: (object, causes) => validation.validateEndpoints(object as Endpoints, causes),
  columns: endpointsColumns,
})

export const configMaps = row('v1', {
  resource: 'configmaps',
  kind: 'ConfigMap',
  shortNames: ['cm'],
  validate: validation.validateConfigMap,
  validateUpdate: validation.validateConfigMapUpdate,
  columns: configMapColumns,
})

export const secrets = row('v1', {
  resource: 'secrets',
  kind: 'Secret',
  applyDefaults: object => defaultSecret(object as Secret),
  validate: validation.validateSecret,
  validateUpdate: validation.validateSecretUpdate,
  columns: secretColumns,
  fields: { type: object => object.type ?? '' },
})

export const serviceAccounts = row('v1', {
  resource: 'serviceaccounts',
  kind: 'ServiceAccount',
  returnsDeleted: true,
  shortNames: ['sa'],
  columns: serviceAccountColumns,
})

const involved = (key: keyof NonNullable<CoreEvent['involvedObject']>) => ({
  [`involvedObject.${key}`]: (object: { involvedObject?: Record<string, string> }) =>
    object.involvedObject?.[key] ?? '',
})

export const events = row('v1', {
  resource: 'events',
  kind: 'Event',
  ttlSeconds: 3600,
  shortNames: ['ev'],
  nameRule: 'any',
  alsoServed: [{ group: 'events.k8s.io', version: 'v1', conversion: eventConversion }],
  validate: (object, causes, asked) => validateEvent(object as CoreEvent, causes, asked),
  updateIsJudgedAlone: true,
  metadataLooks: 2,
  validateUpdate: (next, old, causes, asked) =>
    validateEventUpdate(next as CoreEvent, old as CoreEvent, causes, asked),
  columns: eventColumns,
  fields: {
    ...involved('kind'),
    ...involved('namespace'),
    ...involved('name'),
    ...involved('uid'),
    ...involved('apiVersion'),
    ...involved('resourceVersion'),
    ...involved('fieldPath'),
    reason: object => object.reason ?? '',
    reportingComponent: object => object.reportingComponent ?? '',
    source: object => object.source?.component || object.reportingComponent || '',
    type: object => object.type ?? '',
  },
})
