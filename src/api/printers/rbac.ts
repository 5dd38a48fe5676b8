import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, nameColumn, wideColumn } from './types.ts'

/** Source: kubernetes pkg/printers/internalversion/printers.go, pkg/apis/rbac/helpers.go. */

interface Subject {
  readonly kind?: string
  readonly name?: string
  readonly namespace?: string
}

export const roleBindingColumns = bindingColumns(
  'roleBinding',
  'RoleRef can reference a Role in the current namespace or a ClusterRole in the global ' +
    'namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.',
)

export const clusterRoleBindingColumns = bindingColumns(
  'clusterRoleBinding',
  'RoleRef can only reference a ClusterRole in the global namespace. If the RoleRef cannot be ' +
    'resolved, the Authorizer must return an error.',
)

function bindingColumns(what: string, aboutRole: string): readonly Column[] {
  return [
    nameColumn,
    column('Role', ({ roleRef }) => `${roleRef?.kind ?? ''}/${roleRef?.name ?? ''}`, aboutRole),
    ageColumn,
    wideColumn('Users', object => subjectsText(object, 'User'), `Users in the ${what}`),
    wideColumn('Groups', object => subjectsText(object, 'Group'), `Groups in the ${what}`),
    wideColumn(
      'ServiceAccounts',
      object => subjectsText(object, 'ServiceAccount'),
      `ServiceAccounts in the ${what}`,
    ),
  ]
}

function subjectsText({ subjects }: KubeObject, kind: string): string {
  return ((subjects ?? []) as Subject[])
    .filter(subject => subject.kind === kind)
    .map(({ namespace = '', name = '' }) =>
      kind === 'ServiceAccount' ? `${namespace}/${name}` : name,
    )
    .join(', ')
}
