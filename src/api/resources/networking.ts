import { defaultIngressClass, defaultNetworkPolicy } from '../defaults/networking.ts'
import {
  ingressClassColumns,
  ingressColumns,
  ipAddressColumns,
  networkPolicyColumns,
  serviceCidrColumns,
} from '../printers/networking.ts'
import {
  ingressStatusWarnings,
  ingressWarnings,
  validateIngress,
  validateIngressStatus,
  validateIngressUpdate,
} from '../validation/ingresses.ts'
import { ipErrors } from '../validation/ip.ts'
import {
  networkPolicyWarnings,
  validateNetworkPolicy,
  validateNetworkPolicyUpdate,
} from '../validation/network-policies.ts'
import {
  validateIngressClass,
  validateIngressClassUpdate,
  validateIpAddress,
  validateIpAddressUpdate,
  validateServiceCidr,
  validateServiceCidrUpdate,
} from '../validation/networking.ts'
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
    validate: validateIngressClass,
    validateUpdate: validateIngressClassUpdate,
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
    validate: (object, causes) => validateIngress(object, causes),
    // With what the old one may keep: `validate` would not know.
    updateIsJudgedAlone: true,
    metadataLooks: 4,
    validateUpdate: validateIngressUpdate,
    validateStatus: validateIngressStatus,
    warnings: ingressWarnings,
    statusWarnings: ingressStatusWarnings,
    columns: ingressColumns,
  }),
  row(gv, {
    resource: 'ipaddresses',
    kind: 'IPAddress',
    shortNames: ['ip'],
    namespaced: false,
    nameRule: (name, isPrefix) => (isPrefix ? [] : ipErrors(name)),
    validate: validateIpAddress,
    validateUpdate: validateIpAddressUpdate,
    columns: ipAddressColumns,
  }),
  row(gv, {
    resource: 'networkpolicies',
    kind: 'NetworkPolicy',
    shortNames: ['netpol'],
    generation: true,
    applyDefaults: defaultNetworkPolicy,
    validate: validateNetworkPolicy,
    updateIsJudgedAlone: true,
    metadataLooks: 4,
    validateUpdate: validateNetworkPolicyUpdate,
    warnings: networkPolicyWarnings,
    columns: networkPolicyColumns,
  }),
  row(gv, {
    resource: 'servicecidrs',
    kind: 'ServiceCIDR',
    namespaced: false,
    subresources: [statusOf('ServiceCIDR', { keepsMetadata: true })],
    validate: validateServiceCidr,
    updateIsJudgedAlone: true,
    validateUpdate: validateServiceCidrUpdate,
    columns: serviceCidrColumns,
  }),
]
