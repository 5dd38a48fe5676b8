import { defaultCustomResourceDefinition } from '../defaults/apiextensions.ts'
import { defaultColumns } from '../printers/types.ts'
import type { KubeObject } from '../types.ts'
import {
  validateDefinition,
  validateDefinitionStatus,
  validateDefinitionUpdate,
} from '../validation/crds.ts'
import { row, statusOf } from './row.ts'
import type { ResourceRow } from './types.ts'

/** Source: apiextensions-apiserver pkg/registry/customresourcedefinition/strategy.go. */
export const apiextensionsRows: readonly ResourceRow[] = [
  row('apiextensions.k8s.io/v1', {
    resource: 'customresourcedefinitions',
    kind: 'CustomResourceDefinition',
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    namespaced: false,
    prefix: 'apiextensions.k8s.io/customresourcedefinitions',
    generation: true,
    status: true,
    needsVersion: true,
    subresources: [statusOf('CustomResourceDefinition')],
    applyDefaults: defaultCustomResourceDefinition,
    prepareCreate(object) {
      object.status = {}
      noteStoredVersion(object)
    },
    prepareUpdate: noteStoredVersion,
    validate: validateDefinition,
    updateIsJudgedAlone: true,
    validateUpdate: validateDefinitionUpdate,
    validateStatus: (next, _old, causes) => validateDefinitionStatus(next, causes),
    columns: defaultColumns,
  }),
]

/** Objects may be stored in what was ever the version to store: it stays in the list. */
function noteStoredVersion(object: KubeObject): void {
  const stored = (object.spec?.versions ?? []).find((one: { storage?: boolean }) => one.storage)
  if (stored === undefined) return
  const before: string[] = object.status?.storedVersions ?? []
  if (before.includes(stored.name)) return
  object.status = { ...object.status, storedVersions: [...before, stored.name] }
}
