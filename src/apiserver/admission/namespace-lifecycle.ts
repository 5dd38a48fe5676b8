import { namespaces } from '../../api/resources/core.ts'
import { storeKey } from '../../api/resources/table.ts'
import { namespaceTerminating, notFound } from '../../api/status.ts'
import type { WatchCache } from '../storage/cache/watch-cache.ts'
import { objectOf } from '../storage/entry.ts'
import type { Storage } from '../storage/storage.ts'
import { type AdmissionAttributes, type AdmissionPlugin, forbiddenBy } from './types.ts'

/** Namespaces that no one may delete. */
const eternal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public'])

/**
 * Nothing new comes into a namespace that is not there, or is going; some never go.
 * Source: apiserver pkg/admission/plugin/namespace/lifecycle/admission.go.
 */
export function namespaceLifecycle(cache: WatchCache, storage: Storage): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    operations: ['CREATE', 'DELETE'],
    async admit(attributes) {
      const { operation, row, namespace, name } = attributes
      if (operation === 'DELETE') {
        const isEternal = row.resource === 'namespaces' && eternal.has(name)
        if (isEternal) throw forbiddenBy(attributes, 'this namespace may not be deleted')
        return
      }
      if (!row.namespaced) return
      const entry =
        cache.of(namespaces).get(storeKey(namespaces, '', namespace)) ??
        (await storage.get(namespaces, '', namespace))
      if (entry === undefined) throw notFound(namespaces, namespace)
      if (objectOf(entry).metadata.deletionTimestamp) throw terminating(attributes)
    },
  }
}

function terminating(attributes: AdmissionAttributes) {
  const { namespace } = attributes
  const error = forbiddenBy(
    attributes,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  )
  const cause = {
    reason: namespaceTerminating,
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  }
  error.status.details = { ...error.status.details, causes: [cause] }
  return error
}
