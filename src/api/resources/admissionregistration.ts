import {
  defaultMutatingWebhooks,
  defaultPolicy,
  defaultPolicyBinding,
  defaultValidatingWebhooks,
} from '../defaults/admissionregistration.ts'
import {
  validatingAdmissionPolicyBindingColumns,
  validatingAdmissionPolicyColumns,
  webhookColumns,
} from '../printers/admissionregistration.ts'
import { row, statusOf } from './row.ts'
import type { ResourceRow } from './types.ts'

const gv = 'admissionregistration.k8s.io/v1'
const common = { namespaced: false, generation: true, needsVersion: true }
const categories = ['api-extensions']

/** Source of all: kubernetes pkg/registry/admissionregistration. */
export const admissionregistrationRows: readonly ResourceRow[] = [
  row(gv, {
    ...common,
    resource: 'mutatingwebhookconfigurations',
    kind: 'MutatingWebhookConfiguration',
    categories,
    applyDefaults: defaultMutatingWebhooks,
    columns: webhookColumns,
  }),
  row(gv, {
    ...common,
    resource: 'validatingadmissionpolicies',
    kind: 'ValidatingAdmissionPolicy',
    categories,
    status: true,
    subresources: [statusOf('ValidatingAdmissionPolicy', { keepsMetadata: true })],
    applyDefaults: defaultPolicy,
    prepareCreate(object) {
      delete object.status
    },
    columns: validatingAdmissionPolicyColumns,
  }),
  row(gv, {
    ...common,
    resource: 'validatingadmissionpolicybindings',
    kind: 'ValidatingAdmissionPolicyBinding',
    categories,
    applyDefaults: defaultPolicyBinding,
    columns: validatingAdmissionPolicyBindingColumns,
  }),
  row(gv, {
    ...common,
    resource: 'validatingwebhookconfigurations',
    kind: 'ValidatingWebhookConfiguration',
    categories,
    applyDefaults: defaultValidatingWebhooks,
    columns: webhookColumns,
  }),
]
