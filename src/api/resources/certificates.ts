import { certificateSigningRequestColumns } from '../printers/certificates.ts'
import type { KubeObject } from '../types.ts'
import { validateSigningRequest, validateSigningRequestUpdate } from '../validation/certificates.ts'
import { row, statusOf } from './row.ts'
import type { ResourceRow } from './types.ts'

interface Condition {
  readonly type?: string
  readonly status?: string
  lastUpdateTime?: string
  lastTransitionTime?: string
}

/** Source: kubernetes pkg/registry/certificates/certificates/strategy.go. */
export const certificatesRows: readonly ResourceRow[] = [
  row('certificates.k8s.io/v1', {
    resource: 'certificatesigningrequests',
    kind: 'CertificateSigningRequest',
    shortNames: ['csr'],
    namespaced: false,
    nameRule: 'any',
    status: true,
    subresources: [
      {
        ...statusOf('CertificateSigningRequest'),
        name: 'approval',
        prepareUpdate(next, old, now) {
          const { conditions } = withTimes(next, old, now)
          next.status = { ...old.status, conditions }
        },
        validateUpdate: (next, old, causes) =>
          validateSigningRequestUpdate(next, old, causes, 'approval'),
      },
      statusOf('CertificateSigningRequest'),
    ],
    prepareStatus(next, old, now) {
      for (const type of ['Approved', 'Denied']) keepConditions(next, old, type)
      withTimes(next, old, now)
    },
    prepareCreate(object, user) {
      object.spec ??= {}
      const { spec } = object
      const extra = Object.entries(user.extra ?? {})
      for (const key of ['username', 'uid', 'groups', 'extra']) delete spec[key]
      spec.username = user.name
      if (user.uid) spec.uid = user.uid
      if (user.groups.length > 0) spec.groups = [...user.groups]
      if (extra.length > 0) spec.extra = Object.fromEntries(extra)
      object.status = {}
    },
    prepareUpdate(next, old) {
      next.spec = old.spec
    },
    validate: (object, causes) => validateSigningRequest(object, causes),
    updateIsJudgedAlone: true,
    metadataLooks: 4,
    validateUpdate: (next, old, causes) => validateSigningRequestUpdate(next, old, causes, 'main'),
    validateStatus: (next, old, causes) =>
      validateSigningRequestUpdate(next, old, causes, 'status'),
    columns: certificateSigningRequestColumns,
    fields: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
  }),
]

function conditionsOf({ status }: KubeObject): Condition[] {
  return status?.conditions ?? []
}

/** A verdict is only changed by way of `approval`. Source: preserveConditionInstances. */
function keepConditions(next: KubeObject, old: KubeObject, type: string): void {
  const before = conditionsOf(old).filter(one => one.type === type)
  const all = conditionsOf(next)
  if (all.filter(one => one.type === type).length !== before.length) return
  for (const [index, one] of all.entries()) {
    if (one.type === type) all[index] = structuredClone(before.shift()!)
  }
}

/** Source: populateConditionTimestamps. */
function withTimes(next: KubeObject, old: KubeObject, now: string): KubeObject['status'] {
  next.status ??= {}
  for (const one of conditionsOf(next)) {
    one.lastUpdateTime ||= now
    const same = conditionsOf(old).find(
      ({ type, status, lastTransitionTime }) =>
        type === one.type && status === one.status && lastTransitionTime,
    )
    one.lastTransitionTime ||= same?.lastTransitionTime ?? now
  }
  return next.status
}
