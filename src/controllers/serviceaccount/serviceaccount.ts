import { kinds } from '../../api/kinds.ts'
import { ensureInNamespace } from '../shared/per-namespace.ts'
import type { Controller } from '../types.ts'

/** A `default` account in every namespace. Source: pkg/controller/serviceaccount. */
export const serviceAccount: Controller = ensureInNamespace({
  name: 'serviceaccount',
  kind: kinds.serviceAccounts,
  object: 'default',
  build: namespace => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace },
  }),
  matches: () => true,
})
