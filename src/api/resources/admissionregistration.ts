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
import type { KubeObject } from '../types.ts'
import {
  validatePolicy,
  validatePolicyBinding,
  validatePolicyStatus,
} from '../validation/admission-policies.ts'
import { validateWebhooks } from '../validation/admission-webhooks.ts'
import type { Causes } from '../validation/causes.ts'
import { row, statusOf } from './row.ts'
import type { ResourceRow } from './types.ts'

const gv = 'admissionregistration.k8s.io/v1'
const common = {
  ...{ namespaced: false, generation: true, needsVersion: true },
  // What an old object had may stay; so it is said by the same function.
  updateIsJudgedAlone: true,
}
const webhookRules = {
  validate: (object: KubeObject, causes: Causes) => validateWebhooks(object, causes),
  validateUpdate: (next: KubeObject, old: KubeObject, causes: Causes) =>
    validateWebhooks(next, causes, old),
}
const categories = ['api-extensions']

/** Source of all: kubernetes pkg/registry/admissionregistration. */
export const admissionregistrationRows: readonly ResourceRow[] = [
  row(gv, {
    ...common,
    resource: 'mutatingwebhookconfigurations',
    kind: 'MutatingWebhookConfiguration',
    categories,
    applyDefaults: defaultMutatingWebhooks,
    ...webhookRules,
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
    validate: (object, causes) => validatePolicy(object, causes),
    validateUpdate: (next, old, causes) => validatePolicy(next, causes, old),
    validateStatus: (next, _old, causes) => validatePolicyStatus(next, causes),
    columns: validatingAdmissionPolicyColumns,
  }),
  row(gv, {
    ...common,
    resource: 'validatingadmissionpolicybindings',
    kind: 'ValidatingAdmissionPolicyBinding',
    categories,
    applyDefaults: defaultPolicyBinding,
    validate: validatePolicyBinding,
    validateUpdate: (next, _old, causes) => validatePolicyBinding(next, causes),
    columns: validatingAdmissionPolicyBindingColumns,
  }),
  row(gv, {
    ...common,
    resource: 'validatingwebhookconfigurations',
    kind: 'ValidatingWebhookConfiguration',
    categories,
    applyDefaults: defaultValidatingWebhooks,
    ...webhookRules,
    columns: webhookColumns,
  }),
]
