import type { KubeObject } from '../types.ts'

const group = 'rbac.authorization.k8s.io'

/** Source: kubernetes pkg/apis/rbac/v1/defaults.go, of both kinds of bindings. */
export function defaultBinding(object: KubeObject): void {
  object.roleRef ??= {}
  object.roleRef.apiGroup ||= group
  for (const subject of object.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= group
  }
}
