import type { KubeObject } from '../types.ts'

/** Source: apiextensions-apiserver pkg/apis/apiextensions/v1/defaults.go. */
export function defaultCustomResourceDefinition(object: KubeObject): void {
  object.spec ??= {}
  const { spec } = object
  spec.names ??= {}
  const { kind = '' } = spec.names
  spec.names.singular ||= kind.toLowerCase()
  if (kind !== '') spec.names.listKind ||= `${kind}List`
  spec.conversion ??= { strategy: 'None' }
  const { service } = spec.conversion.webhook?.clientConfig ?? {}
  if (service) service.port ??= 443
  object.status ??= {}
  if ((object.status.storedVersions ?? []).length > 0) return
  const stored = (spec.versions ?? []).find((one: { storage?: boolean }) => one.storage)
  if (stored !== undefined) object.status.storedVersions = [stored.name ?? '']
}
