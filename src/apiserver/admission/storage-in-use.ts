import type { AdmissionPlugin } from './types.ts'

/** The finalizer that keeps what is in use, by the resource and its group. */
const finalizers = new Map([
  ['persistentvolumes.', 'kubernetes.io/pv-protection'],
  ['persistentvolumeclaims.', 'kubernetes.io/pvc-protection'],
  ['volumeattributesclasses.storage.k8s.io', 'kubernetes.io/vac-protection'],
])

/**
 * Volumes, claims and classes of volume attributes do not go while somebody uses them.
 * Source: plugin/pkg/admission/storage/storageobjectinuseprotection.
 */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  operations: ['CREATE'],
  admit({ row, subresource, object }) {
    const finalizer = finalizers.get(`${row.resource}.${row.group}`)
    if (finalizer === undefined || subresource !== '' || object === undefined) return
    const given = object.metadata.finalizers ?? []
    if (!given.includes(finalizer)) object.metadata.finalizers = [...given, finalizer]
  },
}
