import { defaultBinding } from '../defaults/rbac.ts'
import { clusterRoleBindingColumns, roleBindingColumns } from '../printers/rbac.ts'
import { defaultColumns } from '../printers/types.ts'
import {
  validateBindingUpdate,
  validateClusterRole,
  validateClusterRoleBinding,
  validateRole,
  validateRoleBinding,
} from '../validation/rbac.ts'
import { row } from './row.ts'
import type { ResourceRow } from './types.ts'

const gv = 'rbac.authorization.k8s.io/v1'

/** Source of all: kubernetes pkg/registry/rbac. Names are parts of paths, and may hold `:`. */
export const rbacRows: readonly ResourceRow[] = [
  row(gv, {
    resource: 'clusterrolebindings',
    kind: 'ClusterRoleBinding',
    namespaced: false,
    nameRule: 'any',
    createOnUpdate: true,
    applyDefaults: defaultBinding,
    validate: validateClusterRoleBinding,
    validateUpdate: validateBindingUpdate,
    columns: clusterRoleBindingColumns,
  }),
  row(gv, {
    resource: 'clusterroles',
    kind: 'ClusterRole',
    namespaced: false,
    nameRule: 'any',
    createOnUpdate: true,
    validate: (object, causes) => validateClusterRole(object, causes),
    updateIsJudgedAlone: true,
    metadataLooks: 4,
    validateUpdate: (next, old, causes) => validateClusterRole(next, causes, old),
    columns: defaultColumns,
  }),
  row(gv, {
    resource: 'rolebindings',
    kind: 'RoleBinding',
    nameRule: 'any',
    createOnUpdate: true,
    applyDefaults: defaultBinding,
    validate: validateRoleBinding,
    validateUpdate: validateBindingUpdate,
    columns: roleBindingColumns,
  }),
  row(gv, {
    resource: 'roles',
    kind: 'Role',
    nameRule: 'any',
    createOnUpdate: true,
    validate: validateRole,
    columns: defaultColumns,
  }),
]
