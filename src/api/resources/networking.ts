import { defaultIngressClass, defaultNetworkPolicy } from '../defaults/networking.ts'
import {
  ingressClassColumns,
  ingressColumns,
  ipAddressColumns,
  networkPolicyColumns,
  serviceCidrColumns,
} from '../printers/networking.ts'
import { row, statusOf } from './row.ts'
import type { ResourceRow } from './types.ts'

const gv = 'networking.k8s.io/v1'

/** Source of all: kubernetes pkg/registry/networking. */
export const networkingRows: readonly ResourceRow[] = [
  row(gv, {
    resource: 'ingressclasses',
    kind: 'IngressClass',
    namespaced: false,
    generation: true,
    applyDefaults: defaultIngressClass,
    columns: ingressClassColumns,
  }),
  row(gv, {
    resource: 'ingresses',
    kind: 'Ingress',
    shortNames: ['ing'],
    prefix: 'ingress',
    generation: true,
    status: true,
    subresources: [statusOf('Ingress')],
    prepareCreate(object) {
      delete object.status
    },
    columns: ingressColumns,
  }),
  row(gv, {
    resource: 'ipaddresses',
    kind: 'IPAddress',
    shortNames: ['ip'],
    namespaced: false,
    columns: ipAddressColumns,
  }),
  row(gv, {
    resource: 'networkpolicies',
    kind: 'NetworkPolicy',
    shortNames: ['netpol'],
    generation: true,
    applyDefaults: defaultNetworkPolicy,
    columns: networkPolicyColumns,
  }),
  row(gv, {
    resource: 'servicecidrs',
    kind: 'ServiceCIDR',
    namespaced: false,
    subresources: [statusOf('ServiceCIDR', { keepsMetadata: true })],
    columns: serviceCidrColumns,
  }),
]
